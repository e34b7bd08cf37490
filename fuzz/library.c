/* SPDX-License-Identifier: Apache-2.0 */
/* Target: decompress any file with libaecodec, as it is, and with the right beginnings and checksums. Pictures and samples that decompress are compressed again, with the level of their file or without loss, and must decompress.
 * Files with refinements can be trimmed. */
#include "aecodec_library.h"
#include "codec.h"
#include "seal.h"

enum { START = 3, HAS_BASE = 2, IS_DOUBLE = 4, HAS_OFFSETS = 16, HAS_INDEX = 32, LEAST = 3 /* bytes of a refinement */ };

static const aecodec_limits limits = {.max_memory = 1 << 18}; /* so that an input takes no more than a moment */

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

/* Skip the fields before the checksum of samples. */
static cursor behind_bounds(uint8_t *content, size_t size)
{
    const size_t bytes = content[0] & IS_DOUBLE ? (content[0] & HAS_OFFSETS ? 24 : 16) : 0;
    cursor c = {content + 1, content + size};
    size_t bounds = take_number(&c);
    for (; bounds && c.at < c.end; bounds--) {
        c.at += (size_t)(c.end - c.at) < bytes ? (size_t)(c.end - c.at) : bytes;
        if (!bytes) {
            take_number(&c);
        }
    }
    return c;
}

/* Write the checksum of the samples that some bytes decode to, if they are a file, behind the bounds of a refinement. */
static void seal_samples(const uint8_t *before, size_t size, uint8_t *content, size_t content_size)
{
    const cursor c = behind_bounds(content, content_size);
    const uint8_t *base;
    size_t base_size, needed;
    aecodec_header header;
    aecodec_image picture;
    if (!(content[0] & HAS_BASE) || c.end - c.at < CHECKSUM || content[1] % 16 == 1 ||
        aecodec_decompress(bundle(), before, size, &limits, NULL, &picture) != AECODEC_OK) {
        return;
    }
    aecodec_file_base(before, size, &base, &base_size, &needed);
    require(aecodec_read_header(base, base_size, &header) == AECODEC_OK);
    put_crc(c.at, checksum_of(&picture, header.mode & 1 ? 3 : 1));
    aecodec_image_free(&picture);
}

/* Write the checksums of the index and of its messages. Returns the place of that of all bytes before; NULL if it has
 * none. */
static uint8_t *seal_index(const uint8_t *file, uint8_t *content, size_t size)
{
    cursor c = behind_bounds(content, size), index;
    uint8_t *checksum;
    size_t choices, count, n;
    c.at += content[0] & HAS_BASE && c.end - c.at >= CHECKSUM ? CHECKSUM : 0;
    take_block(&c, &choices);
    count = take_number(&c);
    index = c;
    for (n = 0; n < count && c.end - c.at > CHECKSUM; n++) {
        take_number(&c);
        c.at += c.end - c.at >= CHECKSUM ? CHECKSUM : 0;
    }
    if (c.end - c.at < CHECKSUM) {
        return NULL;
    }
    checksum = c.at;
    for (c.at += CHECKSUM; n; n--) {
        const size_t message = take_number(&index);
        if (message > (size_t)(c.end - c.at)) {
            break;
        }
        put_crc(index.at, crc32_of(c.at, message));
        index.at += CHECKSUM;
        c.at += message;
    }
    put_crc(checksum, crc32_of(file, (size_t)(checksum - file)));
    return checksum;
}

/* The file up to a refinement, as if nothing followed. */
static void seal_behind(const uint8_t *file, size_t size, size_t last, size_t checksum, uint8_t *content,
                        size_t content_size)
{
    uint8_t *before = copy_of(file, size);
    before[last] &= 0xfe;
    put_crc(before + checksum, crc32_of(before, checksum));
    seal_samples(before, size, content, content_size);
    free(before);
}

static void seal_refined(uint8_t *file, size_t size)
{
    cursor c = {file + START, file + size};
    size_t length, base_size, last = 0, checksum = 0;
    uint8_t *base, *content;
    memcpy(file, "\xae" "C\x02", START);
    base = take_block(&c, &base_size);
    if (!base || base_size < SHORTEST) {
        return;
    }
    is_built_in = memcmp(base + START, "SAMP", 4) == 0;
    seal(base, base_size, is_built_in ? (const uint8_t *)"SAMP" : CODEC.id);
    while (c.end - c.at > LEAST) {
        const size_t before = (size_t)(c.at - file);
        content = take_block(&c, &length);
        if (!content || length < LEAST) {
            return;
        }
        if (last) {
            seal_behind(file, before, last, checksum, content, length);
        } else {
            seal_samples(base, base_size, content, length);
        }
        last = (size_t)(content - file);
        if (content[0] & HAS_INDEX) {
            const uint8_t *place = seal_index(file, content, length);
            if (!place) {
                return;
            }
            checksum = (size_t)(place - file);
        } else if (c.end - c.at >= CHECKSUM) {
            checksum = (size_t)(c.at - file);
            put_crc(c.at, crc32_of(file, checksum));
            c.at += CHECKSUM;
        }
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
    if (status == AECODEC_ABSENT || status == AECODEC_BAD_IMAGE || status == AECODEC_DOES_NOT_FIT) {
        return; /* no encoder, nodata within samples of NaN, or float64 that needs a bound */
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

/* A window of a file that has windows is that of its samples. */
static void decode_window(const uint8_t *file, size_t size, const aecodec_samples *samples)
{
    const aecodec_region last = {samples->frames - 1, 1, samples->height - 1, 1, 0, samples->width};
    const size_t pixel = (size_t)samples->bands * (samples->type < AECODEC_UINT16 ? 1 : 8);
    const uint8_t *message;
    aecodec_part part;
    aecodec_head *head;
    uint32_t count;
    size_t needed;
    if (aecodec_head_open(bundle(), file, size, size, &head, &needed) != AECODEC_OK) {
        return;
    }
    require(aecodec_window_plan(head, &last, NULL, &count) == AECODEC_OK);
    if (count == 1) {
        uint8_t *row = exactly(samples->width * pixel);
        uint8_t *missing = samples->mask_planes ? exactly((size_t)samples->width * samples->mask_planes) : NULL;
        require(aecodec_window_plan(head, &last, &part, &count) == AECODEC_OK && part.size <= size - part.at);
        message = file + part.at;
        require(aecodec_window_decode(head, &last, &message, NULL, row, missing) == AECODEC_OK);
        free(row);
        free(missing);
    }
    aecodec_head_close(head);
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
        decode_window(file, size, &samples);
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
    is_built_in = 0;
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
