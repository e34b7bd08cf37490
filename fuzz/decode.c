/* SPDX-License-Identifier: Apache-2.0 */
/* Target: decode any file. What decodes is encoded again, and must decode to the same codes. */
#include "aecodec.h"
#include "codec.h"
#include "target.h"

enum { SIDE = 6 }; /* working memory for a picture of SIDE by SIDE tiles, and codes for half of it */

typedef struct {
    uint32_t *work;
    size_t work_size;
    int8_t *codes;
    size_t capacity; /* bytes of codes */
    size_t vectors;  /* decoded */
} room;

static room new_room(void)
{
    const aecodec_picture picture = {(uint32_t)SIDE * CODEC.tile_width, (uint32_t)SIDE * CODEC.tile_height,
                                     CODEC.channels == 1 ? AECODEC_GREY : AECODEC_RGB};
    room made = {NULL, 0, NULL, 0, 0};
    made.work_size = aecodec_work_size(&CODEC, &picture);
    made.work = exactly(made.work_size);
    made.capacity = aecodec_vector_count(&CODEC, &picture) / 2 * CODEC.code_dimension;
    made.codes = exactly(made.capacity);
    return made;
}

static void free_room(room *used)
{
    free(used->work);
    free(used->codes);
}

static aecodec_status decode_into(room *used, const uint8_t *file, size_t size)
{
    return aecodec_decode(&CODEC, file, size, used->work, used->work_size, used->codes, used->capacity,
                          &used->vectors);
}

/* Codes are codes: latents and back, they are the same. */
static void check_codes(const room *decoded)
{
    size_t size = decoded->vectors * CODEC.code_dimension;
    int8_t *latents = exactly(decoded->vectors * CODEC.latent_channels), *codes = exactly(size);
    aecodec_dequantize(&CODEC, decoded->codes, decoded->vectors, latents);
    aecodec_quantize(&CODEC, latents, decoded->vectors, codes);
    require(memcmp(codes, decoded->codes, size) == 0);
    free(codes);
    free(latents);
}

static void check_again(const room *decoded, const aecodec_header *header)
{
    const aecodec_picture picture = {header->width ? header->width : CODEC.tile_width,
                                     header->height ? header->height : CODEC.tile_height,
                                     header->mode ? AECODEC_RGB : AECODEC_GREY};
    room again = new_room();
    size_t size = 0;
    require(aecodec_vector_count(&CODEC, &picture) == decoded->vectors);
    size_t bound = aecodec_file_bound(&CODEC, &picture);
    uint8_t *file = exactly(bound);
    require(aecodec_encode(&CODEC, &picture, decoded->codes, again.work, again.work_size, file, bound, &size) ==
            AECODEC_OK);
    require(decode_into(&again, file, size) == AECODEC_OK && again.vectors == decoded->vectors);
    require(memcmp(again.codes, decoded->codes, again.vectors * CODEC.code_dimension) == 0);
    free(file);
    free_room(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = copy_of(data, size);
    room decoded = new_room();
    aecodec_header header;
    if (decode_into(&decoded, file, size) == AECODEC_OK) {
        require(decoded.vectors * CODEC.code_dimension <= decoded.capacity);
        require(aecodec_read_header(file, size, &header) == AECODEC_OK);
        check_codes(&decoded);
        if (header.frames == 1 && header.reduction == 2 && header.mode <= 1) {
            check_again(&decoded, &header);
        }
    }
    free_room(&decoded);
    free(file);
    return 0;
}
