/* SPDX-License-Identifier: Apache-2.0 */
/* The networks and the entropy coder of one codec, for aecodec/native/parts.py. Private, but exported.
 *
 * Several threads may call functions at once with the same parts. Sizes of arrays are in bytes; levels are in
 * sixteenths. Callers free messages with aecodec_free. */
#ifndef AECODEC_PARTS_H
#define AECODEC_PARTS_H

#include "private.h"

#pragma GCC visibility push(default)

typedef struct aecodec_parts aecodec_parts;

/* Copy a bundle, which needs only the sections that its caller uses, and open it. */
aecodec_status aecodec_parts_open(const void *bundle, size_t size, aecodec_parts **parts);
void aecodec_parts_close(aecodec_parts *parts);

/* Run a network on pictures that follow each other. rows, columns: ignored unless the network takes any. */
aecodec_status aecodec_parts_run(aecodec_parts *parts, int is_encoder, uint32_t pictures, uint32_t rows,
                                 uint32_t columns, const int8_t *input, size_t input_size, int8_t *output,
                                 size_t output_size);

aecodec_status aecodec_parts_encode(aecodec_parts *parts, uint32_t level, uint32_t planes, uint32_t rows,
                                    uint32_t columns, const int8_t *latents, size_t latents_size, int8_t *codes,
                                    size_t codes_size, uint8_t **message, size_t *message_size);
aecodec_status aecodec_parts_decode(aecodec_parts *parts, uint32_t level, uint32_t planes, uint32_t rows,
                                    uint32_t columns, const uint8_t *message, size_t message_size, int8_t *codes,
                                    size_t codes_size);
aecodec_status aecodec_parts_dequantize(aecodec_parts *parts, uint32_t level, uint32_t vectors, const int8_t *codes,
                                        size_t codes_size, int8_t *latents, size_t latents_size);

/* Encode the values of a segment (residual_coding states the shapes) to a message and to the decoder's values, or
 * decode a message, according to which of the two is NULL. */
aecodec_status aecodec_parts_refine(const uint8_t *networks, size_t networks_size, uint32_t frames, uint32_t bands,
                                    uint32_t height, uint32_t width, const int64_t *steps, const int64_t *limits,
                                    const int64_t *base, const uint8_t *missing, const int64_t *values,
                                    int64_t *decoded, uint8_t **message, size_t *message_size);

#pragma GCC visibility pop

#endif
