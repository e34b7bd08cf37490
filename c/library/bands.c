/* SPDX-License-Identifier: Apache-2.0 */
/* The section of the bands in a bundle (docs/BUNDLE.md). */
#include <string.h>

#include "private.h"

enum { NUMBERS = 8 /* bytes before the limits */, LAST = 65535 /* of a table */ };

static int is_finite(double number)
{
    return number - number == 0;
}

static int limits_fit(const double *limits, uint32_t bands)
{
    uint32_t n;
    for (n = 0; n < bands; n++, limits += 2) {
        if (!is_finite(limits[0]) || !is_finite(limits[1]) || limits[0] >= limits[1]) {
            return 0;
        }
    }
    return 1;
}

static int table_fits(const uint16_t *table, uint32_t top)
{
    uint32_t n;
    for (n = 0; n < top; n++) {
        if (table[n] > table[n + 1]) {
            return 0;
        }
    }
    return table[0] == 0 && table[top] == LAST;
}

/* Whether there is a name for each band, and nothing after them. */
static int names_fit(const uint8_t *names, size_t size, uint32_t bands)
{
    size_t n;
    uint32_t ends = 0;
    for (n = 0; n < size; n++) {
        ends += names[n] == 0;
    }
    return ends == bands && names[size - 1] == 0;
}

aecodec_status bands_open(const aecodec_codec_facts *facts, const uint8_t *bytes, size_t size, band_tables *tables)
{
    uint32_t bands = facts->channels, top = 255 * facts->phases, n;
    size_t limits = 2 * sizeof(double) * bands, table = ((size_t)top + 1) * sizeof(uint16_t);
    size_t names = NUMBERS + limits + table * bands;
    if (!facts->phases || size <= names || bytes[0] != bands || bytes[1] != facts->phases || bytes[2] > 1) {
        return AECODEC_BAD_BUNDLE;
    }
    tables->has_file_limits = bytes[2];
    tables->limits = (const double *)(const void *)(bytes + NUMBERS);
    tables->tables = (const uint16_t *)(const void *)(bytes + NUMBERS + limits);
    tables->names = (const char *)bytes + names;
    if (!limits_fit(tables->limits, bands) || !names_fit(bytes + names, size - names, bands)) {
        return AECODEC_BAD_BUNDLE;
    }
    for (n = 0; n < bands; n++) {
        if (!table_fits(tables->tables + n * (top + 1), top)) {
            return AECODEC_BAD_BUNDLE;
        }
    }
    tables->is_present = 1;
    return AECODEC_OK;
}

const char *aecodec_bundle_band(const aecodec_bundle *bundle, uint32_t band, double limits[2])
{
    const char *name = bundle->bands.names;
    uint32_t n;
    if (!bundle->bands.is_present || band >= bundle->facts.channels) {
        return NULL;
    }
    for (n = 0; n < band; n++) {
        name += strlen(name) + 1;
    }
    if (limits) {
        limits[0] = bundle->bands.limits[2 * band];
        limits[1] = bundle->bands.limits[2 * band + 1];
    }
    return name;
}
