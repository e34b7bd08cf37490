/* SPDX-License-Identifier: Apache-2.0 */
/* Target of libFuzzer: reads a header, and decodes, any bytes; then the same bytes with the right magic,
 * version, codec, level and checksum, so that the code behind these checks is reached.
 *
 *     clang -std=c99 -g -O1 -fsanitize=fuzzer,address,undefined -I CODEC \
 *         fuzz.c CODEC/aecodec.c CODEC/aecodec_*_level*.c
 */
#include <stdlib.h>
#include <string.h>

#include "aecodec.h"
#include "codec.h"

enum { MAX_VECTORS = 64 };

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    size_t n;
    int bit;
    for (n = 0; n < size; n++) {
        crc ^= data[n];
        for (bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        }
    }
    return ~crc;
}

static void repair(uint8_t *file, size_t size)
{
    uint32_t crc;
    int n;
    memcpy(file, "\xae" "C\x01", 3);
    memcpy(file + 3, CODEC.id, 4);
    if (!CODEC.is_default && !(file[7] & 0x04)) { /* otherwise the level stands after the size */
        file[7] |= 0x08;
        file[8] = CODEC.level;
    }
    crc = crc32_of(file, size - 4);
    for (n = 0; n < 4; n++) {
        file[size - 4 + (size_t)n] = (uint8_t)(crc >> 8 * n);
    }
}

static void read_all(const uint8_t *data, size_t size)
{
    /* exactly as large as the library may touch, so that the sanitizer sees one byte more */
    size_t codes_size = MAX_VECTORS * CODEC_CODE_DIMENSION, work_size = MAX_VECTORS * CODEC_WORK_SIZE;
    int8_t *codes = malloc(codes_size);
    uint32_t *work = malloc(work_size);
    size_t vectors;
    aecodec_header header;
    aecodec_read_header(data, size, &header);
    if (aecodec_decode(&CODEC, data, size, work, work_size, codes, codes_size, &vectors) == AECODEC_OK &&
        vectors > MAX_VECTORS) {
        abort();
    }
    free(work);
    free(codes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(size + 1); /* never of no bytes, which need not have an address */
    memcpy(file, data, size);
    read_all(file, size);
    if (size >= 13) {
        repair(file, size);
        read_all(file, size);
    }
    free(file);
    return 0;
}
