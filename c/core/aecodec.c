/* SPDX-License-Identifier: Apache-2.0 */
/* Files and their headers (docs/FORMAT.md, sections 1 and 2). */
#include "aecodec.h"

#include <string.h>

#include "aecodec_coding.h"
#include "aecodec_reader.h"

enum {
    SIZE_FLAG = 0x04,
    LEVEL_FLAG = 0x08,
    FRAMES_FLAG = 0x10,
    METADATA_FLAG = 0x20,
    REDUCTION_FLAG = 0x40,
    SAMPLES_FLAG = 0x80,
    FULL_SIZE = 2, /* a reduction, in halves */
    ALPHA_MODE = 2,
    FLAGS = 7,  /* place of the flags */
    START = 3,  /* bytes of the magic and the version */
    FIELDS = 8, /* bytes before the fields that flags announce */
    MIN_FILE = 12,
    MAX_HEADER = 24, /* bytes of a header that aecodec_encode writes */
    CHECKSUM = 4,
    MAX_SIDE = 1 << 20,
    MAX_FRAMES = 1 << 24,
    MAX_PIXELS = 1 << 30,
    MAX_REDUCED_PIXELS = 1 << 26,
    TIFF = 4,         /* kinds of metadata: only with samples */
    ORIGIN = 5,
    NAMES = 6,
    GREY_AS_RGB = 7,  /* only without samples */
    MAX_LETTERS = 16, /* of an origin */
    MAX_DIGITS = 12
};

