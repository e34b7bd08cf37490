/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures to files, at a level or of a number of bytes. */
#include "private.h"

static aecodec_status compress_at(const aecodec_bundle *bundle, const aecodec_image *picture, uint32_t level,
                                  const aecodec_progress *progress, uint8_t **file, size_t *size)
{
    aecodec_encoding *e;
    aecodec_status status = encode_windows(bundle, picture, NOT_REDUCED, progress, &e);
    if (status == AECODEC_OK) {
        status = aecodec_encoding_file(e, level, file, size);
        aecodec_encoding_free(e);
    }
    return status;
}

/* Check what both kinds of compression are asked for. */
static aecodec_status check_request(const aecodec_bundle *bundle, uint32_t level, size_t max_bytes)
{
    if (level && (max_bytes || !has_level(bundle, level))) {
        return AECODEC_BAD_ARGUMENT;
    }
    return bundle->has_encoder ? AECODEC_OK : AECODEC_ABSENT;
}

aecodec_status aecodec_compress(const aecodec_bundle *bundle, const aecodec_image *picture, uint32_t level,
                                size_t max_bytes, const aecodec_progress *progress, uint8_t **file, size_t *size)
{
    aecodec_status status = check_request(bundle, level, max_bytes);
    if (status != AECODEC_OK) {
        return status;
    }
    return max_bytes ? compress_within(bundle, picture, max_bytes, progress, file, size)
                     : compress_at(bundle, picture, level, progress, file, size);
}

aecodec_status aecodec_compress_samples(const aecodec_bundle *bundle, const aecodec_samples *samples, uint32_t level,
                                        size_t max_bytes, const aecodec_progress *progress, uint64_t *clipped,
                                        uint8_t **file, size_t *size)
{
    aecodec_encoding *e;
    aecodec_status status = check_request(bundle, level, max_bytes);
    if (status == AECODEC_OK) {
        status = encode_sample_windows(bundle, samples, progress, clipped, &e);
    }
    if (status == AECODEC_OK) {
        status = max_bytes ? file_within(e, bundle, max_bytes, file, size)
                           : aecodec_encoding_file(e, level, file, size);
        aecodec_encoding_free(e);
    }
    return status;
}
