/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 (ISO-HDLC) of samples and files, with tables on the stack: they are made faster than a file is read. */
#include "refined.h"

static void fill_table(uint32_t table[256])
{
    uint32_t byte;
    int bit;
    for (byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
        }
        table[byte] = crc;
    }
}

enum { SLICES = 8, MANY = 1 << 12 /* bytes that are worth eight tables */ };

/* Tables of bytes that are followed by 1 to 7 zero bytes. */
static void fill_tables(uint32_t tables[SLICES][256])
{
    uint32_t byte;
    int n;
    fill_table(tables[0]);
    for (n = 1; n < SLICES; n++) {
        for (byte = 0; byte < 256; byte++) {
            tables[n][byte] = tables[n - 1][byte] >> 8 ^ tables[0][tables[n - 1][byte] & 255u];
        }
    }
}

/* Sum eight bytes at a time. Returns the number of bytes. */
static size_t sum_many(uint32_t *crc, const uint8_t *bytes, size_t size)
{
    uint32_t t[SLICES][256];
    size_t n;
    fill_tables(t);
    for (n = 0; size - n >= SLICES; n += SLICES) {
        const uint32_t low = *crc ^ read_u32(bytes + n), high = read_u32(bytes + n + 4);
        *crc = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^ t[4][low >> 24] ^ t[3][high & 255] ^
               t[2][high >> 8 & 255] ^ t[1][high >> 16 & 255] ^ t[0][high >> 24];
    }
    return n;
}

uint32_t aecodec_crc32_of(uint32_t before, const uint8_t *bytes, size_t size)
{
    uint32_t table[256], crc = ~before;
    size_t n = size < MANY ? 0 : sum_many(&crc, bytes, size);
    fill_table(table);
    for (; n < size; n++) {
        crc = crc >> 8 ^ table[(crc ^ bytes[n]) & 255u];
    }
    return ~crc;
}
