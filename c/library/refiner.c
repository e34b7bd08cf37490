/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples that are refined: their bases, and the messages of refinements. */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

/* ---- originals ---- */

size_t aecodec_refiner_pixel_bytes(const refiner *r)
{
    return (size_t)r->original.bands * sample_size(r->original.type);
}

void aecodec_refiner_close(refiner *r)
{
    aecodec_encoding_free(r->encoding);
    aecodec_samples_free(&r->original);
}

/* Copy the channels that are coded. */
static aecodec_status take_picture(refiner *r, const aecodec_image *picture)
{
    const uint32_t bands = aecodec_encoding_header(r->encoding)->mode & 1 ? 3 : 1;
    const uint8_t *from = picture->pixels;
    uint8_t *to;
    size_t n;
    r->original.width = picture->width;
    r->original.height = picture->height;
    r->original.frames = picture->frames;
    r->original.bands = bands;
    r->original.type = AECODEC_UINT8;
    r->original.samples = to = malloc(pixels_of_samples(&r->original) * bands);
    for (n = 0; to && n < pixels_of_samples(&r->original); n++, from += picture->channels, to += bands) {
        memcpy(to, from, bands);
    }
    return to ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* Take the limits of the file, so that parts have them. */
static void take_limits(refiner *r)
{
    const aecodec_header *header = aecodec_encoding_header(r->encoding);
    samples_block block;
    r->original.limits = NULL;
    if (aecodec_samples_block_read(header->samples, header->samples_size, header->frames, &block) && block.limits) {
        aecodec_samples_block_limits(&block, r->limits);
        r->original.limits = r->limits;
    }
}

static aecodec_status take_samples(refiner *r, const aecodec_samples *samples)
{
    aecodec_status status;
    r->original = *samples;
    status = aecodec_find_missing(&r->original);
    r->original.samples = malloc(pixels_of_samples(&r->original) * aecodec_refiner_pixel_bytes(r));
    r->original.has_nodata = 0;
    r->original.layout = 3; /* for parts */
    take_limits(r);
    if (!r->original.samples) {
        return AECODEC_NO_MEMORY;
    }
    memcpy(r->original.samples, samples->samples, pixels_of_samples(&r->original) * aecodec_refiner_pixel_bytes(r));
    aecodec_set_missing(&r->original, 0);
    return status;
}

aecodec_status aecodec_refiner_open(refiner *r, const aecodec_bundle *bundle, const aecodec_image *picture,
                                    const aecodec_samples *samples, int is_part)
{
    aecodec_status status;
    memset(r, 0, sizeof *r);
    r->bundle = bundle;
    r->is_picture = picture != NULL;
    status = aecodec_begin_encoding(bundle, picture, samples, is_part, &r->encoding);
    if (status != AECODEC_OK) {
        return status;
    }
    return picture ? take_picture(r, picture) : take_samples(r, samples);
}

/* ---- bases ---- */

aecodec_status aecodec_refiner_base(refiner *r, uint32_t units, buffer *file, void **samples)
{
    *samples = NULL;
    if (units == NO_LEVEL) {
        aecodec_encoding_header_file(r->encoding, file);
        *samples = calloc(pixels_of_samples(&r->original), aecodec_refiner_pixel_bytes(r));
        return *samples ? file->status : AECODEC_NO_MEMORY;
    }
    if (!r->is_run) {
        file->status = aecodec_run_encoding(r->bundle, r->encoding, r->progress);
        r->is_run = file->status == AECODEC_OK;
    }
    if (file->status == AECODEC_OK) {
        file->status = aecodec_encoding_file(r->encoding, units, &file->bytes, &file->size);
    }
    return file->status == AECODEC_OK ? aecodec_decode_file_base(r->bundle, file->bytes, file->size, samples)
        : file->status;
}

/* ---- refinements ---- */

/* The room for coding segments. */
typedef struct {
    refining to;
    int64_t *decoded;
} coding_memory;

/* Encode the current segment, and replace its samples by those of a decoder. */
static aecodec_status encode_segment(const refiner *r, const coding_memory *m, void *samples, int is_last,
                                     buffer *messages, uint64_t *total)
{
    const refining *to = &m->to;
    uint8_t *message;
    size_t size = 0;
    aecodec_status status;
    aecodec_refining_read(to, samples, to->before);
    aecodec_refining_read(to, r->original.samples, to->after);
    status = aecodec_residuals_encode(&to->coding, to->before, to->after, m->decoded, &message, &size);
    if (status == AECODEC_OK) {
        aecodec_refining_write(to, m->decoded, samples);
        if (!is_last) {
            aecodec_buffer_append_number(messages, (uint32_t)size);
        }
        aecodec_buffer_append(messages, message, size);
        *total += size;
        status = messages->status;
    }
    free(message);
    return status;
}

/* Encode all segments of samples, which become those of a decoder. total: set to the size of all messages. */
static aecodec_status encode_segments(const refiner *r, const refinement *to, const residual_networks *networks,
                                      void *samples, buffer *messages, uint64_t *total)
{
    const uint32_t count = aecodec_refining_count(&r->original, REFINED_SIDE);
    coding_memory m;
    aecodec_status status = aecodec_refining_open(&m.to, &r->original, networks, to);
    uint32_t n;
    m.decoded = malloc(aecodec_refining_values(&r->original) * sizeof *m.decoded);
    status = m.decoded ? status : AECODEC_NO_MEMORY;
    *total = 0;
    for (n = 0; n < count && status == AECODEC_OK; n++) {
        aecodec_refining_enter(&m.to, n);
        status = encode_segment(r, &m, samples, n + 1 == count, messages, total);
    }
    aecodec_refining_close(&m.to);
    free(m.decoded);
    return status;
}

aecodec_status aecodec_refiner_encode(const refiner *r, refinement *to, void *samples, buffer *messages,
                                      uint64_t *total)
{
    const uint8_t *sha256;
    const residual_networks *networks =
        aecodec_residuals_for(r->bundle, r->original.bands, to->has_base, NULL, &sha256);
    aecodec_samples before = r->original;
    aecodec_status status;
    if (!networks) {
        return AECODEC_ABSENT;
    }
    before.samples = samples;
    memcpy(to->id, sha256, ID_SIZE);
    to->checksum = aecodec_samples_checksum(&before);
    status = encode_segments(r, to, networks, samples, messages, total);
    to->messages = messages->bytes;
    to->size = messages->size;
    return status == AECODEC_OK ? aecodec_check_bounds(to, &r->original, samples) : status;
}
