/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4). */
#include <string.h>

#include "aecodec_library.h"

enum { BLOCK = 64, LENGTH = 8 };

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

static void expand(const uint8_t *block, uint32_t words[64])
{
    unsigned n;
    for (n = 0; n < 16; n++, block += 4) {
        words[n] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
    }
    for (; n < 64; n++) {
        uint32_t a = words[n - 15], b = words[n - 2];
        uint32_t low = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3, high = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
        words[n] = words[n - 16] + low + words[n - 7] + high;
    }
}

static void add_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t words[64], s[8];
    expand(block, words);
    memcpy(s, state, sizeof s);
    for (unsigned n = 0; n < 64; n++) {
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]),
                 majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + choice;
        uint32_t two = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + majority;
        one += constants[n] + words[n];
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned n = 0; n < 8; n++) {
        state[n] += s[n];
    }
}

/* The last bytes, a bit of 1, zeros, and the length in bits. */
static void add_end(uint32_t state[8], const uint8_t *rest, size_t left, uint64_t size)
{
    uint8_t blocks[2 * BLOCK];
    size_t length = left < BLOCK - LENGTH ? BLOCK : 2 * BLOCK;
    memset(blocks, 0, sizeof blocks);
    memcpy(blocks, rest, left);
    blocks[left] = 0x80;
    for (size_t n = 0; n < LENGTH; n++) {
        blocks[length - 1 - n] = (uint8_t)(8 * size >> 8 * n);
    }
    for (size_t n = 0; n < length; n += BLOCK) {
        add_block(state, blocks + n);
    }
}

void aecodec_sha256(const uint8_t *bytes, size_t size, uint8_t digest[32])
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    size_t at;
    for (at = 0; size - at >= BLOCK; at += BLOCK) {
        add_block(state, bytes + at);
    }
    add_end(state, bytes + at, size - at, size);
    for (size_t n = 0; n < 32; n++) {
        digest[n] = (uint8_t)(state[n / 4] >> (24 - 8 * (n % 4)));
    }
}
