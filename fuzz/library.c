/* SPDX-License-Identifier: Apache-2.0 */
/* Target: decompress any file with libaecodec, as it is, and with the right beginnings, networks and checksums. Pictures
 * and samples that decompress are compressed again, with the level of their file or without loss, and must decompress.
 * Files with refinements can be trimmed. */
#include "aecodec_library.h"
#include "codec.h"
#include "seal.h"

enum { START = 3, ID = 4, HAS_BASE = 2, IS_FLOAT = 4 };

static const aecodec_limits limits = {.max_memory = 1 << 18}; /* so that an input takes no more than a moment */

static const aecodec_bundle *bundle(void)
{
    static aecodec_bundle *opened;
    if (!opened) {
        require(aecodec_bundle_open(BUNDLE, &opened) == AECODEC_OK);
    }
    return opened;
}

/* ---- sealing ---- */

/* A position in a file. */
typedef struct {
    uint8_t *at, *end;
} cursor;

/* Read a number; 0 at the end. */
static size_t take_number(cursor *c)
{
    size_t number = 0, shift;
    for (shift = 0; shift < 35 && c->at < c->end; shift += 7) {
        number |= (size_t)(*c->at & 0x7f) << shift;
        if (*c->at++ < 0x80) {
            break;
        }
    }
    return number;
}

/* Take a block; NULL if it runs past the end. */
static uint8_t *take_block(cursor *c, size_t *size)
{
    uint8_t *start;
    *size = take_number(c);
    start = c->at;
    if (*size > (size_t)(c->end - start)) {
        return NULL;
    }
    c->at += *size;
    return start;
}

/* Name networks that the bundle has: mostly the first ones with or without a base. */
static void name_networks(uint8_t *content)
{
    const uint32_t has_base = (content[0] & HAS_BASE) != 0, skipped = content[1] % 8 == 0;
    aecodec_section section;
    uint32_t number, seen = 0;
    for (number = 0; aecodec_bundle_section(bundle(), number, &section) == AECODEC_OK; number++) {
        if (section.kind == AECODEC_RESIDUALS && section.level == has_base && seen++ >= skipped) {
            memcpy(content + 1, section.sha256, ID);
            return;
        }
    }
}

/* The CRC-32 of the samples of a picture without alpha and without repeated channels. */
static uint32_t checksum_of(const aecodec_image *picture, uint32_t channels)
{
    const size_t pixels = (size_t)picture->width * picture->height * picture->frames;
    uint8_t *samples = exactly(pixels * channels);
    uint32_t crc;
    size_t n;
    for (n = 0; n < pixels; n++) {
        memcpy(samples + n * channels, picture->pixels + n * picture->channels, channels);
    }
    crc = crc32_of(samples, pixels * channels);
    free(samples);
    return crc;
}

static void put_crc(uint8_t *to, uint32_t crc)
{
    int n;
    for (n = 0; n < CHECKSUM; n++, crc >>= 8) {
        to[n] = (uint8_t)crc;
    }
}

/* Write the checksum of the samples that some bytes decode to, if they are a file, behind the bounds of a refinement. */
static void seal_samples(const uint8_t *before, size_t size, uint8_t *content, size_t content_size)
{
    cursor c = {content + 1 + ID, content + content_size};
    size_t bounds = take_number(&c);
    const uint8_t *base;
    size_t base_size, needed;
    aecodec_header header;
    aecodec_image picture;
    for (; bounds && c.at < c.end; bounds--) {
        c.at += content[0] & IS_FLOAT ? (c.end - c.at < 16 ? c.end - c.at : 16) : 0;
        if (!(content[0] & IS_FLOAT)) {
            take_number(&c);
        }
    }
    if (!(content[0] & HAS_BASE) || c.end - c.at < CHECKSUM || content[1] % 16 == 1 ||
        aecodec_decompress(bundle(), before, size, &limits, NULL, &picture) != AECODEC_OK) {
        return;
    }
    aecodec_file_base(before, size, &base, &base_size, &needed);
    require(aecodec_read_header(base, base_size, &header) == AECODEC_OK);
    put_crc(c.at, checksum_of(&picture, header.mode & 1 ? 3 : 1));
    aecodec_image_free(&picture);
}

/* The file up to a refinement, as if nothing followed. */
static void seal_behind(const uint8_t *file, size_t size, size_t last, uint8_t *content, size_t content_size)
{
    uint8_t *before = copy_of(file, size);
    before[last] &= 0xfe;
    put_crc(before + size - CHECKSUM, crc32_of(before, size - CHECKSUM));
    seal_samples(before, size, content, content_size);
    free(before);
}

