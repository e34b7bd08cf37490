/* SPDX-License-Identifier: Apache-2.0 */
/* What all targets share: buffers without a spare byte, and requirements. */
#ifndef AECODEC_FUZZ_TARGET_H
#define AECODEC_FUZZ_TARGET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

#endif
