/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#endif

#include "aecc.h"

enum { FIRST_ROOM = 1 << 16 };

static int is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* Standard input or output without a translation of line ends. */
static FILE *as_binary(FILE *stream)
{
#if defined(_WIN32)
    _setmode(_fileno(stream), _O_BINARY);
#endif
    return stream;
}

/* Double the room; a file may be a pipe, whose size nobody knows. */
static int make_room(content *c, size_t *room)
{
    size_t wanted = *room ? 2 * *room : FIRST_ROOM;
    uint8_t *bytes = wanted > *room ? realloc(c->bytes, wanted) : NULL;
    if (!bytes) {
        return 0;
    }
    c->bytes = bytes;
    *room = wanted;
    return 1;
}

/* The size of a file, if it is known; 0 otherwise. One byte more of room lets its end be seen. */
static size_t known_size(FILE *file)
{
    long size = -1;
    if (fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    return size > 0 ? (size_t)size : 0;
}

static const char *read_stream(FILE *file, content *c)
{
    size_t room = known_size(file) + 1, got;
    c->bytes = malloc(room);
    c->size = 0;
    if (!c->bytes) {
        return aecodec_status_text(AECODEC_NO_MEMORY);
    }
    while ((got = fread(c->bytes + c->size, 1, room - c->size, file)) > 0) {
        c->size += got;
        if (c->size == room && !make_room(c, &room)) {
            return aecodec_status_text(AECODEC_NO_MEMORY);
        }
    }
    return ferror(file) ? strerror(errno) : NULL;
}

int read_file(const char *path, content *c)
{
    FILE *file = is_standard(path) ? as_binary(stdin) : fopen(path, "rb");
    const char *problem = file ? read_stream(file, c) : strerror(errno);
    if (file && file != stdin) {
        fclose(file);
    }
    if (problem) {
        fail(path, problem);
        free(file ? c->bytes : NULL);
        return 1;
    }
    return 0;
}

static int write_pieces(FILE *file, const piece *pieces, size_t count)
{
    size_t n;
    for (n = 0; n < count; n++) {
        if (pieces[n].size && fwrite(pieces[n].bytes, 1, pieces[n].size, file) != pieces[n].size) {
            return 0;
        }
    }
    return fflush(file) == 0;
}

static int exists(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file) {
        fclose(file);
    }
    return file != NULL;
}

/* Write beside the file, and rename: whoever looks sees the whole file, or none. */
static int write_beside(const char *path, const char *beside, const piece *pieces, size_t count)
{
    FILE *file = fopen(beside, "wb");
    int is_written = file && write_pieces(file, pieces, count);
    if (file && fclose(file) != 0) {
        is_written = 0;
    }
#if defined(_WIN32)
    if (is_written) {
        remove(path); /* rename does not replace here */
    }
#endif
    if (!is_written || rename(beside, path) != 0) {
        int error = errno;
        remove(beside);
        return fail(path, strerror(error));
    }
    return 0;
}

int write_file(const options *o, const piece *pieces, size_t count)
{
    static const char ending[] = ".part";
    char *beside;
    int status;
    if (is_standard(o->output)) {
        return write_pieces(as_binary(stdout), pieces, count) ? 0 : fail("standard output", strerror(errno));
    }
    if (!o->force && exists(o->output)) {
        return fail(o->output, "exists already; --force overwrites it");
    }
    beside = malloc(strlen(o->output) + sizeof ending);
    if (!beside) {
        return fail(o->output, aecodec_status_text(AECODEC_NO_MEMORY));
    }
    strcpy(beside, o->output);
    strcat(beside, ending);
    status = write_beside(o->output, beside, pieces, count);
    free(beside);
    return status;
}
