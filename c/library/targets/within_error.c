/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples to files with maximum errors. */
#include <stdlib.h>
#include <string.h>

#include "targets/bounded_encoder.h"
#include "targets/within_error.h"

/* Make room for samples of a decoder, on which the next refinement builds. */
static aecodec_status begin_file(refiner *r, uint32_t count, uint32_t units, buffer *file, void **samples)
{
    buffer base = {NULL, 0, 0, AECODEC_OK};
    aecodec_status status = aecodec_refiner_base(r, units, &base, samples);
    if (status == AECODEC_OK && !*samples && count > 1) {
        *samples = calloc(pixels_of_samples(&r->original) * r->original.bands, sample_size(r->original.type));
        status = *samples ? AECODEC_OK : AECODEC_NO_MEMORY;
    }
    if (status == AECODEC_OK) {
        aecodec_refined_file_begin(file, &base, units != NO_LEVEL);
        status = file->status;
    }
    free(base.bytes);
    return status;
}

static aecodec_status write_file(refiner *r, refinement *refinements, uint32_t count, uint32_t units,
                                 buffer *file)
{
    void *samples = NULL;
    aecodec_status status = begin_file(r, count, units, file, &samples);
    for (uint32_t n = 0; n < count && status == AECODEC_OK; n++) {
        refinements[n].has_base = units != NO_LEVEL || n > 0;
        refinements[n].is_followed = n + 1 < count;
        status = aecodec_refiner_encode(r, &refinements[n], samples, file);
    }
    free(samples);
    return status;
}

/* Errors [count][bands] with one of 0 for alpha, which is a band. Returns whether there is enough memory. */
static int add_alpha(aecodec_bounds *bounds, uint32_t bands, double **errors)
{
    const uint32_t count = bounds->count;
    double *to = *errors = malloc(count * bands * sizeof *to);
    for (uint32_t n = 0; to && n < count; n++) {
        for (uint32_t band = 0; band + 1 < bands; band++) {
            *to++ = bounds->errors[n * bounds->bands + (bounds->bands > 1 ? band : 0)];
        }
        *to++ = 0;
    }
    bounds->bands = bands;
    bounds->errors = *errors;
    return to != NULL;
}

static aecodec_status compress_within(refiner *r, aecodec_bounds bounds, bound (*room)[AECODEC_MAX_BANDS],
                                      aecodec_compressed *compressed, buffer *file)
{
    refinement refinements[AECODEC_MAX_REFINEMENTS];
    aecodec_samples colours = r->original;
    double *errors = NULL;
    uint32_t count;
    colours.bands -= r->has_alpha != 0;
    if (!aecodec_bounds_are_valid(&bounds, &colours)) {
        return AECODEC_BAD_ARGUMENT;
    }
    if (r->has_alpha && !add_alpha(&bounds, r->original.bands, &errors)) {
        return AECODEC_NO_MEMORY;
    }
    for (uint32_t n = 0; n < AECODEC_MAX_REFINEMENTS; n++) {
        refinements[n].bounds = room[n];
    }
    aecodec_status status = aecodec_refinements_for(&bounds, &r->original, refinements, &count,
                                                    &compressed->max_error);
    free(errors);
    return status == AECODEC_OK ? write_file(r, refinements, count, compressed->level, file) : status;
}

aecodec_status aecodec_within_error(const aecodec_bundle *bundle, const aecodec_image *picture,
                                    const aecodec_samples *samples, const aecodec_target *target,
                                    const aecodec_execution *execution, aecodec_compressed *compressed)
{
    static const double none = 0;
    const aecodec_bounds lossless = {1, 1, 0, 0, &none};
    buffer b = {NULL, 0, 0, AECODEC_OK};
    bound (*room)[AECODEC_MAX_BANDS] = malloc(AECODEC_MAX_REFINEMENTS * sizeof *room);
    refiner r;
    compressed->level = target->level;
    compressed->reduction = NOT_REDUCED;
    b.status = aecodec_refiner_open(&r, bundle, execution, picture, samples);
    if (b.status == AECODEC_OK) {
        b.status = room ? compress_within(&r, target->bounds ? *target->bounds : lossless, room, compressed,
                                          &b)
                        : AECODEC_NO_MEMORY;
    }
    if (b.status == AECODEC_OK) {
        compressed->max_error = r.max_error;
        memcpy(compressed->clipped, r.clipped, sizeof r.clipped);
    }
    free(room);
    aecodec_refiner_close(&r);
    return aecodec_buffer_give(&b, &compressed->file, &compressed->size);
}
