/* SPDX-License-Identifier: Apache-2.0 */
/* Compresses a PGM or PPM picture of 8 bits to an .aec file, and decompresses such files:
 *
 *     cc -std=c99 pnm.c -laecodec -o pnm
 *     ./pnm compress photo.aecodec holiday.ppm holiday.aec 2.5
 *     ./pnm decompress photo.aecodec holiday.aec back.ppm
 *
 * The level may be left out. Frames are written one after the other. */
#include <aecodec_library.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE = 1 << 20 };

typedef struct {
    uint8_t *bytes;
    size_t size;
} content;

static int fail(const char *name, const char *problem)
{
    fprintf(stderr, "pnm: %s: %s\n", name, problem);
    return 1;
}

static int check(const char *name, aecodec_status status)
{
    return status == AECODEC_OK ? 0 : fail(name, aecodec_status_text(status));
}

/* Read a whole file, which the caller frees. Returns 0 or an exit status. */
static int read_file(const char *path, content *file)
{
    FILE *from = fopen(path, "rb");
    long size;
    int is_read;
    if (!from) {
        return fail(path, strerror(errno));
    }
    size = fseek(from, 0, SEEK_END) == 0 ? ftell(from) : -1;
    rewind(from);
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

/* Take a number of a header, after white space and comments. Returns 0 if there is none, or if it is too
 * large. */
static uint32_t take_number(const content *file, size_t *at)
{
    uint32_t number = 0;
    int is_comment = 0;
    for (; *at < file->size && (is_comment || isspace(file->bytes[*at]) || file->bytes[*at] == '#'); ++*at) {
        is_comment = file->bytes[*at] == '#' || (is_comment && file->bytes[*at] != '\n');
    }
    for (; *at < file->size && isdigit(file->bytes[*at]) && number <= MAX_SIDE; ++*at) {
        number = 10 * number + file->bytes[*at] - '0';
    }
    return number <= MAX_SIDE ? number : 0;
}

/* Find the picture in a file. Returns whether it is a PGM or PPM of 8 bits with all pixels. */
static int find_picture(const content *file, aecodec_image *picture)
{
    size_t at = 2;
    if (file->size < at || file->bytes[0] != 'P' || (file->bytes[1] != '5' && file->bytes[1] != '6')) {
        return 0;
    }
    picture->channels = file->bytes[1] == '5' ? 1 : 3;
    picture->width = take_number(file, &at);
    picture->height = take_number(file, &at);
    if (!picture->width || !picture->height || take_number(file, &at) != 255 || ++at > file->size) {
        return 0;
    }
    picture->pixels = file->bytes + at;
    return (file->size - at) / picture->channels / picture->width >= picture->height;
}

static int compress(const aecodec_bundle *codec, const char *path, const content *from, const char *to,
                    double level)
{
    const aecodec_target target = {.level = (uint32_t)(16 * level + 0.5)};
    aecodec_image picture = {.frames = 1};
    aecodec_compressed compressed;
    int result;
    if (!find_picture(from, &picture)) {
        return fail(path, "not a PGM or PPM picture of 8 bits");
    }
    if (check(path, aecodec_compress(codec, &picture, &target, NULL, &compressed))) {
        return 1;
    }
    result = write_file(to, "", (content){compressed.file, compressed.size}, 1);
    aecodec_free(compressed.file);
    return result;
}

static int decompress(const aecodec_bundle *codec, const char *path, const content *from, const char *to)
{
    char header[64];
    aecodec_image picture;
    size_t size;
    int result;
    if (check(path, aecodec_decompress(codec, from->bytes, from->size, NULL, NULL, &picture))) {
        return 1;
    }
    size = (size_t)picture.width * picture.height * picture.channels;
    sprintf(header, "P%c\n%u %u\n255\n", picture.channels == 1 ? '5' : '6', picture.width, picture.height);
    result = picture.channels % 2 ? write_file(to, header, (content){picture.pixels, size}, picture.frames)
                                  : fail(path, "has alpha");
    aecodec_image_free(&picture);
    return result;
}

int main(int count, char **arguments)
{
    const int is_compressing = count > 1 && !strcmp(arguments[1], "compress");
    const double level = count > 5 ? atof(arguments[5]) : 0;
    aecodec_bundle *codec = NULL;
    content file = {NULL, 0};
    int result;
    if ((count != 5 && !(is_compressing && count == 6 && level >= 1 && level < 16))
        || (!is_compressing && strcmp(arguments[1], "decompress") != 0)) {
        fputs("usage: pnm compress CODEC PICTURE FILE [LEVEL]\n       pnm decompress CODEC FILE PICTURE\n",
              stderr);
        return 2;
    }
    result = check(arguments[2], aecodec_bundle_open(arguments[2], &codec)) || read_file(arguments[3], &file)
             || (is_compressing ? compress(codec, arguments[3], &file, arguments[4], level)
                                : decompress(codec, arguments[3], &file, arguments[4]));
    free(file.bytes);
    aecodec_bundle_close(codec);
    return result;
}
