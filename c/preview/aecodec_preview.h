/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes previews (docs/PREVIEW.md): C99, in integers, without the rest of aecodec and without allocating
 * memory. `tables` is the content of tables.bin in every call. */
#ifndef AECODEC_PREVIEW_H
#define AECODEC_PREVIEW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AECODEC_PREVIEW_SIDE = 32,
    AECODEC_PREVIEW_TABLES = 364862, /* bytes of the tables */

    /* Shapes: the ratio of width to height is 5^((shape - 31) / 31), from 0 for 1:5 to 62 for 5:1. */
    AECODEC_PREVIEW_SQUARE = 31,
    AECODEC_PREVIEW_NO_SHAPE = -1 /* the receiver knows the ratio */
};

/* Working memory of the decoder, 16 kB, without content before and after a call. */
typedef struct {
    int32_t latents[400];
    union {
        int32_t grid[3][20][20];
        uint8_t cells[2][16 * 16 * 20];
    } memory;
    uint8_t pixels[32 * 32 * 4];
} aecodec_preview_work;

/* Decode `size` bytes to RGBA pixels and a shape. Returns 0, or -1 if the payload is empty or its shape is
 * not valid. */
int aecodec_preview_decode(const uint8_t *tables, const uint8_t *payload, size_t size,
                           aecodec_preview_work *work, uint8_t pixels[32 * 32 * 4], int *shape);

#ifdef __cplusplus
}
#endif

#endif
