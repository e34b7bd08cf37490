/* SPDX-License-Identifier: Apache-2.0 */
/* Target: open any codec file, or any plan of a network, and use what opens. Codec files have to compress
 * and decompress a tile. Plans run in exactly the memory that they ask for, and all kernels of this
 * machine have to agree. */
#include "aecodec_kernels.h"
#include "aecodec_library.h"
#include "aecodec_network.h"
#include "target.h"

enum { ALIGNMENT = 64, MAX_MEMORY = 1 << 20, MAX_SIZE = 1 << 13, ROWS = 8, COLUMNS = 4 };

/* A copy at an address that is a multiple of 64, and ends where its memory ends. */
static uint8_t *aligned_copy(const uint8_t *data, size_t size, void **memory)
{
    size_t room = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    require(posix_memalign(memory, ALIGNMENT, room ? room : ALIGNMENT) == 0);
    uint8_t *copy = *memory;
    memcpy(copy, data, size);
    return copy;
}

/* ---- codec files ---- */

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
    return aecodec_network_work_size(&network, shape[0], shape[1]) < MAX_MEMORY;
}

static void compress_with(const aecodec_bundle *bundle, uint32_t level)
{
    static const aecodec_limits limits = {.max_pixels = 4096};
    static uint8_t pixels[2 * 4096];
    aecodec_codec_facts facts;
    const aecodec_target target = {level, 0, NULL};
    aecodec_image picture = {0, 0, 1, 2, pixels, NULL, 0}, restored;
    aecodec_compressed compressed;
    aecodec_bundle_facts(bundle, &facts);
    picture.width = facts.tile_width;
    picture.height = facts.tile_height;
    if (aecodec_compress(bundle, &picture, &target, NULL, &compressed) == AECODEC_OK) {
        if (is_small(bundle, AECODEC_DECODER) && aecodec_decompress(bundle, compressed.file, compressed.size,
                                                                    &limits, NULL, &restored) == AECODEC_OK) {
            aecodec_image_free(&restored);
        }
        aecodec_free(compressed.file);
    }
}

static void use_codec(const uint8_t *data, size_t size)
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
}

/* ---- plans ---- */

static size_t count_of(const uint32_t shape[3])
{
    return (size_t)shape[0] * shape[1] * shape[2];
}

/* The output for inputs that count up, or NULL if it would be large. */
static int8_t *run(const aecodec_network *network, const uint32_t in[3], const uint32_t out[3])
{
    const size_t size = aecodec_network_work_size(network, in[0], in[1]), count = count_of(in);
    if (!size || size > MAX_MEMORY || count > MAX_SIZE || count_of(out) > MAX_SIZE) {
        return NULL;
    }
    int8_t *input = exactly(count), *output = exactly(count_of(out));
    void *work = exactly(size);
    for (size_t n = 0; n < count; n++) {
        input[n] = (int8_t)(n * 37 % 256 - 128);
    }
    require(aecodec_network_run(network, in[0], in[1], input, output, work, size) == AECODEC_OK);
    free(input);
    free(work);
    return output;
}

/* The beginning of a plan and its size are corrected, as they would reject most inputs. */
static void use_plan(const uint8_t *data, size_t size)
{
    uint32_t in[3], out[3], *plan = (uint32_t *)(void *)copy_of(data, size);
    aecodec_network network;
    plan[1] = 1;
    plan[2] = (uint32_t)size;
    if (aecodec_network_open(&network, plan, size) == AECODEC_OK) {
        aecodec_network_input(&network, in);
        in[0] = in[0] ? in[0] : ROWS;
        in[1] = in[1] ? in[1] : COLUMNS;
        if (aecodec_network_output(&network, in[0], in[1], out) == AECODEC_OK) {
            int8_t *best = run(&network, in, out);
            network.kernels = &aecodec_portable_kernels;
            int8_t *plain = run(&network, in, out);
            require(!best || !plain || memcmp(best, plain, count_of(out)) == 0);
            free(best);
            free(plain);
        }
    }
    free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (size >= 12 && memcmp(data, "AECN", 4) == 0 ? use_plan : use_codec)(data, size);
    return 0;
}
