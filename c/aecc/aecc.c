/* SPDX-License-Identifier: Apache-2.0 */
/* aecc: pictures to .aec files and back, from the command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecc.h"

/* Whether a byte of UTF-8, after the byte before it, ends a control character. */
static int is_control(unsigned char before, unsigned char byte)
{
    return byte < ' ' || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte <= 0x9f);
}

int fail(const char *what, const char *problem)
{
    unsigned char before = 0;
    fputs("aecc: ", stderr);
    for (; *what; what++) { /* a name must not control the terminal */
        unsigned char byte = (unsigned char)*what;
        fprintf(stderr, is_control(before, byte) ? "\\x%02x" : "%c", byte);
        before = byte;
    }
    fprintf(stderr, ": %s\n", problem);
    return 1;
}

static int compress_with(const options *o, const aecodec_bundle *bundle, const aecodec_image *picture)
{
    piece file = {NULL, 0};
    uint8_t *bytes = NULL;
    aecodec_status status =
        aecodec_compress(bundle, picture, o->level, o->max_bytes, NULL, &bytes, &file.size);
    int result;
    if (status != AECODEC_OK) {
        return fail(o->input, aecodec_status_text(status));
    }
    file.bytes = bytes;
    result = write_file(o, &file, 1);
    aecodec_free(bytes);
    return result;
}

static int compress(const options *o)
{
    content file;
    aecodec_image picture;
    aecodec_bundle *bundle;
    const char *problem;
    int result = read_file(o->input, &file);
    if (result) {
        return result;
    }
    problem = read_pnm(&file, &picture);
    result = problem ? fail(o->input, problem) : open_bundle(o, NULL, &bundle);
    if (!result) {
        result = compress_with(o, bundle, &picture);
        aecodec_bundle_close(bundle);
    }
    free(file.bytes);
    return result;
}

static int decompress_with(const options *o, const aecodec_bundle *bundle, const content *file)
{
    aecodec_image picture;
    aecodec_status status = aecodec_decompress(bundle, file->bytes, file->size, &o->limits, NULL, &picture);
    int result;
    if (status != AECODEC_OK) {
        return fail(o->input, aecodec_status_text(status));
    }
    result = write_pnm(o, &picture);
    aecodec_image_free(&picture);
    return result;
}

static int decompress(const options *o)
{
    content file;
    aecodec_header header;
    aecodec_bundle *bundle;
    int result = read_file(o->input, &file);
    if (result) {
        return result;
    }
    result = aecodec_read_header(file.bytes, file.size, &header) == AECODEC_OK
                 ? open_bundle(o, header.id, &bundle)
                 : fail(o->input, aecodec_status_text(AECODEC_DAMAGED));
    if (!result) {
        result = decompress_with(o, bundle, &file);
        aecodec_bundle_close(bundle);
    }
    free(file.bytes);
    return result;
}

static void print_header(const aecodec_header *header)
{
    static const char *const modes[] = {"L", "RGB", "LA", "RGBA"};
    printf("codec %02x%02x%02x%02x\n", header->id[0], header->id[1], header->id[2], header->id[3]);
    if (header->width) {
        printf("size %ux%u\n", header->width, header->height);
    } else {
        printf("size of the codec's tile\n");
    }
    printf("mode %s\nframes %u\n", modes[header->mode & 3], header->frames);
    if (header->level) {
        printf("level %g\n", header->level / 16.0);
    } else {
        printf("level of the codec's default\n");
    }
    printf("reduction %g\n", header->reduction / 2.0);
}

static int info(const options *o)
{
    content file;
    aecodec_header header;
    int result = read_file(o->input, &file);
    if (result) {
        return result;
    }
    if (aecodec_read_header(file.bytes, file.size, &header) == AECODEC_OK) {
        print_header(&header);
    } else {
        result = fail(o->input, aecodec_status_text(AECODEC_DAMAGED));
    }
    free(file.bytes);
    return result;
}

static int run(const options *o)
{
    switch (o->command) {
    case COMPRESS:
        return compress(o);
    case DECOMPRESS:
        return decompress(o);
    case INFO:
        return info(o);
    case HELP:
        print_help();
        return 0;
    default:
        puts("aecc " AECODEC_VERSION);
        return 0;
    }
}

/* What was printed counts as done once the system has taken it. */
static int end(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return status ? status : fail("standard output", strerror(errno));
    }
    return status;
}

int main(int count, char **arguments)
{
    options o;
    int status;
    memset(&o, 0, sizeof o);
    status = read_options(count, arguments, &o);
    return status ? status : end(run(&o));
}
