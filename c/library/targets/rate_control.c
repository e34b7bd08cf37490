/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures to files at a level, and to the best file of at most a number of bytes. Size and quality increase
 * from level to level, so bisection finds the level. */
#include <stdlib.h>
#include <string.h>

#include "base/execution.h"
#include "codec_files/levels.h"
#include "coding/encoding.h"
#include "targets/within_error.h"

enum { REDUCTIONS = 9 };

/* In halves; each is tried where the one before gives a level of the lower half, or none, and in any case if
 * the picture is large. */
static const uint32_t reductions[REDUCTIONS] = {NOT_REDUCED, 3, 4, 6, 8, 12, 16, 24, 32};

/* A file, and the level at which it was made; without bytes, none. */
typedef struct {
    uint8_t *bytes;
    size_t size;     /* without bytes, the size of the file at the lowest level */
    uint32_t level;  /* in sixteenths */
    uint32_t reduction;
    int is_measured;
    double ms_ssim; /* once measured; 0 if there is no decoder to tell */
} candidate;

/* A picture or samples; the other is NULL. */
typedef struct {
    const aecodec_bundle *bundle;
    const aecodec_image *picture;
    const aecodec_samples *samples;
    size_t max_bytes;
    const aecodec_execution *execution;
    uint64_t *clipped;
} search;

static void discard(candidate *c)
{
    free(c->bytes);
    c->bytes = NULL;
}

/* ---- one number of pixels ---- */

/* Keep the file of the last level that is small enough. If there is none, the lowest one was tried last.
 * Sizes increase from one whole level to the next: tables fit flat areas of levels between less well. */
static aecodec_status find_level(const search *s, const aecodec_encoding *e, candidate *best)
{
    const aecodec_codec_facts *facts = &s->bundle->facts;
    uint32_t low = 1, high = facts->levels + 1, step = LEVEL_UNITS;
    aecodec_status status = AECODEC_OK;
    while (low < high && status == AECODEC_OK) {
        const uint32_t middle = (low + high) / 2;
        candidate tried = *best;
        tried.level = step * middle;
        status = aecodec_encoding_file(e, tried.level, s->execution, &tried.bytes, &tried.size);
        if (status != AECODEC_OK) {
            break;
        }
        if (tried.size <= s->max_bytes) {
            discard(best);
            *best = tried;
            low = middle + 1;
        } else {
            discard(&tried);
            best->size = best->bytes ? best->size : tried.size;
            high = middle;
        }
        if (low == high && step > 1 && facts->has_gains && low > 1 && low <= facts->levels) {
            high = low * LEVEL_UNITS; /* go on with the levels before the first one that is too large */
            low = high - LEVEL_UNITS + 1;
            step = 1;
        }
    }
    return status;
}

static aecodec_status encode_windows(const search *s, uint32_t reduction, aecodec_encoding **encoding)
{
    const uint32_t width = s->samples ? s->samples->width : 2 * s->picture->width / reduction;
    const uint32_t height = s->samples ? s->samples->height : 2 * s->picture->height / reduction;
    const uint32_t parts = aecodec_parts_for(s->bundle, s->execution, width, height);
    const aecodec_status status =
        s->samples ? aecodec_encoding_begin_samples(s->bundle, s->samples, parts, s->clipped, encoding)
                   : aecodec_encoding_begin(s->bundle, s->picture, reduction, parts, encoding);
    return status == AECODEC_OK ? aecodec_encoding_run(*encoding, s->execution) : status;
}

static aecodec_status encode_reduced(const search *s, candidate *best)
{
    aecodec_encoding *e = NULL;
    aecodec_status status = encode_windows(s, best->reduction, &e);
    status = status == AECODEC_OK ? find_level(s, e, best) : status;
    aecodec_encoding_free(e);
    return status;
}

/* ---- several numbers of pixels ---- */

static aecodec_status measure(const search *s, candidate *c)
{
    static const aecodec_limits unlimited = {.max_pixels = MAX_PIXELS, .max_frames = MAX_FRAMES};
    aecodec_image restored;
    if (c->is_measured) {
        return AECODEC_OK;
    }
    c->is_measured = 1;
    c->ms_ssim = 0;
    if (!s->bundle->has_decoder) {
        return AECODEC_OK;
    }
    aecodec_status status = aecodec_decompress(s->bundle, c->bytes, c->size, &unlimited, s->execution,
                                               &restored);
    if (status == AECODEC_OK) {
        status = aecodec_ms_ssim(s->picture, &restored, &c->ms_ssim);
        aecodec_image_free(&restored);
    }
    return status;
}

static aecodec_status compare(const search *s, candidate *best, candidate *tried, int *is_better)
{
    aecodec_status status = AECODEC_OK;
    *is_better = 1;
    if (best->bytes) {
        status = measure(s, tried);
        status = status == AECODEC_OK ? measure(s, best) : status;
        *is_better = status == AECODEC_OK && tried->ms_ssim > best->ms_ssim;
    }
    return status;
}

