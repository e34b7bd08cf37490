/* SPDX-License-Identifier: Apache-2.0 */
/* Target: the header of any file, as it is, and with the right beginning and checksum. */
#include "aecodec.h"
#include "codec.h"
#include "seal.h"

/* Limits of docs/FORMAT.md, counted in another way than the library does. */
static void check_limits(const aecodec_header *header)
{
    uint64_t pixels = (uint64_t)(header->width ? header->width : 1) * (header->height ? header->height : 1);
    require(header->width <= 1u << 20 && header->height <= 1u << 20);
    require(header->frames >= 1 && header->frames <= 1u << 24);
    require(pixels <= (1u << 30) / header->frames);
    require(header->reduction >= 2 && header->reduction <= 64 && header->mode <= 3);
    require(header->reduction == 2 || pixels * header->frames <= 1u << 26);
    require(header->level == 0 || header->level >= 16);
}

static void read_one(const uint8_t *file, size_t size)
{
    aecodec_header header;
    if (aecodec_read_header(file, size, &header) == AECODEC_OK) {
        check_limits(&header);
        require(header.payload >= file + PREFIX);
        require(header.payload + header.payload_size == file + size - CHECKSUM);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_both(data, size, CODEC.id, read_one);
    return 0;
}
