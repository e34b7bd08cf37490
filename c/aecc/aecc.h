/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the command aecc. */
#ifndef AECC_H
#define AECC_H

#include "aecodec_library.h"

/* Print what is wrong with what, such as "aecc: x.aec: cannot be read", without control characters, and return the
 * exit status 1. */
int fail(const char *what, const char *problem);

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

/* ---- bundles.c ---- */

/* Open the bundle that was named, or the one in the folder AECODEC_PATH that has an id (4 bytes; NULL: none is
 * known). Returns 0, or an exit status after saying what is wrong. */
int open_bundle(const options *o, const uint8_t *id, aecodec_bundle **bundle);

/* ---- refinements.c ---- */

/* Find the base of a file within its bytes, and whether it has a picture. Returns 0, or an exit status after saying what
 * is wrong. */
int find_base(const options *o, const content *file, content *base, int *has_base);

/* Returns 0, or an exit status after saying what is wrong. */
int list_refinements(const options *o, const content *file, aecodec_refinement *refinements, uint32_t *count);
void print_refinements(const aecodec_refinement *refinements, uint32_t count);

/* Write a file without the refinements that the maximum error does not need. Returns an exit status. */
int trim(const options *o, const content *file);

#endif
