/* SPDX-License-Identifier: Apache-2.0 */
#include "aecodec_bands.h"

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
