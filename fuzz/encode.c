/* SPDX-License-Identifier: Apache-2.0 */
/* Target: encode any latents of a picture of any small size. The file decodes to its codes, and is refused room
 * that it does not fit into. An input is width, height, mode, and latents, which are repeated to fill the
 * picture. */
#include "aecodec.h"
#include "codec.h"
#include "seal.h"

enum { HEAD = 3, SIDE = 2 /* most tiles of a side */ };

static aecodec_picture picture_of(const uint8_t *data)
{
    aecodec_picture picture;
    picture.width = 1 + data[0] % (uint32_t)(SIDE * CODEC.tile_width);
    picture.height = 1 + data[1] % (uint32_t)(SIDE * CODEC.tile_height);
    picture.mode = data[2] & 1 ? AECODEC_RGB : AECODEC_GREY;
    return picture;
}

static int8_t *codes_of(const uint8_t *data, size_t size, size_t vectors)
{
    size_t n, count = vectors * CODEC.latent_channels;
    int8_t *latents = exactly(count), *codes = exactly(vectors * CODEC.code_dimension);
    for (n = 0; n < count; n++) {
        latents[n] = size ? (int8_t)data[n % size] : 0;
    }
    aecodec_quantize(&CODEC, latents, vectors, codes);
    free(latents);
    return codes;
}

static void check_decoded(const uint8_t *file, size_t size, const int8_t *codes, size_t vectors, uint32_t *work,
                          size_t work_size)
{
    size_t capacity = vectors * CODEC.code_dimension, found = 0;
    int8_t *decoded = exactly(capacity);
    uint8_t *exact = copy_of(file, size);
    require(aecodec_decode(&CODEC, exact, size, work, work_size, decoded, capacity, &found) == AECODEC_OK);
    require(found == vectors && memcmp(decoded, codes, capacity) == 0);
    free(exact);
    free(decoded);
}

/* Less room than the file has is not enough. */
static void check_refused(const aecodec_picture *picture, const int8_t *codes, uint32_t *work, size_t work_size,
                          size_t room)
{
    size_t size = 0;
    uint8_t *file = exactly(room);
    require(aecodec_encode(&CODEC, picture, codes, work, work_size, file, room, &size) ==
            AECODEC_BUFFER_TOO_SMALL);
    free(file);
}

/* Bytes of a file beside its payload. */
static size_t least_room(const uint8_t *file, size_t size)
{
    aecodec_header header;
    require(aecodec_read_header(file, size, &header) == AECODEC_OK);
    return size - header.payload_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aecodec_picture picture;
    size_t vectors, work_size, bound, written = 0, room, least;
    int8_t *codes;
    uint32_t *work;
    uint8_t *file;
    if (size < HEAD) {
        return 0;
    }
    picture = picture_of(data);
    vectors = aecodec_vector_count(&CODEC, &picture);
    work_size = aecodec_work_size(&CODEC, &picture);
    bound = aecodec_file_bound(&CODEC, &picture);
    codes = codes_of(data + HEAD, size - HEAD, vectors);
    work = exactly(work_size);
    file = exactly(bound);
    require(aecodec_encode(&CODEC, &picture, codes, work, work_size, file, bound, &written) == AECODEC_OK);
    check_decoded(file, written, codes, vectors, work, work_size);
    check_refused(&picture, codes, work, work_size, written * data[2] / 256);
    least = least_room(file, written);
    for (room = 0; room < least; room++) {
        check_refused(&picture, codes, work, work_size, room);
    }
    free(file);
    free(work);
    free(codes);
    return 0;
}
