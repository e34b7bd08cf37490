/* SPDX-License-Identifier: Apache-2.0 */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#if defined(_WIN32)
#include <io.h>
#include <process.h>
#define getpid _getpid
#else
#include <unistd.h>
#endif

#include "aecc.h"

enum { FIRST_ROOM = 1 << 16, PART_NAME = 32 };

static const size_t most_bytes = (size_t)1 << 31;
static const char too_large[] = "larger than 2 GiB";

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

/* Double the room; a file may be a pipe, whose size nobody knows. Returns what is wrong, or NULL. */
static const char *make_room(content *c, size_t *room)
{
    size_t wanted = *room < FIRST_ROOM ? FIRST_ROOM : 2 * *room;
    uint8_t *bytes;
    if (*room > most_bytes) {
        return too_large;
    }
    *room = wanted > most_bytes ? most_bytes + 1 : wanted;
    bytes = realloc(c->bytes, *room);
    if (!bytes) {
        return aecodec_status_text(AECODEC_NO_MEMORY);
    }
    c->bytes = bytes;
    return NULL;
}

/* The size of a file, if it is known; 0 otherwise, as of folders. One byte more of room lets its end be seen. */
static size_t known_size(FILE *file)
{
    long size = -1;
    if (fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    return size > 0 && size < LONG_MAX ? (size_t)size : 0;
}

static const char *read_stream(FILE *file, content *c)
{
    size_t room = known_size(file) + 1, got;
    const char *problem;
    c->size = 0;
    c->bytes = room > most_bytes + 1 ? NULL : malloc(room);
    problem = room > most_bytes + 1 ? too_large : c->bytes ? NULL : aecodec_status_text(AECODEC_NO_MEMORY);
    while (!problem && (got = fread(c->bytes + c->size, 1, room - c->size, file)) > 0) {
        c->size += got;
        problem = c->size == room ? make_room(c, &room) : NULL;
    }
    return !problem && ferror(file) ? strerror(errno) : problem;
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

#if defined(_WIN32)

static int exists(const char *path)
{
    return _access(path, 0) == 0;
}

static int is_device(const char *path)
{
    (void)path;
    return 0;
}

static FILE *make_file(const char *path)
{
    int file = _open(path, _O_CREAT | _O_EXCL | _O_WRONLY | _O_BINARY, _S_IREAD | _S_IWRITE);
    return file < 0 ? NULL : _fdopen(file, "wb");
}

#else

/* A file that may not be read exists too, and so does a link that leads nowhere. */
static int exists(const char *path)
{
    struct stat found;
    return lstat(path, &found) == 0;
}

static int is_device(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && !S_ISREG(found.st_mode);
}

/* A file that was not there before; no link is followed. */
static FILE *make_file(const char *path)
{
    int file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0666);
    return file < 0 ? NULL : fdopen(file, "wb");
}

#endif

/* Write to a file that was opened, and close it. */
static int write_and_close(FILE *file, const piece *pieces, size_t count)
{
    int is_written = file && write_pieces(file, pieces, count);
    if (file && fclose(file) != 0) {
        is_written = 0;
    }
    return is_written;
}

/* A device or a pipe is written to; a file would take its place otherwise. */
static int write_to_device(const char *path, const piece *pieces, size_t count)
{
    return write_and_close(fopen(path, "wb"), pieces, count) ? 0 : fail(path, strerror(errno));
}

/* Write beside the file, and rename: whoever looks sees the whole file, or none. */
static int write_beside(const char *path, const char *beside, const piece *pieces, size_t count)
{
    FILE *file = make_file(beside);
    int is_written = write_and_close(file, pieces, count);
    if (!file) {
        return fail(errno == EEXIST ? beside : path, strerror(errno));
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
    char *beside;
    int status;
    if (is_standard(o->output)) {
        return write_pieces(as_binary(stdout), pieces, count) ? 0 : fail("standard output", strerror(errno));
    }
    if (!o->force && exists(o->output)) {
        return fail(o->output, "exists already; --force overwrites it");
    }
    if (is_device(o->output)) {
        return write_to_device(o->output, pieces, count);
    }
    beside = malloc(strlen(o->output) + PART_NAME);
    if (!beside) {
        return fail(o->output, aecodec_status_text(AECODEC_NO_MEMORY));
    }
    sprintf(beside, "%s.%ld.part", o->output, (long)getpid());
    status = write_beside(o->output, beside, pieces, count);
    free(beside);
    return status;
}
