/* SPDX-License-Identifier: Apache-2.0 */
/* Compresses a PGM or PPM picture of 8 bits to an .aec file, and decompresses such files:
 *
 *     cc -std=c99 pnm.c $(pkg-config --cflags --libs aecodec) -o pnm
 *     ./pnm compress photo.aecodec holiday.ppm holiday.aec 2.5
 *     ./pnm decompress photo.aecodec holiday.aec back.ppm
 *
 * The level may be left out. Frames are written one after the other. */
#include <aecodec_library.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE = 1 << 20, HEADER_SIZE = 64 };

typedef struct {
    uint8_t *bytes;
    size_t size;
} content;

static int fail(const char *name, const char *problem)
{
    fprintf(stderr, "pnm: %s: %s\n", name, problem);
    return 1;
}

/* Read a whole file, which the caller frees. Returns 0 or an exit status. */
static int read_file(const char *path, content *file)
{
    FILE *from = fopen(path, "rb");
    long size = -1;
    int is_read;
    if (!from) {
        return fail(path, strerror(errno));
    }
    if (fseek(from, 0, SEEK_END) == 0) {
        size = ftell(from);
        rewind(from);
    }
    file->size = size < 0 ? 0 : (size_t)size;
    file->bytes = malloc(file->size + 1);
    is_read = size >= 0 && file->bytes && fread(file->bytes, 1, file->size, from) == file->size;
    fclose(from);
    return is_read ? 0 : fail(path, "cannot be read");
}

/* Write frames of bytes, each after a header. Returns 0 or an exit status. */
static int write_file(const char *path, const char *header, content frame, uint32_t frames)
{
    FILE *to = fopen(path, "wb");
    int is_written;
    if (!to) {
        return fail(path, strerror(errno));
    }
    for (; frames > 0; frames--, frame.bytes += frame.size) {
        fputs(header, to);
        fwrite(frame.bytes, 1, frame.size, to);
    }
    is_written = !ferror(to);
    return fclose(to) == 0 && is_written ? 0 : fail(path, "cannot be written");
}

/* Take a number of a header, after white space and comments. Returns 0 if there is none, or if it is too large. */
static uint32_t take_number(const content *file, size_t *at)
{
    uint32_t number = 0;
    while (*at < file->size && (strchr(" \t\r\n", file->bytes[*at]) || file->bytes[*at] == '#')) {
        if (file->bytes[*at] == '#') {
            while (*at < file->size && file->bytes[*at] != '\n') {
                ++*at;
            }
        }
        ++*at;
    }
    for (; *at < file->size && file->bytes[*at] >= '0' && file->bytes[*at] <= '9'; ++*at) {
        number = 10 * number + file->bytes[*at] - '0';
        if (number > MAX_SIDE) {
            return 0;
        }
    }
    return number;
}

/* Find the picture in a file. Returns whether it is a PGM or PPM of 8 bits with all pixels. */
static int find_picture(const content *file, aecodec_image *picture)
{
    size_t at = 2;
    if (file->size < at || file->bytes[0] != 'P' || (file->bytes[1] != '5' && file->bytes[1] != '6')) {
        return 0;
    }
    picture->channels = file->bytes[1] == '5' ? 1 : 3;
    picture->frames = 1;
    picture->width = take_number(file, &at);
    picture->height = take_number(file, &at);
    if (!picture->width || !picture->height || take_number(file, &at) != 255 || ++at > file->size) {
        return 0;
    }
    picture->pixels = file->bytes + at;
    return (file->size - at) / picture->channels / picture->width >= picture->height;
}

static int compress(const aecodec_bundle *codec, const char *path, const content *from, const char *to, double level)
{
    aecodec_image picture = {0};
    aecodec_target target = {0};
    aecodec_compressed compressed;
    content file;
    aecodec_status status;
    int result;
    if (!find_picture(from, &picture)) {
        return fail(path, "not a PGM or PPM picture of 8 bits");
    }
    target.level = (uint32_t)(16 * level + 0.5);
    status = aecodec_compress(codec, &picture, &target, NULL, &compressed);
    if (status != AECODEC_OK) {
        return fail(path, aecodec_status_text(status));
    }
    file.bytes = compressed.file;
    file.size = compressed.size;
    result = write_file(to, "", file, 1);
    aecodec_free(compressed.file);
    return result;
}

static int decompress(const aecodec_bundle *codec, const char *path, const content *from, const char *to)
{
    char header[HEADER_SIZE];
    aecodec_image picture;
    aecodec_status status = aecodec_decompress(codec, from->bytes, from->size, NULL, NULL, &picture);
    content frame;
    int result;
    if (status != AECODEC_OK) {
        return fail(path, aecodec_status_text(status));
    }
    frame.bytes = picture.pixels;
    frame.size = (size_t)picture.width * picture.height * picture.channels;
    sprintf(header, "P%c\n%u %u\n255\n", picture.channels == 1 ? '5' : '6', picture.width, picture.height);
    result = picture.channels % 2 ? write_file(to, header, frame, picture.frames) : fail(path, "has alpha");
    aecodec_image_free(&picture);
    return result;
}

int main(int count, char **arguments)
{
    const int is_compressing = count > 1 && !strcmp(arguments[1], "compress");
    const double level = count > 5 ? atof(arguments[5]) : 0;
    aecodec_bundle *codec;
    aecodec_status status;
    content file;
    int result;
    if ((count != 5 && !(is_compressing && count == 6 && level >= 1 && level < 16))
        || (!is_compressing && strcmp(arguments[1], "decompress") != 0)) {
        fputs("usage: pnm compress CODEC PICTURE FILE [LEVEL]\n       pnm decompress CODEC FILE PICTURE\n", stderr);
        return 2;
    }
    status = aecodec_bundle_open(arguments[2], &codec);
    if (status != AECODEC_OK) {
        return fail(arguments[2], aecodec_status_text(status));
    }
    result = read_file(arguments[3], &file);
    if (!result) {
        result = is_compressing ? compress(codec, arguments[3], &file, arguments[4], level)
                                : decompress(codec, arguments[3], &file, arguments[4]);
        free(file.bytes);
    }
    aecodec_bundle_close(codec);
    return result;
}
