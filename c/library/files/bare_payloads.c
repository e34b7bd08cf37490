/* SPDX-License-Identifier: Apache-2.0 */
/* Bare payloads (FORMAT, section 9): files of version 1 without magic, version, codec id and CRC-32. */
#include <stdlib.h>
#include <string.h>

#include "codec_files/bundle.h"
#include "files/container.h"

enum { ID = 3, ID_SIZE = 4, START = ID + ID_SIZE };

static uint8_t crc8_of(const uint8_t *bytes, size_t size)
{
    unsigned crc = 0;
    for (size_t n = 0; n < size; n++) {
        crc ^= bytes[n];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc << 1 ^ (crc & 0x80u ? 0x107u : 0u);
        }
    }
    return (uint8_t)crc;
}

static aecodec_status check_file(const aecodec_bundle *bundle, const uint8_t *file, size_t size)
{
    refined_file parsed;
    aecodec_header header;
    aecodec_status status = aecodec_refined_file_read(file, size, &parsed);
    if (status == AECODEC_OK && parsed.count) {
        return AECODEC_HAS_REFINEMENTS;
    }
    status = status == AECODEC_OK ? aecodec_read_header(file, size, &header) : status;
    return status == AECODEC_OK && memcmp(header.id, bundle->facts.sha256, ID_SIZE) != 0 ? AECODEC_OTHER_CODEC
                                                                                         : status;
}

aecodec_status aecodec_to_bare(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                               int has_checksum, uint8_t **payload, size_t *payload_size)
{
    const aecodec_status status = check_file(bundle, file, size);
    const size_t content_size = size - AECODEC_BARE_SAVING;
    uint8_t *bytes = status == AECODEC_OK ? malloc(content_size + 1) : NULL;
    if (!bytes) {
        return status == AECODEC_OK ? AECODEC_NO_MEMORY : status;
    }
    memcpy(bytes, file + START, content_size);
    bytes[content_size] = crc8_of(file + ID, ID_SIZE + content_size);
    *payload = bytes;
    *payload_size = content_size + (has_checksum != 0);
    return AECODEC_OK;
}

static void write_file(const aecodec_bundle *bundle, const uint8_t *content, size_t size, uint8_t *file)
{
    memcpy(file, "\xae\x43\x01", ID);
    memcpy(file + ID, bundle->facts.sha256, ID_SIZE);
    memcpy(file + START, content, size);
    aecodec_write_checksum(file, START + size);
}

aecodec_status aecodec_from_bare(const aecodec_bundle *bundle, const uint8_t *payload, size_t size,
                                 int has_checksum, uint8_t **file, size_t *file_size)
{
    const size_t content_size = size > 0 ? size - (has_checksum != 0) : 0;
    uint8_t *bytes = content_size ? malloc(content_size + AECODEC_BARE_SAVING) : NULL;
    aecodec_status status = AECODEC_OK;
    aecodec_header header;
    if (!bytes) {
        return content_size ? AECODEC_NO_MEMORY : AECODEC_TOO_SHORT;
    }
    write_file(bundle, payload, content_size, bytes);
    if (has_checksum && crc8_of(bytes + ID, ID_SIZE + content_size) != payload[content_size]) {
        status = AECODEC_BAD_CHECKSUM;
    }
    status = status == AECODEC_OK ? aecodec_read_header(bytes, content_size + AECODEC_BARE_SAVING, &header)
                                  : status;
    if (status != AECODEC_OK) {
        free(bytes);
        return status;
    }
    *file = bytes;
    *file_size = content_size + AECODEC_BARE_SAVING;
    return AECODEC_OK;
}
