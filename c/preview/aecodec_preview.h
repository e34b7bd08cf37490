/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes previews (docs/PREVIEW.md), in C99, without the rest of aecodec and without allocating memory. */
#ifndef AECODEC_PREVIEW_H
#define AECODEC_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

enum {
    AECODEC_PREVIEW_SIDE = 32,
    AECODEC_PREVIEW_SQUARE = 31, /* the shape 1:1 */
    AECODEC_PREVIEW_TABLES = 364862 /* bytes of the tables */
};

/* Working memory, 39 kB, without content before and after a call. */
typedef struct {
    int32_t latents[400];
    int32_t grid[3][20][20], rows[3][20][32];
    int16_t cells[2][16 * 16 * 20];
    uint8_t alpha[32 * 32 * 4];
} aecodec_preview_work;

/* Decode `size` bytes to RGBA pixels. `tables` is the content of tables.bin. `*shape` becomes the number of the ratio of
 * width to height, 5^((shape - 31) / 31), or -1 if the payload has no shape. Returns 0, or -1 if the payload is empty or
 * its shape is not valid. */
int aecodec_preview_decode(const uint8_t *tables, const uint8_t *payload, size_t size, aecodec_preview_work *work,
                           uint8_t pixels[32 * 32 * 4], int *shape);

#endif