/* CRC-32 (ISO-HDLC), without a table. */
static uint32_t crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t n = 0; n < size; n++) {
        crc ^= data[n];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* ---- from the size of a picture to its vectors ---- */

static uint32_t divide_up(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

/* The shape of a picture's vectors; vectors is 0 for a picture that is too large. Export refuses codecs with
 * which AECODEC_MAX_VECTORS tiles could have more pixels than a file may have. */
static shape shape_of(const aecodec_codec *codec, const aecodec_header *header)
{
    uint32_t width = header->width ? header->width : codec->tile_width;
    uint32_t height = header->height ? header->height : codec->tile_height;
    int is_split = codec->channels == 1 && (header->mode & 1), n; /* into R, G and B */
    uint32_t factors[4];
    shape s;
    s.columns = divide_up(divide_up(2 * width, header->reduction), codec->tile_width);
    s.rows = divide_up(divide_up(2 * height, header->reduction), codec->tile_height);
    s.planes = header->frames * (is_split ? 3u : 1u);
    factors[0] = s.rows;
    factors[1] = s.columns;
    factors[2] = s.planes;
    factors[3] = codec->vectors_per_tile;
    s.vectors = !codec->is_convolutional || (s.rows <= 128 && s.columns <= 128);
    for (n = 0; n < 4; n++) { /* no product exceeds 2^28 */
        s.vectors *= factors[n] <= AECODEC_MAX_VECTORS ? factors[n] : 0;
        s.vectors = s.vectors <= AECODEC_MAX_VECTORS ? s.vectors : 0;
    }
    return s;
}

static void fill_header(aecodec_header *header, const aecodec_codec *codec, const aecodec_picture *picture)
{
    memset(header, 0, sizeof *header);
    memcpy(header->id, codec->id, sizeof header->id);
    if (picture->width != codec->tile_width || picture->height != codec->tile_height) {
        header->width = picture->width;
        header->height = picture->height;
    }
    header->mode = (uint8_t)picture->mode;
    header->level = codec->is_default ? 0 : codec->level;
    header->reduction = FULL_SIZE;
    header->frames = 1;
}

static shape shape_of_picture(const aecodec_codec *codec, const aecodec_picture *picture,
                              aecodec_header *header)
{
    fill_header(header, codec, picture);
    shape s = shape_of(codec, header);
    if (picture->width - 1u >= MAX_SIDE || picture->height - 1u >= MAX_SIDE) {
        s.vectors = 0;
    }
    return s;
}

size_t aecodec_vector_count(const aecodec_codec *codec, const aecodec_picture *picture)
{
    aecodec_header header;
    return shape_of_picture(codec, picture, &header).vectors;
}

size_t aecodec_work_size(const aecodec_codec *codec, const aecodec_picture *picture)
{
    aecodec_header header;
    return aecodec_pass_size(codec, shape_of_picture(codec, picture, &header));
}

/* A symbol takes at most 16 bits, an escaped one twice as many, and the coder's rounding costs each less than
 * an eighth of a byte. */
size_t aecodec_file_bound(const aecodec_codec *codec, const aecodec_picture *picture)
{
    size_t dimension = codec->code_dimension;
    return 40 + aecodec_vector_count(codec, picture) * (3 + 4 * dimension + dimension / 8);
}

/* ---- writing ---- */

/* Unsigned LEB128. */
size_t aecodec_write_number(uint8_t *to, uint32_t value)
{
    size_t size = 0;
    for (; value > 0x7f; value >>= 7) {
        to[size++] = (uint8_t)(value | 0x80);
    }
    to[size++] = (uint8_t)value;
    return size;
}

size_t aecodec_write_header(uint8_t *to, const aecodec_header *header)
{
    size_t size = FIELDS;
    to[0] = 0xae;
    to[1] = 0x43;
    to[2] = 1;
    memcpy(to + 3, header->id, sizeof header->id);
    to[7] = header->mode;
    if (header->width) {
        to[7] |= SIZE_FLAG;
        size += aecodec_write_number(to + size, header->width);
        size += aecodec_write_number(to + size, header->height);
    }
    if (header->level) {
        to[7] |= LEVEL_FLAG;
        to[size++] = header->level;
    }
#ifdef AECODEC_LIBRARY /* devices write single pictures of full size */
    if (header->frames > 1) {
        to[7] |= FRAMES_FLAG;
        size += aecodec_write_number(to + size, header->frames);
    }
    if (header->reduction != FULL_SIZE) {
        to[7] |= REDUCTION_FLAG;
        to[size++] = header->reduction;
    }
#endif
    if (header->samples) {
        to[7] |= SAMPLES_FLAG;
        size += aecodec_write_number(to + size, (uint32_t)header->samples_size);
    }
    return size;
}

size_t aecodec_write_checksum(uint8_t *file, size_t length)
{
    uint32_t crc = crc32(file, length);
    for (int n = 0; n < CHECKSUM; n++, crc >>= 8) {
        file[length++] = (uint8_t)crc;
    }
    return length;
}

aecodec_status aecodec_encode(const aecodec_codec *codec, const aecodec_picture *picture, const int8_t *codes,
                              uint32_t *work, size_t work_size, uint8_t *file, size_t capacity, size_t *size)
{
    aecodec_header header;
    shape s = shape_of_picture(codec, picture, &header);
    uint8_t head[MAX_HEADER];
    size_t start = aecodec_write_header(head, &header);
    range_coder c;
    pass p;
    if (!s.vectors) {
        return AECODEC_TOO_LARGE;
    }
    if (work_size < aecodec_pass_size(codec, s) || capacity < start + CHECKSUM) {
        return AECODEC_BUFFER_TOO_SMALL;
    }
    memcpy(file, head, start);
    start_coder(&c, NULL, file + start, capacity - start - CHECKSUM);
    aecodec_start_pass(&p, codec, s, (int8_t *)codes, work); /* an encoder does not change them */
    aecodec_code_vectors(&p, &c);
    pad_message(&c, aecodec_shortest_message(codec, s.vectors));
    if (c.status == AECODEC_OK) {
        *size = aecodec_write_checksum(file, start + c.length);
    }
    return c.status;
}

#ifndef AECODEC_ENCODER_ONLY

/* ---- reading ---- */

static int is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static int is_letter_or_digit(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Whether some bytes are an extension and a time, such as ".jpg 1714564800". */
static int is_origin(const uint8_t *bytes, size_t size)
{
    size_t at = 1, first;
    while (at < size && is_letter_or_digit(bytes[at])) {
        at++;
    }
    if (at >= size || at == 1 || at > 1 + MAX_LETTERS || bytes[0] != '.' || bytes[at++] != ' ') {
        return 0;
    }
    if (at + 1 == size && bytes[at] == '0') {
        return 1;
    }
    at += at < size && bytes[at] == '-';
    for (first = at; at < size && is_digit(bytes[at]); at++) {
    }
    return at == size && at > first && at <= first + MAX_DIGITS && bytes[first] != '0';
}

/* Whether some bytes are as many names as there are frames. */
static int are_names(reader text, uint32_t frames)
{
    uint32_t count = 1;
    while (text.left) {
        count += take_byte(&text) == '/';
    }
    return count == frames;
}

static int is_entry(const aecodec_header *header, uint8_t kind, reader content)
{
    switch (kind) {
    case TIFF:
        return header->samples != NULL;
    case ORIGIN:
        return is_origin(content.at, content.left);
    case NAMES:
        return are_names(content, header->frames);
    case GREY_AS_RGB:
        return content.left == 0 && !header->samples && !(header->mode & 1);
    default:
        return kind < TIFF;
    }
}

static void read_metadata(reader *r, aecodec_header *header)
{
    reader entries = take_block(r);
    uint8_t last = 0;
    header->metadata = entries.at;
    header->metadata_size = entries.left;
    r->is_damaged |= entries.left == 0;
    while (entries.left && !r->is_damaged) {
        uint8_t kind = take_byte(&entries);
        reader content = take_block(&entries);
        r->is_damaged |= entries.is_damaged || kind <= last || !is_entry(header, kind, content);
        header->is_grey_as_rgb |= kind == GREY_AS_RGB;
        last = kind;
    }
}

static aecodec_status check_limits(const aecodec_header *header)
{
    uint32_t most = header->reduction == FULL_SIZE ? MAX_PIXELS : MAX_REDUCED_PIXELS;
    uint64_t pixels = (header->width ? header->width : 1u);
    pixels *= (header->height ? header->height : 1u);
    if (header->width > MAX_SIDE || header->height > MAX_SIDE || header->frames < 1 ||
        header->frames > MAX_FRAMES || pixels > most / header->frames || header->reduction < FULL_SIZE ||
        header->reduction > 64) {
        return AECODEC_BAD_SIZE;
    }
    return header->level == 0 || header->level >= 16 ? AECODEC_OK : AECODEC_BAD_LEVEL;
}

/* Check that the file is complete, of version 1, and has the checksum that it states. */
static aecodec_status check_whole(const uint8_t *file, size_t size)
{
    uint32_t crc = 0;
    if (size < 1 || file[0] != 0xae || (size > 1 && file[1] != 0x43)) {
        return AECODEC_NOT_AEC;
    }
    if (size < MIN_FILE) {
        return AECODEC_TOO_SHORT;
    }
    for (size_t n = 1; n <= CHECKSUM; n++) {
        crc = crc << 8 | file[size - n];
    }
    if (HAS_CHECKSUMS && crc != crc32(file, size - CHECKSUM)) {
        return AECODEC_BAD_CHECKSUM;
    }
    return file[2] == 1 ? AECODEC_OK : AECODEC_OTHER_VERSION;
}

static void read_size(reader *r, uint8_t flags, aecodec_header *header)
{
    r->is_damaged |= (flags & SAMPLES_FLAG) && (flags & (REDUCTION_FLAG | 3u));
    header->mode = flags & 3u;
    header->frames = 1;
    header->reduction = FULL_SIZE;
    if (flags & SIZE_FLAG) {
        header->width = take_number(r);
        header->height = take_number(r);
        r->is_damaged |= !header->width || !header->height;
    }
    if (flags & LEVEL_FLAG) {
        header->level = take_byte(r);
        r->is_damaged |= !header->level;
    }
    if (flags & FRAMES_FLAG) {
        header->frames = take_number(r);
        r->is_damaged |= header->frames == 1;
    }
}

static aecodec_status read_fields(reader *r, uint8_t flags, aecodec_header *header)
{
    if (flags & REDUCTION_FLAG) {
        header->reduction = take_byte(r);
        r->is_damaged |= header->reduction <= FULL_SIZE;
    }
    if (flags & SAMPLES_FLAG) {
        reader samples = take_block(r);
        header->samples = samples.at;
        header->samples_size = samples.left;
    }
    if (flags & METADATA_FLAG && !r->is_damaged) {
        read_metadata(r, header);
        if (r->is_damaged) {
            return AECODEC_DAMAGED_METADATA;
        }
    }
    if (flags & ALPHA_MODE && memcmp(header->id, AECODEC_SAMPLES_ID, sizeof header->id) != 0) {
        reader alpha = take_block(r);
        header->alpha = alpha.at;
        header->alpha_size = alpha.left;
    }
    return r->is_damaged ? AECODEC_DAMAGED_HEADER : AECODEC_OK;
}

aecodec_status aecodec_read_content(const uint8_t *content, size_t size, aecodec_header *header)
{
    reader r = {content, size, 0};
    const uint8_t *id = take(&r, sizeof header->id), flags = take_byte(&r);
    memset(header, 0, sizeof *header);
    if (r.is_damaged) {
        return AECODEC_DAMAGED_HEADER;
    }
    memcpy(header->id, id, sizeof header->id);
    read_size(&r, flags, header);
    aecodec_status status = read_fields(&r, flags, header);
    header->payload = r.at;
    header->payload_size = r.left;
    return status == AECODEC_OK ? check_limits(header) : status;
}

aecodec_status aecodec_read_header(const uint8_t *file, size_t size, aecodec_header *header)
{
    const aecodec_status status = check_whole(file, size);
    memset(header, 0, sizeof *header);
    return status == AECODEC_OK ? aecodec_read_content(file + START, size - START - CHECKSUM, header)
                                : status;
}

#ifdef AECODEC_LIBRARY

aecodec_status aecodec_read_beginning(const uint8_t *content, size_t size, aecodec_header *header)
{
    reader r = {content, size, 0};
    memset(header, 0, sizeof *header);
    if (size < FIELDS - START) {
        return AECODEC_DAMAGED_HEADER;
    }
    memcpy(header->id, take(&r, FIELDS - START), sizeof header->id);
    read_size(&r, content[FLAGS - START], header);
    if (r.is_damaged) {
        return AECODEC_DAMAGED_HEADER;
    }
    return header->frames >= 1 && header->frames <= MAX_FRAMES ? AECODEC_OK : AECODEC_BAD_SIZE;
}

#endif

static aecodec_status check_codec(const aecodec_codec *codec, const aecodec_header *header)
{
    if (memcmp(header->id, codec->id, sizeof header->id) != 0) {
        return AECODEC_OTHER_CODEC;
    }
    if (header->level ? header->level != codec->level : !codec->is_default) {
        return AECODEC_OTHER_LEVEL;
    }
    return AECODEC_OK;
}

aecodec_status aecodec_decode(const aecodec_codec *codec, const uint8_t *file, size_t size, uint32_t *work,
                              size_t work_size, int8_t *codes, size_t capacity, size_t *vectors)
{
    aecodec_header header;
    aecodec_status status = aecodec_read_header(file, size, &header);
    range_coder c;
    pass p;
    if (status == AECODEC_OK) {
        status = check_codec(codec, &header);
    }
    if (status != AECODEC_OK) {
        return status;
    }
    shape s = shape_of(codec, &header);
    size_t shortest = aecodec_shortest_message(codec, s.vectors);
    if (!s.vectors) {
        return AECODEC_TOO_LARGE;
    }
    if (header.payload_size < shortest) {
        return AECODEC_DAMAGED;
    }
    if (work_size < aecodec_pass_size(codec, s) || capacity / codec->code_dimension < s.vectors) {
        return AECODEC_BUFFER_TOO_SMALL;
    }
    memset(codes, 0, (size_t)s.vectors * codec->code_dimension);
    start_coder(&c, header.payload, NULL, header.payload_size);
    aecodec_start_pass(&p, codec, s, codes, work);
    aecodec_code_vectors(&p, &c);
    *vectors = s.vectors;
    return check_end(&c, shortest);
}
#endif
