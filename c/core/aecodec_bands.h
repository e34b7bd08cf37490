/* SPDX-License-Identifier: Apache-2.0 */
/* aecodec: conversion of samples with several bands to the channels of int8 networks, and back (docs/FORMAT.md).
 *
 * The value of a sample is 0 to 255 * phases. In the networks, each value has that many channels:
 *
 *     aecodec_bands_input(&bands, AECODEC_UINT16, samples, pixels, input);   // of the encoder network
 *     aecodec_bands_output(&bands, AECODEC_UINT16, output, pixels, samples); // of the decoder network
 *
 * C99 without allocation, recursion, floating point or global state. */
#ifndef AECODEC_BANDS_H
#define AECODEC_BANDS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { AECODEC_MAX_BANDS = 256, AECODEC_MAX_PHASES = 8, AECODEC_MAX_VALUE = 255 * AECODEC_MAX_PHASES };

/* Types of samples, by their numbers in files. The functions below support the integers of up to 32 bits before FLOAT16. */
typedef enum {
    AECODEC_UINT8 = 0,
    AECODEC_INT8,
    AECODEC_UINT16,
    AECODEC_INT16,
    AECODEC_INT32,
    AECODEC_FLOAT16,
    AECODEC_FLOAT32,
    AECODEC_UINT32, /* these only with the codec `samples` */
    AECODEC_INT64,
    AECODEC_UINT64,
    AECODEC_FLOAT64
} aecodec_sample_type;

/* The limits of a band; high - low is at most 65535. */
typedef struct {
    int32_t low, high;
} aecodec_band_limits;

typedef struct {
    uint32_t count;                    /* of the bands, 1 to 32 */
    uint32_t phases;                   /* 1, 2, 4 or 8 */
    const aecodec_band_limits *limits; /* [count] */
    const uint16_t *tables;            /* [count][255 * phases + 1] sample of each value, in 1/65535 of high - low */
} aecodec_bands;

/* Convert samples, which are first clipped to the limits, to the input of an encoder network.
 *
 * type: an integer type.
 * samples: [pixels][count].
 * input: [pixels][count][phases], written. */
void aecodec_bands_input(const aecodec_bands *bands, aecodec_sample_type type, const void *samples, size_t pixels,
                         int8_t *input);

/* Convert the output of a decoder network to samples; the arrays are as above. */
void aecodec_bands_output(const aecodec_bands *bands, aecodec_sample_type type, const int8_t *output, size_t pixels,
                          void *samples);

/* Convert values to their channels, [count][phases], and back. */
void aecodec_values_to_phases(const uint16_t *values, size_t count, uint32_t phases, int8_t *channels);
void aecodec_values_from_phases(const int8_t *channels, size_t count, uint32_t phases, uint16_t *values);

#ifdef __cplusplus
}
#endif

#endif
