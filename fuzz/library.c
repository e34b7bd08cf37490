/* SPDX-License-Identifier: Apache-2.0 */
/* Target: decompress any file with libaecodec. Pictures and samples that decompress are compressed again,
 * with the level of their file or without loss, and must decompress. Files with refinements can be
 * trimmed. */
#include "aecodec_library.h"
#include "target.h"

/* so that inputs take only a moment */
static const aecodec_limits limits = {.max_pixels = 1 << 14, .max_frames = 256};

static int is_built_in; /* whether the file is of the codec `samples` */

static const aecodec_bundle *bundle(void)
{
    static aecodec_bundle *opened;
    if (is_built_in) {
        return aecodec_samples_codec();
    }
    if (!opened) {
        require(aecodec_bundle_open(BUNDLE, &opened) == AECODEC_OK);
    }
    return opened;
}

/* ---- requirements ---- */

/* All parts of a file that decompresses do so, too. */
static void trim_all(const uint8_t *file, size_t size)
{
    aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS];
    aecodec_image picture;
    uint8_t *trimmed;
    size_t trimmed_size;
    uint32_t count;
    require(aecodec_file_refinements(file, size, refinements, &count) == AECODEC_OK);
    for (uint32_t n = 0; n < count; n++) {
        const double error = refinements[n].max_error;
        require(aecodec_trim(file, size, error, (int)refinements[n].is_root, &trimmed, &trimmed_size) ==
                AECODEC_OK);
        if (aecodec_decompress(bundle(), trimmed, trimmed_size, NULL, NULL, &picture) == AECODEC_OK) {
            aecodec_image_free(&picture);
        }
        aecodec_free(trimmed);
    }
}

static void compress_again(const aecodec_image *picture, uint32_t level, int is_lossless)
{
    static const double errors[] = {9, 0};
    static const aecodec_bounds bounds = {2, 1, 0, 0, errors};
    const aecodec_target target = {level, 0, is_lossless ? &bounds : NULL};
    const size_t pixels = (size_t)picture->width * picture->height * picture->frames;
    aecodec_image restored;
    aecodec_compressed compressed;
    aecodec_status status = aecodec_compress(bundle(), picture, &target, NULL, &compressed);
    if (status == AECODEC_ABSENT || status == AECODEC_BAD_IMAGE) { /* no encoder, or large tiles */
        return;
    }
    require(status == AECODEC_OK);
    require(aecodec_decompress(bundle(), compressed.file, compressed.size, NULL, NULL, &restored) ==
            AECODEC_OK);
    require(restored.width == picture->width && restored.height == picture->height);
    require(restored.channels == picture->channels && restored.frames == picture->frames);
    require(!is_lossless || memcmp(restored.pixels, picture->pixels, pixels * picture->channels) == 0);
    aecodec_image_free(&restored);
    aecodec_free(compressed.file);
}

static void compress_samples_again(const aecodec_samples *samples, uint32_t level)
{
    const aecodec_target target = {level, 0, NULL};
    aecodec_samples restored;
    aecodec_compressed compressed;
    aecodec_status status = aecodec_compress_samples(bundle(), samples, &target, NULL, &compressed);
    if (status == AECODEC_ABSENT || status == AECODEC_BAD_IMAGE || status == AECODEC_DOES_NOT_FIT) {
        return; /* no encoder, nodata within samples of NaN, or float64 that needs a bound */
    }
    require(status == AECODEC_OK);
    require(aecodec_decompress_samples(bundle(), compressed.file, compressed.size, NULL, NULL, &restored) ==
            AECODEC_OK);
    require(restored.type == samples->type && restored.frames == samples->frames);
    aecodec_samples_free(&restored);
    aecodec_free(compressed.file);
}

/* ---- what is said of files ---- */

