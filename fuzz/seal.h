/* SPDX-License-Identifier: Apache-2.0 */
/* What all targets share: files with the right beginning and checksum, numbers for mutators, and buffers without a
 * spare byte. */
#ifndef AECODEC_FUZZ_SEAL_H
#define AECODEC_FUZZ_SEAL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 8, CHECKSUM = 4, SHORTEST = PREFIX + CHECKSUM };

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    size_t n;
    int bit;
    for (n = 0; n < size; n++) {
        crc ^= data[n];
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* Give a file of at least SHORTEST bytes the magic, the version, a codec's id and its checksum. */
static void seal(uint8_t *file, size_t size, const uint8_t *id)
{
    uint32_t crc;
    int n;
    memcpy(file, "\xae" "C\x01", 3);
    memcpy(file + 3, id, 4);
    crc = crc32_of(file, size - CHECKSUM);
    for (n = 0; n < CHECKSUM; n++) {
        file[size - CHECKSUM + (size_t)n] = (uint8_t)(crc >> 8 * n);
    }
}

/* The next number of a mutator, which is never 0: xorshift, G. Marsaglia. */
static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Memory of exactly this size, so that AddressSanitizer sees one byte more; of one byte if the size is 0. */
static void *exactly(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory) {
        abort();
    }
    return memory;
}

/* A copy of exactly this size. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
    uint8_t *copy = exactly(size);
    if (size) {
        memcpy(copy, data, size);
    }
    return copy;
}

/* Try a file as it is, and with the right beginning and checksum. */
static void try_both(const uint8_t *data, size_t size, const uint8_t *id, void (*try_one)(const uint8_t *, size_t))
{
    uint8_t *file = copy_of(data, size);
    try_one(file, size);
    if (size >= SHORTEST) {
        seal(file, size, id);
        try_one(file, size);
    }
    free(file);
}

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

#endif
