/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles in files, mapped into memory where the system can. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif

#include <stdlib.h>
#include <string.h>

#include "private.h"

/* The hashes of all sections that are present. */
static aecodec_status check_hashes(const aecodec_bundle *bundle)
{
    uint32_t n;
    for (n = 0; n < bundle->facts.sections; n++) {
        const section *s = &bundle->sections[n];
        uint8_t digest[32];
        if (!s->entry.is_present) {
            continue;
        }
        aecodec_sha256(s->content, s->entry.size, digest);
        if (memcmp(digest, s->entry.sha256, sizeof digest) != 0) {
            return AECODEC_BAD_BUNDLE;
        }
    }
    return AECODEC_OK;
}

static aecodec_status open_memory(void *memory, size_t size, void (*release)(void *, size_t), aecodec_bundle **bundle)
{
    aecodec_bundle *made = NULL;
    aecodec_status status = aecodec_bundle_from_memory(memory, size, &made);
    if (status != AECODEC_OK) {
        release(memory, size);
        return status;
    }
    made->release = release;
    made->memory = memory;
    made->memory_size = size;
    status = check_hashes(made);
    if (status == AECODEC_OK) {
        *bundle = made;
    } else {
        aecodec_bundle_close(made);
    }
    return status;
}

#if !defined(_WIN32)

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void unmap(void *memory, size_t size)
{
    munmap(memory, size);
}

aecodec_status aecodec_bundle_open(const char *path, aecodec_bundle **bundle)
{
    struct stat facts;
    void *memory = MAP_FAILED;
    int file = open(path, O_RDONLY);
    if (file < 0) {
        return AECODEC_UNREADABLE;
    }
    if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0) {
        memory = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    }
    close(file);
    if (memory == MAP_FAILED) {
        return AECODEC_UNREADABLE;
    }
    return open_memory(memory, (size_t)facts.st_size, unmap, bundle);
}

#else

#include <malloc.h>
#include <stdio.h>

static void release(void *memory, size_t size)
{
    (void)size;
    _aligned_free(memory);
}

static void *read_all(FILE *file, size_t *size)
{
    void *memory = NULL;
    long length;
    if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
        *size = (size_t)length;
        memory = _aligned_malloc(*size, ALIGNMENT);
    }
    if (memory && fread(memory, 1, *size, file) != *size) {
        _aligned_free(memory);
        memory = NULL;
    }
    return memory;
}

aecodec_status aecodec_bundle_open(const char *path, aecodec_bundle **bundle)
{
    FILE *file = fopen(path, "rb");
    size_t size = 0;
    void *memory;
    if (!file) {
        return AECODEC_UNREADABLE;
    }
    memory = read_all(file, &size);
    fclose(file);
    return memory ? open_memory(memory, size, release, bundle) : AECODEC_UNREADABLE;
}

#endif
