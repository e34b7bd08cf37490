/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures to files at a level, and to the best file of at most a number of bytes, found as by aecodec.codec.rate_control
 * in Python. */
#include <stdlib.h>

#include "private.h"

enum { REDUCTIONS = 9 };

/* Reduction factors in halves; each is tried where the one before gives a level of the lower half, or none. */
static const uint32_t reductions[REDUCTIONS] = {NOT_REDUCED, 3, 4, 6, 8, 12, 16, 24, 32};

/* A file, and the level at which it was made; without bytes, none. */
typedef struct {
    uint8_t *bytes;
    size_t size;
    uint32_t level; /* in sixteenths */
    int is_measured;
    double likeness; /* to the picture, once measured; 0 if there is no decoder to tell */
} candidate;

static void discard(candidate *c)
{
    free(c->bytes);
    c->bytes = NULL;
}

/* The number of levels, those between two among them, and one of them in sixteenths. */
static uint32_t level_count(const aecodec_codec_facts *facts)
{
    return facts->has_gains ? (facts->levels - 1) * LEVEL_UNITS + 1 : facts->levels;
}

static uint32_t level_at(const aecodec_codec_facts *facts, uint32_t n)
{
    return facts->has_gains ? LEVEL_UNITS + n : (n + 1) * LEVEL_UNITS;
}

/* Keep the file of the last level, by bisection, that is small enough. */
static aecodec_status find_level(const aecodec_encoding *e, const aecodec_codec_facts *facts, size_t max_bytes,
                                 candidate *found)
{
    uint32_t low = 0, high = level_count(facts);
    aecodec_status status = AECODEC_OK;
    while (low < high && status == AECODEC_OK) {
        uint32_t middle = (low + high) / 2;
        candidate tried;
        tried.level = level_at(facts, middle);
        tried.is_measured = 0;
        status = aecodec_encoding_file(e, tried.level, &tried.bytes, &tried.size);
        if (status == AECODEC_OK && tried.size <= max_bytes) {
            discard(found);
            *found = tried;
            low = middle + 1;
        } else {
            if (status == AECODEC_OK) {
                discard(&tried);
            }
            high = middle;
        }
    }
    return status;
}

/* Begin an encoding, which the caller frees in any case, and run the network on all windows. */
static aecodec_status encode_windows(const aecodec_bundle *bundle, const aecodec_image *picture, uint32_t reduction,
                                     const aecodec_progress *progress, aecodec_encoding **encoding)
{
    const aecodec_status status = aecodec_encoding_begin(bundle, picture, reduction, 0, encoding);
    return status == AECODEC_OK ? aecodec_run_encoding(bundle, *encoding, progress) : status;
}

static aecodec_status encode_reduced(const aecodec_bundle *bundle, const aecodec_image *picture, uint32_t reduction,
                                     size_t max_bytes, const aecodec_progress *progress, candidate *found)
{
    aecodec_encoding *e = NULL;
    aecodec_status status = encode_windows(bundle, picture, reduction, progress, &e);
    if (status == AECODEC_OK) {
        status = find_level(e, &bundle->facts, max_bytes, found);
    }
    aecodec_encoding_free(e);
    return status;
}

/* Measure a file, unless it was measured before. */
static aecodec_status measure(const aecodec_bundle *bundle, const aecodec_image *picture, candidate *c)
{
    static const aecodec_limits unlimited = {MAX_PIXELS, MAX_FRAMES, 0};
    aecodec_image restored;
    aecodec_status status;
    if (c->is_measured) {
        return AECODEC_OK;
    }
    c->is_measured = 1;
    c->likeness = 0;
    if (!bundle->has_decoder) {
        return AECODEC_OK;
    }
    status = aecodec_decompress(bundle, c->bytes, c->size, &unlimited, NULL, &restored);
    if (status == AECODEC_OK) {
        status = aecodec_likeness(picture, &restored, &c->likeness);
        aecodec_image_free(&restored);
    }
    return status;
}

