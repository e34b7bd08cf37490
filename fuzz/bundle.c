/* SPDX-License-Identifier: Apache-2.0 */
/* Target: open any codec file, with the right identity and hash of its head, and use what opens. */
#include "aecodec_library.h"
#include "aecodec_network.h"
#include "codec.h"
#include "seal.h"

enum { ALIGNMENT = 64, DIGEST = 32, MOST_MEMORY = 1 << 20 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static size_t number_at(const uint8_t *bytes)
{
    return bytes[0] | (size_t)bytes[1] << 8;
}

/* Give a head its identity, if its parts lie within its bytes. */
static void seal_identity(uint8_t *bytes, size_t head)
{
    enum { NUMBERS = 16, FACTS = 64, LEVEL = 8, ENTRY = 48, CONTENT = 40 };
    size_t levels = LEVEL * (size_t)bytes[21], sections = number_at(bytes + 6), gains = 0, described, n;
    uint8_t *covered, *end;
    if (head < FACTS + LEVEL) {
        return;
    }
    if (bytes[FACTS + 5]) {
        gains = 2 * (size_t)bytes[21] * (uint16_t)(number_at(bytes + FACTS + 2) - number_at(bytes + FACTS));
    }
    described = levels + gains + number_at(bytes + 30);
    if (FACTS + described + sections * ENTRY + DIGEST > head) {
        return;
    }
    covered = malloc(head);
    require(covered != NULL);
    memcpy(covered, bytes + NUMBERS, NUMBERS);
    memcpy(covered + NUMBERS, bytes + FACTS, described);
    end = covered + NUMBERS + described;
    for (n = 0; n < sections; n++) {
        const uint8_t *entry = bytes + FACTS + described + n * ENTRY;
        if (entry[0] >= AECODEC_DECODER && entry[0] <= AECODEC_BANDS) {
            memcpy(end, entry, CONTENT);
            end += CONTENT;
        }
    }
    aecodec_sha256(covered, (size_t)(end - covered), bytes + 2 * NUMBERS);
    free(covered);
}

/* Give a head its hashes, if it lies within the bytes. */
static void seal_head(uint8_t *bytes, size_t size)
{
    size_t head = size < 12 ? 0 : bytes[8] | (size_t)bytes[9] << 8 | (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (head >= DIGEST && head <= size) {
        seal_identity(bytes, head);
        aecodec_sha256(bytes, head - DIGEST, bytes + head - DIGEST);
    }
}

/* A copy at an address that is a multiple of 64, and ends where its memory ends. */
static uint8_t *aligned_copy(const uint8_t *data, size_t size, void **memory)
{
    size_t room = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uint8_t *copy;
    require(posix_memalign(memory, ALIGNMENT, room ? room : ALIGNMENT) == 0);
    copy = *memory;
    memcpy(copy, data, size);
    return copy;
}

/* Whether a tile takes little memory; a hostile network may take any. */
static int is_small(const aecodec_bundle *bundle, uint32_t kind)
{
    aecodec_codec_facts facts;
    aecodec_network network;
    uint32_t shape[3];
    size_t size;
    const void *plan = aecodec_bundle_find(bundle, kind, 0, &size);
    aecodec_bundle_facts(bundle, &facts);
    if (!plan || facts.tile_width * facts.tile_height > 4096 ||
        aecodec_network_open(&network, plan, size) != AECODEC_OK) {
        return 0;
    }
    aecodec_network_input(&network, shape);
    if (!shape[0]) {
        shape[0] = kind == AECODEC_ENCODER ? facts.tile_height : 1;
        shape[1] = kind == AECODEC_ENCODER ? facts.tile_width : 1;
    }
    return aecodec_network_work_size(&network, shape[0], shape[1]) < MOST_MEMORY;
}

static void compress_with(const aecodec_bundle *bundle, uint32_t level)
{
    static const aecodec_limits limits = {0, 0, 0, MOST_MEMORY};
    static uint8_t pixels[2 * 4096];
    aecodec_codec_facts facts;
    const aecodec_target target = {level, 0, NULL};
    aecodec_image picture = {0, 0, 1, 2, pixels, NULL, 0}, restored;
    aecodec_compressed made;
    aecodec_bundle_facts(bundle, &facts);
    picture.width = facts.tile_width;
    picture.height = facts.tile_height;
    if (aecodec_compress(bundle, &picture, &target, NULL, &made) == AECODEC_OK) {
        if (is_small(bundle, AECODEC_DECODER) &&
            aecodec_decompress(bundle, made.file, made.size, &limits, NULL, &restored) == AECODEC_OK) {
            aecodec_image_free(&restored);
        }
        aecodec_free(made.file);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *memory;
    aecodec_bundle *bundle;
    uint8_t *copy = aligned_copy(data, size, &memory);
    uint32_t level;
    seal_head(copy, size);
    if (aecodec_bundle_from_memory(copy, size, &bundle) == AECODEC_OK) {
        for (level = 16; is_small(bundle, AECODEC_ENCODER) && level <= 48; level += 16) {
            compress_with(bundle, level);
        }
        aecodec_bundle_close(bundle);
    }
    free(memory);
    return 0;
}
