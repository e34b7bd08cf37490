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

aecodec_status aecodec_compress(const aecodec_bundle *bundle, const aecodec_image *picture, uint32_t level,
                                size_t max_bytes, const aecodec_progress *progress, uint8_t **file, size_t *size)
{
    if (level && (max_bytes || !has_level(bundle, level))) {
        return AECODEC_BAD_ARGUMENT;
    }
    if (!bundle->has_encoder) {
        return AECODEC_ABSENT;
    }
    return max_bytes ? compress_within(bundle, picture, max_bytes, progress, file, size)
                     : compress_at(bundle, picture, level, progress, file, size);
}
