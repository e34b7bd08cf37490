/* SPDX-License-Identifier: Apache-2.0 */
/* A filter of HDF5, which loads this library as a plugin: each chunk becomes a file of the codec `samples`. What HDF5's
 * headers H5Zpublic.h and H5PLextern.h declare is repeated here.
 * The client data are VERSION, the type, 1 for big-endian or 0, 1 for bands before rows or 0 for bands last, frames, height,
 * width and bands of a chunk, the lower and the upper half of a double, the maximum error, and 1 and the halves of the value
 * of missing samples, or zeros: 2 says that none is missing, and 0 leaves that open. */
#include <stdlib.h>

#include "private.h"

enum { FILTER = 44736 /* from the range for private use */, VERSION = 1, CLIENT_VALUES = 13, H5Z_FLAG_REVERSE = 0x100,
       STATED = 1, STATED_NONE = 2 };

typedef struct {
    int version, id;
    unsigned encoder_present, decoder_present;
    const char *name;
    int (*can_apply)(void), (*set_local)(void);
    size_t (*filter)(unsigned flags, size_t count, const unsigned *values, size_t size, size_t *room, void **buffer);
} H5Z_class2_t;

static double double_at(const unsigned *halves)
{
    return aecodec_sample_number(AECODEC_FLOAT64, halves[0] | (uint64_t)halves[1] << 32);
}

/* Describe a chunk, and return its bytes; 0 if the client data are not sound, or of machines with another byte order. */
static size_t read_values(size_t count, const unsigned *v, aecodec_samples *chunk)
{
    const uint16_t one = 1;
    uint64_t size;
    uint32_t n;
    if (count != CLIENT_VALUES || v[0] != VERSION || v[2] == *(const uint8_t *)&one || v[2] > 1 || v[3] > 1 ||
        v[10] > STATED_NONE) {
        return 0;
    }
    for (size = sample_size(v[1]), n = 4; n < 8 && size <= UINT32_MAX; n++) {
        size *= v[n];
    }
    *chunk = (aecodec_samples){.frames = v[4], .height = v[5], .width = v[6], .bands = v[7], .type = v[1],
                               .layout = v[3] ? 5 : 3, .is_planar = v[3] != 0,
                               .has_nodata = v[10] == STATED, .nodata = v[10] ? double_at(v + 11) : 0};
    return size <= UINT32_MAX ? (size_t)size : 0;
}

static int is_guaranteed(const void *file, size_t size, double max_error)
{
    aecodec_refinement r[AECODEC_MAX_REFINEMENTS];
    uint32_t count = 0;
    return aecodec_file_refinements(file, size, r, &count) == AECODEC_OK && count && r[count - 1].max_error <= max_error &&
           (!r[count - 1].is_root || !(r[count - 1].max_error > 0));
}

static void *decompress(aecodec_samples chunk, const void *file, size_t file_size, size_t size)
{
    const aecodec_limits limits = {size, chunk.frames, 0, 0};
    aecodec_samples s;
    if (aecodec_decompress_samples(aecodec_samples_codec(), file, file_size, &limits, NULL, &s) == AECODEC_OK) {
        if (s.width == chunk.width && s.height == chunk.height && s.bands == chunk.bands && s.frames == chunk.frames &&
            s.type == chunk.type && (s.layout > 3) == (chunk.is_planar != 0) && (chunk.samples = malloc(size)) != NULL) {
            for (size_t n = 0; n < size / sample_size(s.type); n++) {
                set_bits_of_sample(s.type, chunk.samples, sample_place(&chunk, n / s.bands, (uint32_t)(n % s.bands)),
                                   bits_of_sample(s.type, s.samples, n));
            }
        }
        aecodec_samples_free(&s);
    }
    return chunk.samples;
}

/* Returns the number of bytes in the new buffer; 0 is an error, and leaves the buffer as it is. */
static size_t filter(unsigned flags, size_t count, const unsigned *values, size_t size, size_t *room, void **buffer)
{
    aecodec_samples chunk;
    const size_t chunk_size = read_values(count, values, &chunk);
    aecodec_compressed made = {.size = chunk_size};
    if (chunk_size && flags & H5Z_FLAG_REVERSE) {
        made.file = !is_guaranteed(*buffer, size, double_at(values + 8)) ? NULL : decompress(chunk, *buffer, size, chunk_size);
    } else if (chunk_size && chunk_size == size) {
        const double max_error = double_at(values + 8);
        const aecodec_bounds bounds = {1, 1, 0, values[10] ? 1 : 2, &max_error};
        const aecodec_target target = {0, 0, &bounds};
        chunk.samples = *buffer;
        if (!(max_error > 0) || values[10] || aecodec_find_nodata(&chunk) == AECODEC_OK) {
            aecodec_compress_samples(aecodec_samples_codec(), &chunk, &target, NULL, &made); /* without file if it fails */
        }
    }
    if (!made.file) {
        return 0;
    }
    free(*buffer);
    *buffer = made.file;
    return *room = made.size;
}

#pragma GCC visibility push(default)
int H5PLget_plugin_type(void)
{
    return 0; /* H5PL_TYPE_FILTER */
}

const void *H5PLget_plugin_info(void)
{
    static const H5Z_class2_t facts = {1 /* H5Z_CLASS_T_VERS */, FILTER, 1, 1, "aecodec", NULL, NULL, filter};
    return &facts;
}
#pragma GCC visibility pop
