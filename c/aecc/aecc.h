/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the command aecc. */
#ifndef AECC_H
#define AECC_H

#include "aecodec_library.h"

/* ---- options.c ---- */

typedef enum { COMPRESS, DECOMPRESS, INFO, TRIM, HELP, VERSION } command;

typedef struct {
    command command;
    const char *input, *output; /* "-": standard input and output */
    const char *bundle;         /* NULL: found by id in the folder AECODEC_PATH */
    uint32_t level;             /* in sixteenths; 0: the default */
    size_t max_bytes;           /* 0: none; of the bare payload with is_bare */
    double errors[AECODEC_MAX_REFINEMENTS]; /* maximum errors */
    uint32_t error_count;
    int is_root;   /* whether the errors are factors of the square root */
    int base_only; /* decompress the picture before the refinements */
    int is_bare, has_checksum; /* bare payloads instead of files, and their checksum */
    aecodec_limits limits;
    int force; /* overwrite output */
    int has_nodata;
    double nodata; /* value of missing samples */
} options;

/* Read the arguments. Returns 0, or the exit status 2 after saying what is wrong. */
int read_options(int count, char **arguments, options *o);
void print_help(void);

/* ---- files.c ---- */

/* Print what is wrong with what, such as "aecc: x.aec: cannot be read", without control characters, and return the
 * exit status 1. */
int fail(const char *what, const char *problem);

typedef struct {
    uint8_t *bytes; /* freed by the caller */
    size_t size;
} content;

/* Read a whole file. Returns 0, or an exit status after saying what is wrong. */
int read_file(const char *path, content *c);

/* Parts of a file, one after the other. */
typedef struct {
    const void *bytes;
    size_t size;
} piece;

/* Write a file that appears whole or not at all. */
int write_file(const options *o, const piece *pieces, size_t count);

/* ---- pnm.c ---- */

/* Read the pictures of a PGM, PPM or PAM file of 8 bits, one after the other of one size; the pixels stay where
 * they are in the file. Returns NULL, or what is wrong. */
const char *read_pnm(content *file, aecodec_image *picture);

/* Write pictures as PGM or PPM; as PAM if they have alpha. */
int write_pnm(const options *o, const aecodec_image *picture);

/* ---- npy.c ---- */

int is_npy(const content *file);

/* Read an array of samples, whose numbers stay in the memory of the file. bands: of the codec. Returns NULL, or what is
 * wrong. */
const char *read_npy(content *file, uint32_t bands, aecodec_samples *samples);

/* Write samples in the axes and the byte order of their source. */
int write_npy(const options *o, const aecodec_samples *samples);

#endif
