/* SPDX-License-Identifier: Apache-2.0 */
/* Codec files. They are read into memory: indices were checked when a codec was opened, and a program that
 * rewrites a mapped file in place would change them afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec_files/bundle.h"

/* Check that the file has all the sections that its directory places in it, and their hashes. */
static aecodec_status check_sections(const aecodec_bundle *bundle)
{
    for (uint32_t n = 0; n < bundle->facts.sections; n++) {
        const section *s = &bundle->sections[n];
        uint8_t digest[32];
        if (!s->entry.offset) {
            continue;
        }
        if (!s->entry.is_present) {
            return AECODEC_BAD_BUNDLE;
        }
        aecodec_sha256(s->content, s->entry.size, digest);
        if (memcmp(digest, s->entry.sha256, sizeof digest) != 0) {
            return AECODEC_BAD_BUNDLE;
        }
    }
    return AECODEC_OK;
}

/* Size of a file; 0 if it is empty, unknown, or larger than codec files are. */
static size_t size_of(FILE *file)
{
    const long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    const int is_usual = size > 0 && (unsigned long)size <= UINT32_MAX - ALIGNMENT;
    return is_usual && fseek(file, 0, SEEK_SET) == 0 ? (size_t)size : 0;
}

/* Read a codec file into memory, which the caller frees, at the next multiple of ALIGNMENT. */
static aecodec_status open_copy(FILE *file, void **memory, aecodec_bundle **bundle)
{
    const size_t size = size_of(file);
    *memory = malloc(size + ALIGNMENT);
    if (!*memory) {
        return AECODEC_NO_MEMORY;
    }
    uint8_t *start = (uint8_t *)*memory + (ALIGNMENT - (uintptr_t)*memory % ALIGNMENT);
    return size && fread(start, 1, size, file) == size ? aecodec_bundle_from_memory(start, size, bundle)
                                                       : AECODEC_UNREADABLE;
}

aecodec_status aecodec_bundle_open(const char *path, aecodec_bundle **bundle)
{
    FILE *file = fopen(path, "rb");
    aecodec_bundle *opened = NULL;
    void *memory = NULL;
    aecodec_status status = file ? open_copy(file, &memory, &opened) : AECODEC_UNREADABLE;
    if (file) {
        fclose(file);
    }
    if (!opened) {
        free(memory);
        return status;
    }
    opened->memory = memory;
    status = check_sections(opened);
    if (status == AECODEC_OK) {
        *bundle = opened;
    } else {
        aecodec_bundle_close(opened);
    }
    return status;
}
