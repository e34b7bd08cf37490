/* SPDX-License-Identifier: Apache-2.0 */
#include "aecodec_bands.h"

enum { STEPS = 65535 /* of a table */ };

/* Phase n of a value is (value + n) / phases. */
void aecodec_values_to_phases(const uint16_t *values, size_t count, uint32_t phases, int8_t *channels)
{
    const int shift = phases == 8 ? 3 : (int)phases / 2;
    for (size_t at = 0; at < count; at++) {
        for (uint32_t n = 0; n < phases; n++) {
            *channels++ = (int8_t)((int)((values[at] + n) >> shift) - 128);
        }
    }
}

void aecodec_values_from_phases(const int8_t *channels, size_t count, uint32_t phases, uint16_t *values)
{
    for (size_t at = 0; at < count; at++) {
        int sum = 128 * (int)phases;
        for (uint32_t n = 0; n < phases; n++) {
            sum += *channels++;
        }
        values[at] = (uint16_t)sum;
    }
}

static int32_t sample_of(const aecodec_bands *bands, uint32_t band, uint32_t value)
{
    const aecodec_band_limits *limits = &bands->limits[band];
    uint32_t step = bands->tables[band * (255 * bands->phases + 1) + value];
    uint32_t range = (uint32_t)limits->high - (uint32_t)limits->low;
    return (int32_t)(limits->low + (int64_t)((range * step + STEPS / 2) / STEPS)); /* below 2^32: range is 16 bits */
}

/* The value with the nearest sample, by bisection among the means of neighbours. A table may have equal entries, whose first value is taken. */
static uint32_t value_of(const aecodec_bands *bands, uint32_t band, int32_t sample)
{
    const aecodec_band_limits *limits = &bands->limits[band];
    const uint16_t *table = bands->tables + band * (255 * bands->phases + 1);
    uint32_t low = 0, high = 255 * bands->phases, range = (uint32_t)limits->high - (uint32_t)limits->low;
    sample = sample < limits->low ? limits->low : sample > limits->high ? limits->high : sample;
    uint32_t above = (uint32_t)sample - (uint32_t)limits->low;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if ((uint64_t)(2 * STEPS) * above > (uint64_t)range * ((uint32_t)table[middle] + table[middle + 1])) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low && table[low] == table[low - 1]) {
        low--;
    }
    return low;
}

static int32_t load(aecodec_sample_type type, const void *samples, size_t n)
{
    switch (type) {
    case AECODEC_UINT8:
        return ((const uint8_t *)samples)[n];
    case AECODEC_INT8:
        return ((const int8_t *)samples)[n];
    case AECODEC_UINT16:
        return ((const uint16_t *)samples)[n];
    case AECODEC_INT16:
        return ((const int16_t *)samples)[n];
    default:
        return ((const int32_t *)samples)[n];
    }
}

static void store(aecodec_sample_type type, void *samples, size_t n, int32_t sample)
{
    switch (type) {
    case AECODEC_UINT8:
    case AECODEC_INT8:
        ((uint8_t *)samples)[n] = (uint8_t)sample;
        break;
    case AECODEC_UINT16:
    case AECODEC_INT16:
        ((uint16_t *)samples)[n] = (uint16_t)sample;
        break;
    default:
        ((int32_t *)samples)[n] = sample;
    }
}

void aecodec_bands_input(const aecodec_bands *bands, aecodec_sample_type type, const void *samples, size_t pixels,
                         int8_t *input)
{
    size_t count = pixels * bands->count;
    uint32_t band = 0;
    for (size_t n = 0; n < count; n++, input += bands->phases) {
        uint16_t value = (uint16_t)value_of(bands, band, load(type, samples, n));
        aecodec_values_to_phases(&value, 1, bands->phases, input);
        band = band + 1 == bands->count ? 0 : band + 1;
    }
}

void aecodec_bands_output(const aecodec_bands *bands, aecodec_sample_type type, const int8_t *output, size_t pixels,
                          void *samples)
{
    size_t count = pixels * bands->count;
    uint32_t band = 0;
    for (size_t n = 0; n < count; n++, output += bands->phases) {
        uint16_t value;
        aecodec_values_from_phases(output, 1, bands->phases, &value);
        store(type, samples, n, sample_of(bands, band, value));
        band = band + 1 == bands->count ? 0 : band + 1;
    }
}
