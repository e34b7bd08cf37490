/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes and decodes previews (docs/PREVIEW.md): C99, in integers, without the rest of aecodec and without allocating
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
    AECODEC_PREVIEW_TABLES = 364862,  /* bytes of the tables */
    AECODEC_PREVIEW_LEAST_BYTES = 10, /* for any picture, without a checksum */
    AECODEC_PREVIEW_MOST_SIDE = 4096, /* of pictures that can be reduced */

    /* Shapes: the ratio of width to height is 5^((shape - 31) / 31), from 0 for 1:5 to 62 for 5:1. */
    AECODEC_PREVIEW_SQUARE = 31,
    AECODEC_PREVIEW_NO_SHAPE = -1, /* the receiver knows the ratio */
    AECODEC_PREVIEW_INVALID = -2
};

/* Formats of pictures: rows of pixels with 1, 3, 2 and 2 bytes. */
typedef enum {
    AECODEC_PREVIEW_GREY,
    AECODEC_PREVIEW_RGB,
    AECODEC_PREVIEW_RGB565, /* the high byte first, as in the frames of ESP32 cameras */
    AECODEC_PREVIEW_RGB565_LITTLE_ENDIAN
} aecodec_preview_format;

/* Working memory of the decoder, 16 kB, without content before and after a call. */
typedef struct {
    int32_t latents[400];
    union {
        int32_t grid[3][20][20];
        uint8_t cells[2][16 * 16 * 20];
    } memory;
    uint8_t pixels[32 * 32 * 4];
} aecodec_preview_work;

/* Working memory of the encoder, 18 kB, without content before and after a call. */
typedef struct {
    aecodec_preview_work decoder;
    int32_t targets[400];
    uint8_t drafts[2][256];
} aecodec_preview_encoder;

/* Reduce a picture to 32x32 RGB pixels, the means of its parts. Returns the shape of the picture, or
 * AECODEC_PREVIEW_INVALID, which the encoder rejects, if a side is 0 or longer than 4096 pixels. */
int aecodec_preview_reduce(const uint8_t *picture, aecodec_preview_format format, int width, int height,
                           uint8_t pixels[32 * 32 * 3]);

/* Encode 32x32 RGB pixels to at most `max_bytes` bytes: 10 or more, or 11 with a checksum. If `has_checksum` is not 0,
 * a checksum is the last byte. Returns the size of the payload, which never exceeds 257 bytes, or 0 if `max_bytes` is
 * too small or the shape is not valid. */
size_t aecodec_preview_encode(const uint8_t *tables, const uint8_t pixels[32 * 32 * 3], int shape, int has_checksum,
                              aecodec_preview_encoder *work, uint8_t *payload, size_t max_bytes);

/* Compute the checksum of bytes. A receiver compares it with the last byte of a payload, and decodes the others. */
uint8_t aecodec_preview_checksum(const uint8_t *payload, size_t size);

/* Write bytes as a base91 text with a zero at the end. It needs room for 5 / 4 `size` + 3 characters. Returns the length. */
size_t aecodec_preview_base91(const uint8_t *bytes, size_t size, char *text);

/* Decode `size` bytes, without checksum, to RGBA pixels and a shape. Returns 0, or -1 if the payload is empty or its
 * shape is not valid. */
int aecodec_preview_decode(const uint8_t *tables, const uint8_t *payload, size_t size, aecodec_preview_work *work,
                           uint8_t pixels[32 * 32 * 4], int *shape);

#ifdef __cplusplus
}
#endif

#endif