/* A file that decompresses is sound, and its last frame is the same alone. */
static void select_last_frame(const uint8_t *file, size_t size, const aecodec_image *picture)
{
    const size_t frame = (size_t)picture->width * picture->height * picture->channels;
    aecodec_decoding *d;
    aecodec_image last;
    require(aecodec_check(bundle(), file, size, &limits, NULL) == AECODEC_OK);
    require(aecodec_decoding_begin(bundle(), file, size, &limits, 0, &d) == AECODEC_OK);
    require(aecodec_decoding_select(d, picture->frames - 1, 1) == AECODEC_OK);
    require(aecodec_decoding_run(d, NULL) == AECODEC_OK);
    require(aecodec_decoding_finish(d, NULL, &last) == AECODEC_OK);
    require(memcmp(last.pixels, picture->pixels + (picture->frames - 1) * frame, frame) == 0);
    aecodec_image_free(&last);
    aecodec_decoding_free(d);
}

/* What the beginning says is what the whole file says. */
static void describe(const uint8_t *file, size_t size)
{
    const size_t first = size < AECODEC_BEGINNING ? size : AECODEC_BEGINNING;
    uint8_t *bytes = copy_of(file, first);
    aecodec_file_info whole, beginning;
    aecodec_claim claim;
    const aecodec_status status = aecodec_file_info_of(file, size, &whole);
    if (aecodec_beginning_of(bytes, first, &beginning) == AECODEC_OK && status == AECODEC_OK) {
        require(beginning.frames == whole.frames && beginning.width == whole.width);
        require(beginning.has_samples == whole.has_samples && beginning.level == whole.level);
        require(whole.payload.at <= size && whole.payload.size <= size - whole.payload.at);
    }
    if (aecodec_claim_of(bundle(), file, size, NULL, &claim) == AECODEC_OK) {
        require(status == AECODEC_OK && claim.frames == whole.frames);
    }
    free(bytes);
}

/* The last segment of a file that has segments is decoded. */
static void decode_segment(const uint8_t *file, size_t size, const aecodec_samples *samples)
{
    const size_t pixel = (size_t)samples->bands * (samples->type < AECODEC_UINT16 ? 1 : 8);
    aecodec_region region = {0};
    aecodec_part part;
    aecodec_head *head;
    uint32_t count = 0;
    size_t needed;
    if (aecodec_head_open(bundle(), file, size, size, &head, &needed) != AECODEC_OK) {
        return;
    }
    while (aecodec_head_segment(head, count, &region, &part) == AECODEC_OK) {
        count++;
    }
    const size_t pixels = (size_t)region.frames * region.rows * region.columns;
    uint8_t *content = exactly(pixels * pixel);
    uint8_t *missing = samples->mask_planes ? exactly(pixels * samples->mask_planes) : NULL;
    require(part.size <= size - part.at);
    require(aecodec_head_decode(head, count - 1, file + part.at, content, missing) == AECODEC_OK);
    free(content);
    free(missing);
    aecodec_head_close(head);
}

static void decompress_one(const uint8_t *file, size_t size)
{
    const int is_refined = size > 2 && (file[2] == 2 || file[2] == 3);
    aecodec_image picture;
    aecodec_samples samples;
    aecodec_header header = {0};
    describe(file, size);
    if (aecodec_decompress_samples(bundle(), file, size, &limits, NULL, &samples) == AECODEC_OK) {
        trim_all(file, size);
        decode_segment(file, size, &samples);
        require(is_refined || aecodec_read_header(file, size, &header) == AECODEC_OK);
        compress_samples_again(&samples, header.level);
        aecodec_samples_free(&samples);
    }
    if (aecodec_decompress(bundle(), file, size, &limits, NULL, &picture) == AECODEC_OK) {
        trim_all(file, size);
        if (!is_refined) { /* a decoding of refinements returns all frames */
            select_last_frame(file, size, &picture);
        }
        require(is_refined || aecodec_read_header(file, size, &header) == AECODEC_OK);
        compress_again(&picture, header.level, is_refined);
        aecodec_image_free(&picture);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = copy_of(data, size);
    aecodec_file_info info;
    is_built_in =
        aecodec_beginning_of(file, size, &info) == AECODEC_OK && memcmp(info.id, AECODEC_SAMPLES_ID, 4) == 0;
    decompress_one(file, size);
    free(file);
    return 0;
}
