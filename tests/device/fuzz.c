/* libFuzzer's target: the header's reader and the decoder, on any bytes, and on bytes whose magic, version,
 * codec, level and checksum were made right, so that what lies behind them is reached.
 *
 *     clang -std=c99 -g -O1 -fsanitize=fuzzer,address,undefined -I CODEC fuzz.c CODEC/aec.c CODEC/codec.c
 */
#include <stdlib.h>
#include <string.h>

#include "aec.h"
#include "codec.h"

enum { MOST_VECTORS = 64 };

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

static void make_right(uint8_t *file, size_t size)
{
    uint32_t crc;
    int n;
    memcpy(file, "\xae" "C\x01", 3);
    memcpy(file + 3, codec.id, 4);
    if (!codec.is_default && !(file[7] & 0x04)) { /* else the level stands after the size */
        file[7] |= 0x08;
        file[8] = codec.level;
    }
    crc = crc32_of(file, size - 4);
    for (n = 0; n < 4; n++) {
        file[size - 4 + (size_t)n] = (uint8_t)(crc >> 8 * n);
    }
}

static void read_all(const uint8_t *data, size_t size)
{
    /* exactly as large as may be touched, so that one byte beyond is seen */
    size_t codes_size = MOST_VECTORS * CODEC_DIMENSION, work_size = MOST_VECTORS * CODEC_WORK_SIZE;
    int8_t *codes = malloc(codes_size);
    uint32_t *work = malloc(work_size);
    size_t vectors;
    aec_header header;
    aec_read_header(data, size, &header);
    if (aec_decode(&codec, data, size, work, work_size, codes, codes_size, &vectors) == AEC_OK &&
        vectors > MOST_VECTORS) {
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
        make_right(file, size);
        read_all(file, size);
    }
    free(file);
    return 0;
}