static uint32_t reduction_count(const search *s)
{
    const aecodec_image *p = s->picture;
    return p && s->bundle->facts.receptive_field &&
                   (uint64_t)p->width * p->height * p->frames <= MAX_REDUCED_PIXELS
               ? REDUCTIONS
               : 1;
}

static int is_large(const search *s)
{
    return s->picture && (uint64_t)s->picture->width * s->picture->height >= LARGE_PICTURE;
}

/* Try a reduction. is_last: set if no further one can be better. */
static aecodec_status try_reduction(const search *s, uint32_t reduction, candidate *best, int *is_last)
{
    candidate tried = {.reduction = reduction};
    int is_better = 0;
    aecodec_status status = encode_reduced(s, &tried);
    if (status == AECODEC_OK && tried.bytes) {
        status = compare(s, best, &tried, &is_better);
        *is_last = !is_better ||
                   (!is_large(s) && 2 * tried.level >= s->bundle->facts.levels * LEVEL_UNITS);
    } else if (status == AECODEC_OK && !best->bytes && (!best->size || tried.size < best->size)) {
        best->size = tried.size;
    }
    discard(is_better ? best : &tried);
    *best = is_better ? tried : *best;
    return status;
}

static aecodec_status find_best(const search *s, candidate *best)
{
    const uint32_t count = reduction_count(s);
    aecodec_status status = AECODEC_OK;
    int is_last = 0;
    for (uint32_t n = 0; n < count && status == AECODEC_OK && !is_last; n++) {
        status = try_reduction(s, reductions[n], best, &is_last);
    }
    return status;
}

static aecodec_status give(candidate *best, aecodec_status status, aecodec_compressed *compressed)
{
    if (status != AECODEC_OK) {
        discard(best);
        return status;
    }
    compressed->file = best->bytes;
    compressed->size = best->size;
    compressed->level = best->level;
    compressed->reduction = best->reduction;
    return best->bytes ? AECODEC_OK : AECODEC_TOO_FEW_BYTES;
}

/* ---- targets ---- */

static aecodec_status check_target(const aecodec_bundle *bundle, const aecodec_target *target)
{
    if ((target->max_bytes && (target->level || target->bounds)) ||
        (target->level && !aecodec_has_level(bundle, target->level))) {
        return AECODEC_BAD_ARGUMENT;
    }
    if (!has_networks(bundle)) {
        return target->max_bytes ? AECODEC_BAD_ARGUMENT : AECODEC_OK;
    }
    return bundle->has_encoder || target->bounds ? AECODEC_OK : AECODEC_ABSENT;
}

static aecodec_status compress(const search *s, uint32_t level, aecodec_compressed *compressed)
{
    candidate best = {.reduction = NOT_REDUCED};
    aecodec_encoding *e = NULL;
    if (s->max_bytes) {
        return give(&best, find_best(s, &best), compressed);
    }
    best.level = level ? level : aecodec_default_units(s->bundle);
    aecodec_status status = encode_windows(s, NOT_REDUCED, &e);
    if (status == AECODEC_OK) {
        status = aecodec_encoding_file(e, best.level, s->execution, &best.bytes, &best.size);
    }
    aecodec_encoding_free(e);
    return give(&best, status, compressed);
}

static aecodec_status compress_source(const aecodec_bundle *bundle, const aecodec_image *picture,
                                      const aecodec_samples *samples, const aecodec_target *target,
                                      const aecodec_execution *execution, aecodec_compressed *compressed)
{
    static const aecodec_target defaults;
    const size_t max_bytes = target ? target->max_bytes : 0;
    const search s = {bundle, picture, samples, max_bytes, execution, compressed->clipped};
    memset(compressed, 0, sizeof *compressed);
    target = target ? target : &defaults;
    aecodec_status status = check_target(bundle, target);
    if (status != AECODEC_OK) {
        return status;
    }
    if (target->bounds || !has_networks(bundle)) {
        return aecodec_within_error(bundle, picture, samples, target, execution, compressed);
    }
    return compress(&s, target->level, compressed);
}

aecodec_status aecodec_compress(const aecodec_bundle *bundle, const aecodec_image *picture,
                                const aecodec_target *target, const aecodec_execution *execution,
                                aecodec_compressed *compressed)
{
    return compress_source(bundle, picture, NULL, target, execution, compressed);
}

aecodec_status aecodec_compress_samples(const aecodec_bundle *bundle, const aecodec_samples *samples,
                                        const aecodec_target *target, const aecodec_execution *execution,
                                        aecodec_compressed *compressed)
{
    return compress_source(bundle, NULL, samples, target, execution, compressed);
}
