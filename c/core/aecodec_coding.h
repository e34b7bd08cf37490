/* SPDX-License-Identifier: Apache-2.0 */
/* Coding of vectors, with the range coder. Private. */
#ifndef AECODEC_CODING_H
#define AECODEC_CODING_H

#include "aecodec_pass.h"
#include "aecodec_range_coder.h"

/* The vectors of a picture. */
typedef struct {
    uint32_t planes, rows, columns, vectors;
} shape;

/* Quantize a latent, with or without a dead zone around 0. */
int8_t aecodec_quantized(const aecodec_codec *codec, int32_t latent, size_t channel, int has_dead_zone);
void aecodec_quantize_all(const aecodec_codec *codec, const int8_t *latents, size_t vectors,
                          int has_dead_zone, int8_t *codes);

#ifdef AECODEC_LIBRARY
enum { MANY = 4 }; /* symbols worth sorting, and vectors worth taking together */
#endif

/* Most vectors of a pass. */
size_t aecodec_max_pass(const aecodec_codec *codec, shape s);

/* Bytes of working memory, which aecodec_start_pass lays out. */
size_t aecodec_pass_size(const aecodec_codec *codec, shape s);
void aecodec_start_pass(pass *p, const aecodec_codec *codec, shape s, int8_t *codes, uint32_t *work);

/* Encode or decode all vectors. */
void aecodec_code_vectors(pass *p, range_coder *c);

/* Bytes of the shortest message that a decoder accepts. */
size_t aecodec_shortest_message(const aecodec_codec *codec, uint32_t vectors);

#endif
