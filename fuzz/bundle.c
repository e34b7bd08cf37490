/* SPDX-License-Identifier: Apache-2.0 */
/* Target: open any codec file, and use what opens. */
#include "aecodec_library.h"
#include "aecodec_network.h"
#include "target.h"

enum { ALIGNMENT = 64, MOST_MEMORY = 1 << 20 };

/* A copy at an address that is a multiple of 64, and ends where its memory ends. */
static uint8_t *aligned_copy(const uint8_t *data, size_t size, void **memory)
{
    size_t room = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    require(posix_memalign(memory, ALIGNMENT, room ? room : ALIGNMENT) == 0);
    uint8_t *copy = *memory;
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
    if (aecodec_bundle_from_memory(copy, size, &bundle) == AECODEC_OK) {
        for (uint32_t level = 16; is_small(bundle, AECODEC_ENCODER) && level <= 48; level += 16) {
            compress_with(bundle, level);
        }
        aecodec_bundle_close(bundle);
    }
    free(memory);
    return 0;
}
