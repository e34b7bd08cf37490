/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the format, and numbers. Private. */
#pragma once

#include <string.h>

#include "aecodec_library.h"
#include "aecodec_reader.h"

enum {
    LEVEL_UNITS = 16,
    MAX_LEVELS = 15,
    NOT_REDUCED = 2,
    MAX_REDUCTION = 64,
    MAX_SIDE = 1 << 20,
    MAX_FRAMES = 1 << 24,
    MAX_PIXELS = 1 << 30,
    MAX_REDUCED_PIXELS = 1 << 26,
    LARGE_PICTURE = 1 << 22, /* pixels of a frame from which rate control tries fewer pixels at all levels */
    ALIGNMENT = 64,
    WINDOW_MEMORY = 128 << 20 /* bytes of working memory that a run of a network may use */
};

static inline uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t divide_up(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

/* Whether a number of bytes fits into size_t, which may have 32 bits. */
static inline int memory_fits(uint64_t bytes)
{
    return bytes <= SIZE_MAX / 2;
}

/* Whether a file may hold pictures of a size. */
static inline int sides_fit(uint32_t width, uint32_t height, uint32_t frames)
{
    return width - 1u < MAX_SIDE && height - 1u < MAX_SIDE && frames - 1u < MAX_FRAMES &&
           (uint64_t)width * height <= MAX_PIXELS / frames;
}

/* Whether a codec id is that of the built-in codec `samples`. */
static inline int is_samples_id(const uint8_t id[4])
{
    return memcmp(id, AECODEC_SAMPLES_ID, 4) == 0;
}

/* The CRC-32 of bytes that follow other bytes, whose CRC-32 is `before`; 0 if there are none. */
uint32_t aecodec_crc32_of(uint32_t before, const uint8_t *bytes, size_t size);