/* Whether a file is better than the best one so far. */
static aecodec_status compare(const aecodec_bundle *bundle, const aecodec_image *picture, candidate *best,
                              candidate *tried, int *is_better)
{
    aecodec_status status = AECODEC_OK;
    *is_better = 1;
    if (best->bytes) {
        status = measure(bundle, picture, tried);
        if (status == AECODEC_OK) {
            status = measure(bundle, picture, best);
        }
        *is_better = status == AECODEC_OK && tried->likeness > best->likeness;
    }
    return status;
}

static uint32_t reduction_count(const aecodec_bundle *bundle, const aecodec_image *picture)
{
    uint64_t pixels = (uint64_t)picture->width * picture->height * picture->frames;
    return bundle->facts.receptive_field && pixels <= MAX_REDUCED_PIXELS ? REDUCTIONS : 1;
}

static aecodec_status find_best(const aecodec_bundle *bundle, const aecodec_image *picture, size_t max_bytes,
                                const aecodec_progress *progress, candidate *best)
{
    uint32_t count = reduction_count(bundle, picture), n;
    aecodec_status status = AECODEC_OK;
    for (n = 0; n < count && status == AECODEC_OK; n++) {
        candidate tried = {NULL, 0, 0, 0, 0};
        int is_better = 0;
        status = encode_reduced(bundle, picture, reductions[n], max_bytes, progress, &tried);
        if (status == AECODEC_OK && tried.bytes) {
            status = compare(bundle, picture, best, &tried, &is_better);
            discard(is_better ? best : &tried);
            if (!is_better) {
                break;
            }
            *best = tried;
            if (2 * tried.level >= bundle->facts.levels * LEVEL_UNITS) {
                break;
            }
        } else {
            discard(&tried);
        }
    }
    return status;
}

/* Give the best file to the caller, if there is one. */
static aecodec_status give(candidate *best, aecodec_status status, uint8_t **file, size_t *size)
{
    if (status == AECODEC_OK && !best->bytes) {
        return AECODEC_TOO_FEW_BYTES;
    }
    if (status != AECODEC_OK) {
        discard(best);
        return status;
    }
    *file = best->bytes;
    *size = best->size;
    return AECODEC_OK;
}

/* ---- both ways ---- */

/* Check what both kinds of compression are asked for. */
static aecodec_status check_request(const aecodec_bundle *bundle, uint32_t level, size_t max_bytes)
{
    if (level && (max_bytes || !aecodec_has_level(bundle, level))) {
        return AECODEC_BAD_ARGUMENT;
    }
    return bundle->has_encoder ? AECODEC_OK : AECODEC_ABSENT;
}

aecodec_status aecodec_compress(const aecodec_bundle *bundle, const aecodec_image *picture, uint32_t level,
                                size_t max_bytes, const aecodec_progress *progress, uint8_t **file, size_t *size)
{
    candidate best = {NULL, 0, 0, 0, 0};
    aecodec_encoding *e = NULL;
    aecodec_status status = check_request(bundle, level, max_bytes);
    if (status == AECODEC_OK && max_bytes) {
        return give(&best, find_best(bundle, picture, max_bytes, progress, &best), file, size);
    }
    if (status == AECODEC_OK) {
        status = encode_windows(bundle, picture, NOT_REDUCED, progress, &e);
    }
    if (status == AECODEC_OK) {
        status = aecodec_encoding_file(e, level, file, size);
    }
    aecodec_encoding_free(e);
    return status;
}

aecodec_status aecodec_compress_samples(const aecodec_bundle *bundle, const aecodec_samples *samples, uint32_t level,
                                        size_t max_bytes, const aecodec_progress *progress, uint64_t *clipped,
                                        uint8_t **file, size_t *size)
{
    candidate best = {NULL, 0, 0, 0, 0};
    aecodec_encoding *e = NULL;
    aecodec_status status = check_request(bundle, level, max_bytes);
    if (status == AECODEC_OK) {
        status = aecodec_encoding_begin_samples(bundle, samples, 0, clipped, &e);
    }
    if (status == AECODEC_OK) {
        status = aecodec_run_encoding(bundle, e, progress);
    }
    if (status == AECODEC_OK) {
        status = max_bytes ? give(&best, find_level(e, &bundle->facts, max_bytes, &best), file, size)
                           : aecodec_encoding_file(e, level, file, size);
    }
    aecodec_encoding_free(e);
    return status;
}