static void seal_refined(uint8_t *file, size_t size)
{
    cursor c = {file + START, file + size};
    size_t length, base_size, last = 0;
    uint8_t *base, *content;
    memcpy(file, "\xae" "C\x02", START);
    base = take_block(&c, &base_size);
    if (!base || base_size < SHORTEST) {
        return;
    }
    seal(base, base_size, CODEC.id);
    while (c.end - c.at > 1 + ID + CHECKSUM) {
        const size_t before = (size_t)(c.at - file);
        content = take_block(&c, &length);
        if (!content || length < 1 + ID || c.end - c.at < CHECKSUM) {
            return;
        }
        name_networks(content);
        if (last) {
            seal_behind(file, before, last, content, length);
        } else {
            seal_samples(base, base_size, content, length);
        }
        put_crc(c.at, crc32_of(file, (size_t)(c.at - file)));
        c.at += CHECKSUM;
        last = (size_t)(content - file);
    }
}

/* ---- requirements ---- */

static void compress_without_loss(const aecodec_image *picture)
{
    static const double errors[] = {9, 0};
    const aecodec_bounds bounds = {2, 1, 0, errors};
    const aecodec_target target = {0, 0, &bounds};
    const size_t pixels = (size_t)picture->width * picture->height * picture->frames;
    aecodec_image restored;
    aecodec_compressed made;
    require(aecodec_compress(bundle(), picture, &target, NULL, &made) == AECODEC_OK);
    require(made.max_error == 0);
    require(aecodec_decompress(bundle(), made.file, made.size, NULL, NULL, &restored) == AECODEC_OK);
    require(memcmp(restored.pixels, picture->pixels, pixels * picture->channels) == 0);
    aecodec_image_free(&restored);
    aecodec_free(made.file);
}

/* All parts of a file that decompresses do so, too. */
static void trim_all(const uint8_t *file, size_t size)
{
    aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS];
    aecodec_image picture;
    uint8_t *trimmed;
    size_t trimmed_size;
    uint32_t count, n;
    require(aecodec_file_refinements(file, size, refinements, &count) == AECODEC_OK);
    for (n = 0; n < count; n++) {
        const double error = refinements[n].max_error;
        require(aecodec_trim(file, size, error, (int)refinements[n].is_root, &trimmed, &trimmed_size) == AECODEC_OK);
        if (aecodec_decompress(bundle(), trimmed, trimmed_size, NULL, NULL, &picture) == AECODEC_OK) {
            aecodec_image_free(&picture);
        }
        aecodec_free(trimmed);
    }
}

static void compress_again(const aecodec_image *picture, uint32_t level)
{
    const aecodec_target target = {level, 0, NULL};
    aecodec_image restored;
    aecodec_compressed made;
    aecodec_status status = aecodec_compress(bundle(), picture, &target, NULL, &made);
    if (status == AECODEC_ABSENT || status == AECODEC_BAD_IMAGE) { /* no encoder, or tiles of too many pixels */
        return;
    }
    require(status == AECODEC_OK);
    require(aecodec_decompress(bundle(), made.file, made.size, NULL, NULL, &restored) == AECODEC_OK);
    require(restored.width == picture->width && restored.height == picture->height);
    require(restored.channels == picture->channels && restored.frames == picture->frames);
    aecodec_image_free(&restored);
    aecodec_free(made.file);
}

static void compress_samples_again(const aecodec_samples *samples, uint32_t level)
{
    const aecodec_target target = {level, 0, NULL};
    aecodec_samples restored;
    aecodec_compressed made;
    aecodec_status status = aecodec_compress_samples(bundle(), samples, &target, NULL, &made);
    if (status == AECODEC_ABSENT || status == AECODEC_BAD_IMAGE) { /* no encoder, or nodata within samples of NaN */
        return;
    }
    require(status == AECODEC_OK);
    require(aecodec_decompress_samples(bundle(), made.file, made.size, NULL, NULL, &restored) == AECODEC_OK);
    require(restored.type == samples->type && restored.frames == samples->frames);
    aecodec_samples_free(&restored);
    aecodec_free(made.file);
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
    double share;
    const aecodec_status status = aecodec_file_info_of(file, size, &whole);
    aecodec_file_missing(file, size, &share);
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

static void decompress_one(const uint8_t *file, size_t size)
{
    const int is_refined = size > START && file[START - 1] == 2;
    aecodec_image picture;
    aecodec_samples samples;
    aecodec_header header = {0};
    describe(file, size);
    if (aecodec_decompress_samples(bundle(), file, size, &limits, NULL, &samples) == AECODEC_OK) {
        trim_all(file, size);
        require(is_refined || aecodec_read_header(file, size, &header) == AECODEC_OK);
        compress_samples_again(&samples, header.level);
        aecodec_samples_free(&samples);
    }
    if (aecodec_decompress(bundle(), file, size, &limits, NULL, &picture) == AECODEC_OK) {
        trim_all(file, size);
        select_last_frame(file, size, &picture);
        require(is_refined || aecodec_read_header(file, size, &header) == AECODEC_OK);
        if (is_refined) {
            compress_without_loss(&picture);
        } else {
            compress_again(&picture, header.level);
        }
        aecodec_image_free(&picture);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = copy_of(data, size);
    if (size > START + SHORTEST && data[START - 1] == 2) {
        decompress_one(file, size);
        seal_refined(file, size);
        decompress_one(file, size);
    } else {
        try_both(data, size, CODEC.id, decompress_one);
    }
    free(file);
    return 0;
}
