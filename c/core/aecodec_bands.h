/* SPDX-License-Identifier: Apache-2.0 */
/* aecodec: types of samples, and the values of samples with several bands (docs/FORMAT.md). */
#ifndef AECODEC_BANDS_H
#define AECODEC_BANDS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { AECODEC_MAX_BANDS = 256, AECODEC_MAX_PHASES = 8, AECODEC_MAX_VALUE = 255 * AECODEC_MAX_PHASES };

/* Types of samples, by their numbers in files. */
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

/* Convert values, 0 to 255 * phases, to their channels in the networks, [count][phases], and back. */
void aecodec_values_to_phases(const uint16_t *values, size_t count, uint32_t phases, int8_t *channels);
void aecodec_values_from_phases(const int8_t *channels, size_t count, uint32_t phases, uint16_t *values);

#ifdef __cplusplus
}
#endif

#endif
