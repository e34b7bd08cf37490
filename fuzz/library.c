/* SPDX-License-Identifier: Apache-2.0 */
/* Target: decompress any file with libaecodec, as it is, and with the right beginning and checksum. What
 * decompresses is compressed again, and must decompress: pictures, or samples with a codec that has bands. */
#include "aecodec_library.h"
#include "codec.h"
#include "seal.h"

static const aecodec_limits limits = {0, 0, 1 << 17}; /* memory, so that an input takes no more than a moment */

static const aecodec_bundle *bundle(void)
{
    static aecodec_bundle *opened;
    if (!opened) {
        require(aecodec_bundle_open(BUNDLE, &opened) == AECODEC_OK);
    }
    return opened;
}

static void compress_again(const aecodec_image *picture, uint32_t level)
{
    aecodec_image restored;
    uint8_t *file;
    size_t size;
    aecodec_status status = aecodec_compress(bundle(), picture, level, 0, NULL, &file, &size);
    if (status == AECODEC_ABSENT || status == AECODEC_BAD_IMAGE) { /* no encoder, or tiles of too many pixels */
        return;
    }
    require(status == AECODEC_OK);
    require(aecodec_decompress(bundle(), file, size, NULL, NULL, &restored) == AECODEC_OK);
    require(restored.width == picture->width && restored.height == picture->height);
    require(restored.channels == picture->channels && restored.frames == picture->frames);
    aecodec_image_free(&restored);
    aecodec_free(file);
}

static void compress_samples_again(const aecodec_samples *samples, uint32_t level)
{
    aecodec_samples restored;
    uint8_t *file;
    size_t size;
    aecodec_status status = aecodec_compress_samples(bundle(), samples, level, 0, NULL, NULL, &file, &size);
    if (status == AECODEC_ABSENT || status == AECODEC_BAD_IMAGE) { /* no encoder, or nodata within samples of NaN */
        return;
    }
    require(status == AECODEC_OK);
    require(aecodec_decompress_samples(bundle(), file, size, NULL, NULL, &restored) == AECODEC_OK);
    require(restored.type == samples->type && restored.frames == samples->frames);
    aecodec_samples_free(&restored);
    aecodec_free(file);
}

static void decompress_one(const uint8_t *file, size_t size)
{
    aecodec_image picture;
    aecodec_samples samples;
    aecodec_header header;
    if (aecodec_decompress_samples(bundle(), file, size, &limits, NULL, &samples) == AECODEC_OK) {
        require(aecodec_read_header(file, size, &header) == AECODEC_OK);
        compress_samples_again(&samples, header.level);
        aecodec_samples_free(&samples);
    }
    if (aecodec_decompress(bundle(), file, size, &limits, NULL, &picture) == AECODEC_OK) {
        require(aecodec_read_header(file, size, &header) == AECODEC_OK);
        compress_again(&picture, header.level);
        aecodec_image_free(&picture);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_both(data, size, CODEC.id, decompress_one);
    return 0;
}
