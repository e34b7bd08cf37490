/* SPDX-License-Identifier: Apache-2.0 */
/* What an encoder makes of vectors, for programs that fit the tables of codecs. The tables are those of aecodec.h; none of
 * these functions checks them. */
#ifndef AECODEC_FITTING_H
#define AECODEC_FITTING_H

#include "aecodec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Factors of gains from -2048 to 0, in 1/256 octave, as multiples of 2^-15. */
void aecodec_gain_factors(const int16_t *gains, size_t count, uint16_t *factors);

/* Choose priors, rows and columns for the vectors of any number of planes, which are cut into segments as in files.
 *
 * vectors: their planes, rows and columns; 1, 1 and their number if they have no neighbours.
 * latents: [vectors][latent_channels], to be quantized as by aecodec_encode_message; NULL for given codes.
 * codes: [vectors][code_dimension], written if there are latents, else read.
 *
 * Returns AECODEC_OK or AECODEC_NO_MEMORY. */
aecodec_status aecodec_explain(const aecodec_codec *codec, const aecodec_segment *vectors, const int8_t *latents,
                               aecodec_rate_weight weight, int8_t *codes, const aecodec_choices *choices);

/* Find the neighbours that the spatial context of each vector of a plane reads, which is cut into segments as in files.
 * kinds and neighbours are those of aecodec_find_neighbours. */
aecodec_status aecodec_neighbours(uint32_t rows, uint32_t columns, int8_t *kinds, uint32_t (*neighbours)[4]);

/* Convert samples to values for residual networks, as a refinement with a maximum error does.
 *
 * type: aecodec_sample_type.
 * samples: [pixels][bands].
 * base: the same, or NULL.
 * values, base_values: [bands][pixels], written.
 * step, limits: set to the distance of two values that the error can tell apart, and to the lowest and highest value. */
void aecodec_residual_lattice(uint32_t type, uint32_t bands, uint32_t pixels, const void *samples, const void *base,
                              double error, int64_t *values, int64_t *base_values, int64_t *step, int64_t limits[2]);

/* The values of a segment, for residual networks: arrays [bands][height][width]. */
typedef struct {
    uint32_t bands, height, width;
    const int64_t *steps;       /* [bands] distances of two values that the bounds can tell apart */
    const int64_t (*limits)[2]; /* [bands] lowest and highest value */
    const int64_t *base;        /* anything if the networks have no base */
    int64_t *values;
} aecodec_residual_values;

/* Number of inputs of the network of a band. */
uint32_t aecodec_residual_input_count(uint32_t band, int has_base);

/* Find what a network reads of the samples of a band at some rows and columns, if the values around them are known. While
 * it is found for the first sample, which has no known neighbours, its value is replaced by its base.
 *
 * references: [count] the values from which all others are measured.
 * exponents: [count] inputs are distances in units of 2^(exponent - 5).
 * inputs: [count][aecodec_residual_input_count]. */
void aecodec_residual_inputs(const aecodec_residual_values *values, int has_base, uint32_t band, size_t count,
                             const uint32_t *rows, const uint32_t *columns, int64_t *references, int32_t *exponents,
                             int16_t *inputs);

/* Encode values with packed networks (FORMAT, section 8).
 *
 * decoded: [bands][height][width], written: the values of a decoder.
 * size: set to the bytes of the message.
 *
 * Returns AECODEC_OK, AECODEC_BAD_ARGUMENT, AECODEC_BAD_BUNDLE for damaged networks, or AECODEC_NO_MEMORY. */
aecodec_status aecodec_residual_decoded(const aecodec_residual_values *values, const uint8_t *networks,
                                        size_t networks_size, int64_t *decoded, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
