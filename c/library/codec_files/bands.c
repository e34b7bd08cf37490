/* SPDX-License-Identifier: Apache-2.0 */
/* The section of the bands in a bundle (docs/FORMAT.md, section 3). */
#include <string.h>

#include "codec_files/bundle.h"

enum { NUMBERS = 8 /* bytes before the limits */, LAST = 65535 /* of a table */, MAX_NAME = 400 };

static int is_finite(double number)
{
    return number - number == 0;
}

static int limits_fit(const double *limits, uint32_t bands)
{
    for (uint32_t n = 0; n < bands; n++, limits += 2) {
        if (!is_finite(limits[0]) || !is_finite(limits[1]) || limits[0] >= limits[1]) {
            return 0;
        }
    }
    return 1;
}

static int table_fits(const uint16_t *table, uint32_t top)
{
    for (uint32_t n = 0; n < top; n++) {
        if (table[n] > table[n + 1]) {
            return 0;
        }
    }
    return table[0] == 0 && table[top] == LAST;
}

static int names_fit(const uint8_t *names, size_t size, uint32_t bands)
{
    for (uint32_t n = 0; n < bands; n++) {
        size_t name = size < 2 ? MAX_NAME + 1 : read_u16(names);
        if (name > MAX_NAME || name > size - 2) {
            return 0;
        }
        names += 2 + name;
        size -= 2 + name;
    }
    return size == 0;
}

aecodec_status aecodec_bands_open(const aecodec_codec_facts *facts, const uint8_t *bytes, size_t size,
                                  band_tables *tables)
{
    uint32_t bands = facts->channels, top = 255 * facts->phases;
    size_t limits = 2 * sizeof(double) * bands, table = ((size_t)top + 1) * sizeof(uint16_t);
    size_t names = NUMBERS + limits + table * bands;
    if (!facts->phases || size < names || bytes[0] != facts->phases || bytes[1] != bands || bytes[2] > 1) {
        return AECODEC_BAD_BUNDLE;
    }
    tables->has_file_limits = bytes[2];
    tables->limits = (const double *)(const void *)(bytes + NUMBERS);
    tables->tables = (const uint16_t *)(const void *)(bytes + NUMBERS + limits);
    tables->names = bytes + names;
    if (!limits_fit(tables->limits, bands) || !names_fit(bytes + names, size - names, bands)) {
        return AECODEC_BAD_BUNDLE;
    }
    for (uint32_t n = 0; n < bands; n++) {
        if (!table_fits(tables->tables + n * (top + 1), top)) {
            return AECODEC_BAD_BUNDLE;
        }
    }
    tables->is_present = 1;
    return AECODEC_OK;
}

aecodec_status aecodec_bundle_band(const aecodec_bundle *bundle, uint32_t number, aecodec_band *band)
{
    const uint8_t *name = bundle->bands.names;
    if (!bundle->facts.phases || number >= bundle->facts.channels) {
        return AECODEC_BAD_ARGUMENT;
    }
    if (!bundle->bands.is_present) {
        return AECODEC_ABSENT;
    }
    for (uint32_t n = 0; n < number; n++) {
        name += 2 + read_u16(name);
    }
    memset(band, 0, sizeof *band);
    band->low = bundle->bands.limits[2 * number];
    band->high = bundle->bands.limits[2 * number + 1];
    memcpy(band->name, name + 2, read_u16(name));
    return AECODEC_OK;
}
