/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecc.h"

enum { MAX_SIDE = 1 << 20, DIGITS = 10, HEADER = 128 };

/* A position in a file. */
typedef struct {
    const uint8_t *at, *end;
} cursor;

static int is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Skip white space and comments. */
static void skip_space(cursor *c)
{
    while (c->at < c->end && (is_space(*c->at) || *c->at == '#')) {
        if (*c->at == '#') {
            while (c->at < c->end && *c->at != '\n') {
                c->at++;
            }
        } else {
            c->at++;
        }
    }
}

/* A number of at most ten digits; 0 if none stands here. */
static uint64_t take_number(cursor *c)
{
    uint64_t number = 0;
    int digits = 0;
    skip_space(c);
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && digits < DIGITS; digits++) {
        number = 10 * number + *c->at++ - '0';
    }
    return number;
}

static int take_word(cursor *c, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0) {
        return 0;
    }
    c->at += size;
    return 1;
}

/* What a header states. */
typedef struct {
    uint64_t width, height, channels, most;
} header;

/* P5 and P6: three numbers, and one white space. */
static int take_plain_header(cursor *c, header *h)
{
    h->width = take_number(c);
    h->height = take_number(c);
    h->most = take_number(c);
    return c->at < c->end && is_space(*c->at++);
}

static void skip_line(cursor *c)
{
    while (c->at < c->end && *c->at++ != '\n') {
    }
}

/* P7: a line for each field, and ENDHDR. */
static int take_pam_header(cursor *c, header *h)
{
    for (skip_line(c); c->at < c->end; skip_line(c)) {
        if (take_word(c, "ENDHDR")) {
            skip_line(c);
            return 1;
        }
        if (take_word(c, "WIDTH")) {
            h->width = take_number(c);
        } else if (take_word(c, "HEIGHT")) {
            h->height = take_number(c);
        } else if (take_word(c, "DEPTH")) {
            h->channels = take_number(c);
        } else if (take_word(c, "MAXVAL")) {
            h->most = take_number(c);
        }
    }
    return 0;
}

static int take_header(cursor *c, header *h)
{
    memset(h, 0, sizeof *h);
    if (take_word(c, "P5")) {
        h->channels = 1;
        return take_plain_header(c, h);
    }
    if (take_word(c, "P6")) {
        h->channels = 3;
        return take_plain_header(c, h);
    }
    return take_word(c, "P7") && take_pam_header(c, h);
}

static const char *check_header(const header *h)
{
    if (h->most != 255) {
        return "not 8 bits a channel: a maximum of 255 is accepted";
    }
    if (h->width < 1 || h->height < 1 || h->width > MAX_SIDE || h->height > MAX_SIDE || h->channels < 1 ||
        h->channels > 4) {
        return aecodec_status_text(AECODEC_BAD_IMAGE);
    }
    return NULL;
}

static int is_same(const header *h, const aecodec_image *picture)
{
    return h->width == picture->width && h->height == picture->height && h->channels == picture->channels;
}

/* Read one picture, and move its pixels behind those before. */
static const char *take_picture(cursor *c, aecodec_image *picture, uint8_t *file)
{
    header h;
    uint64_t size;
    const char *problem;
    if (!take_header(c, &h)) {
        return "not a PGM, PPM or PAM file of 8 bits";
    }
    problem = check_header(&h);
    size = h.width * h.height * h.channels;
    if (problem || (uint64_t)(c->end - c->at) < size) {
        return problem ? problem : "ends before its last pixel";
    }
    if (picture->frames && !is_same(&h, picture)) {
        return "pictures of several sizes, which cannot be frames of one file";
    }
    picture->width = (uint32_t)h.width;
    picture->height = (uint32_t)h.height;
    picture->channels = (uint32_t)h.channels;
    if (picture->frames == 0) {
        picture->pixels = file + (c->at - file);
    } else {
        memmove(picture->pixels + picture->frames * size, c->at, (size_t)size);
    }
    picture->frames++;
    c->at += size;
    return NULL;
}

const char *read_pnm(content *file, aecodec_image *picture)
{
    cursor c = {file->bytes, file->bytes + file->size};
    const char *problem;
    memset(picture, 0, sizeof *picture);
    do {
        problem = take_picture(&c, picture, file->bytes);
        skip_space(&c);
    } while (!problem && c.at < c.end);
    return problem;
}

static size_t write_header(const aecodec_image *picture, char *to)
{
    static const char *const types[] = {"", "GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"};
    uint32_t channels = picture->channels;
    if (channels % 2) {
        return (size_t)sprintf(to, "P%c\n%u %u\n255\n", channels == 1 ? '5' : '6', picture->width, picture->height);
    }
    return (size_t)sprintf(to, "P7\nWIDTH %u\nHEIGHT %u\nDEPTH %u\nMAXVAL 255\nTUPLTYPE %s\nENDHDR\n",
                           picture->width, picture->height, channels, types[channels]);
}

int write_pnm(const options *o, const aecodec_image *picture)
{
    char header[HEADER];
    size_t size = (size_t)picture->width * picture->height * picture->channels, head = write_header(picture, header);
    piece *pieces = malloc(2 * (size_t)picture->frames * sizeof *pieces);
    uint32_t n;
    int status;
    if (!pieces) {
        return fail(o->output, aecodec_status_text(AECODEC_NO_MEMORY));
    }
    for (n = 0; n < picture->frames; n++) {
        pieces[2 * (size_t)n] = (piece){header, head};
        pieces[2 * (size_t)n + 1] = (piece){picture->pixels + n * size, size};
    }
    status = write_file(o, pieces, 2 * (size_t)picture->frames);
    free(pieces);
    return status;
}
