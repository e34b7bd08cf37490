/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of all kernels with vector instructions. A source file includes this once per instruction set.
 * Before, it defines the name of the set as VECTORS_NAME and, with this name as a prefix:
 *
 *     vector                      LANES numbers of 32 bits
 *     all, add, subtract, shift_left, least, most
 *     load(from, count)           numbers, of which `count` rounded up to 4 exist
 *     keep(to, vector)            store all numbers
 *     load_bytes(from)            LANES bytes as numbers
 *     store(vector, to, count)    store numbers in the range of bytes as bytes: `count`, at most all
 *     factor                      a multiplier and a shift per lane
 *     factor_of(multiplier, shift), scale(vector, factor), can_scale(shift)
 *     sums                        sums of LANES outputs
 *     no_sums(), whole_of(sums)
 *     weights, input              for four inputs
 *     load_weights(from, lanes), load_input(from), multiply_add(sums, weights, input)
 *
 * and, if MULTIPLIED_ROWS is not 0, for two inputs: load_pairs(from), load_pair(from), multiply_pairs(sum,
 * pairs, pair). TARGET enables the instructions in the compiler. WIDE and VECTORS are the outputs and
 * vectors of a tile, ELEMENT is the type of a packed element, and EXCESS is 1 if `begin` computes the
 * excess of tiles. */

#define AECODEC_PASTE(name, part) name##_##part
#define AECODEC_NAMED(name, part) AECODEC_PASTE(name, part)
#define V(part) AECODEC_NAMED(VECTORS_NAME, part)

#ifndef AECODEC_KERNELS_VECTOR_H
#define AECODEC_KERNELS_VECTOR_H

#if defined(__clang__)
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* Store outputs one at a time if the instructions cannot scale their sums, for example with a single
 * rounding. */
static void store_slowly(const aecodec_scaling *scaling, const int32_t *sums, uint32_t channel,
                         uint32_t channels, int8_t *output)
{
    for (uint32_t n = 0; n < channels; n++) {
        output[n] = aecodec_output(scaling, sums[n], channel + n);
    }
}

#endif

/* Parameters that scale the sums of LANES channels to outputs. */
typedef struct {
    V(vector) bias;
    V(factor) factor;
    int is_plain; /* whether the instructions can scale them */
} V(scales);

/* The parameters of the channels from `channel` on; `count` channels are left. */
TARGET AECODEC_INLINE V(scales) V(scales_of)(const aecodec_scaling *scaling, uint32_t channel, uint32_t count,
                                             const int32_t *excess)
{
    const V(vector) shift = V(load)(scaling->shift + channel, count);
    V(scales) scales;
    scales.bias = V(load)(scaling->bias + channel, count);
    if (excess) {
        scales.bias = V(subtract)(scales.bias, V(load)(excess, LANES));
    }
    scales.factor = V(factor_of)(V(load)(scaling->multiplier + channel, count), shift);
    scales.is_plain = !scaling->is_rounded_once && V(can_scale)(shift);
    return scales;
}

TARGET AECODEC_INLINE V(vector) V(limit)(V(vector) x, int32_t zero, int32_t least, int32_t most)
{
    return V(least)(V(most)(V(add)(x, V(all)(zero)), V(all)(least)), V(all)(most));
}

TARGET AECODEC_INLINE void V(store_sums)(const aecodec_scaling *scaling, const V(scales) *scales,
                                         V(vector) sums, uint32_t channel, uint32_t count, int8_t *output)
{
    sums = V(add)(sums, scales->bias);
    if (!scales->is_plain) {
        int32_t numbers[LANES];
        V(keep)(numbers, sums);
        store_slowly(scaling, numbers, channel, count < LANES ? count : LANES, output);
        return;
    }
    sums = V(scale)(sums, scales->factor);
    V(store)(V(limit)(sums, scaling->zero, scaling->least, scaling->most), output, count);
}

/* A tile of `count` outputs of `vectors` vectors of channels from `from` on, of a block with `lanes`
 * channels. */
TARGET AECODEC_INLINE void V(tile_of)(const aecodec_tile *tile, const int count, uint32_t from,
                                      const int vectors, const int lanes)
{
    const int8_t *weights = tile->weights + from * AECODEC_GROUP;
    V(sums) sums[WIDE][VECTORS];
    UNROLLED for (int place = 0; place < count; place++) {
        UNROLLED for (int n = 0; n < vectors; n++) {
            sums[place][n] = V(no_sums)();
        }
    }
    for (uint32_t row = 0; row < tile->height; row++) {
        const ELEMENT *inputs = (const ELEMENT *)tile->packed + row * tile->row;
        for (uint32_t group = 0; group < tile->groups; group++, inputs += AECODEC_GROUP) {
            V(weights) own[VECTORS];
            UNROLLED for (int n = 0; n < vectors; n++) {
                own[n] = V(load_weights)(weights + n * LANES * AECODEC_GROUP, lanes - n * LANES);
            }
            UNROLLED for (int place = 0; place < count; place++) {
                const V(input) input = V(load_input)(inputs + (size_t)place * tile->step);
                UNROLLED for (int n = 0; n < vectors; n++) {
                    sums[place][n] = V(multiply_add)(sums[place][n], own[n], input);
                }
            }
            weights += lanes * AECODEC_GROUP;
        }
    }
    UNROLLED for (int n = 0; n < vectors; n++) {
        const uint32_t first = from + (uint32_t)n * LANES, channel = tile->channel + first;
        const uint32_t left = tile->channels - first;
        const V(scales) scales =
            V(scales_of)(tile->scaling, channel, left, EXCESS ? tile->excess + first : NULL);
        UNROLLED for (int place = 0; place < count; place++) {
            V(store_sums)(tile->scaling, &scales, V(whole_of)(sums[place][n]), channel, left,
                          tile->output + (size_t)place * tile->output_step + first);
        }
    }
}

#define AECODEC_CASE(count)                                                                                  \
    case count:                                                                                              \
        V(tile_of)(tile, count, from, vectors, lanes);                                                       \
        break;

TARGET AECODEC_INLINE void V(tile_in)(const aecodec_tile *tile, uint32_t from, const int vectors,
                                      const int lanes)
{
    switch (tile->count) {
        AECODEC_CASE(1)
        AECODEC_CASE(2)
#if WIDE > 2
        AECODEC_CASE(3)
        AECODEC_CASE(4)
#endif
#if WIDE > 4
        AECODEC_CASE(5)
        AECODEC_CASE(6)
#endif
#if WIDE > 6
        AECODEC_CASE(7)
        AECODEC_CASE(8)
        AECODEC_CASE(9)
        AECODEC_CASE(10)
        AECODEC_CASE(11)
        AECODEC_CASE(12)
#endif
    }
}

#undef AECODEC_CASE

TARGET static void V(tile)(const aecodec_tile *tile)
{
#if VECTORS == 1
    for (uint32_t from = 0; from < tile->channels; from += LANES) {
        V(tile_in)(tile, from, 1, (int)(tile->channels + 3) / 4 * 4);
    }
#else
    switch ((tile->channels + 3) / 4) {
    case 1:
        V(tile_in)(tile, 0, 1, 4);
        break;
    case 2:
        V(tile_in)(tile, 0, 8 / LANES, 8);
        break;
    case 3:
        V(tile_in)(tile, 0, (12 + LANES - 1) / LANES, 12);
        break;
    default:
        V(tile_in)(tile, 0, 16 / LANES, 16);
    }
#endif
}

#if MULTIPLIED_ROWS /* which Winograd's minimal filtering needs */

TARGET static void V(outputs)(const aecodec_scaling *scaling, const int32_t *sums, size_t count,
                              uint32_t channel, uint32_t channels, int8_t *output, size_t output_step)
{
    for (uint32_t from = 0; from < channels; from += LANES) {
        const V(scales) scales = V(scales_of)(scaling, channel + from, channels - from, NULL);
        for (size_t n = 0; n < count; n++) {
            V(store_sums)(scaling, &scales, V(load)(sums + n * AECODEC_BLOCK + from, LANES), channel + from,
                          channels - from, output + n * output_step + from);
        }
    }
}

/* Some rows of inputs, with all sums in registers. */
TARGET AECODEC_INLINE void V(multiply_rows)(const int16_t *inputs, size_t step, const int rows,
                                            const int16_t *weights, size_t length, int32_t *sums,
                                            size_t sums_step)
{
    enum { PARTS = AECODEC_BLOCK / LANES };
    V(vector) own[MULTIPLIED_ROWS][PARTS];
    UNROLLED for (int row = 0; row < rows; row++) {
        UNROLLED for (int part = 0; part < PARTS; part++) {
            own[row][part] = V(all)(0);
        }
    }
    for (size_t n = 0; n < length; n += 2, weights += 2 * AECODEC_BLOCK) {
        V(vector) pairs[PARTS];
        UNROLLED for (int part = 0; part < PARTS; part++) {
            pairs[part] = V(load_pairs)(weights + 2 * LANES * part);
        }
        UNROLLED for (int row = 0; row < rows; row++) {
            const V(vector) pair = V(load_pair)(inputs + (size_t)row * step + n);
            UNROLLED for (int part = 0; part < PARTS; part++) {
                own[row][part] = V(multiply_pairs)(own[row][part], pairs[part], pair);
            }
        }
    }
    UNROLLED for (int row = 0; row < rows; row++) {
        UNROLLED for (int part = 0; part < PARTS; part++) {
            V(keep)(sums + (size_t)row * sums_step + part * LANES, own[row][part]);
        }
    }
}

#define AECODEC_ROWS(some)                                                          \
    while (some <= MULTIPLIED_ROWS && rows >= some) {                                \
        V(multiply_rows)(inputs, step, some, weights, length, sums, sums_step);      \
        rows -= some;                                                                \
        inputs += some * step;                                                       \
        sums += some * sums_step;                                                    \
    }

TARGET static void V(multiply)(const int16_t *inputs, size_t step, size_t rows, const int16_t *weights,
                               size_t length, int32_t *sums, size_t sums_step)
{
    AECODEC_ROWS(MULTIPLIED_ROWS)
#if MULTIPLIED_ROWS > 4
    AECODEC_ROWS(4)
#endif
#if MULTIPLIED_ROWS > 2
    AECODEC_ROWS(2)
#endif
    AECODEC_ROWS(1)
}

#undef AECODEC_ROWS

#endif

#ifndef AECODEC_NO_ADD /* to be defined by a file with a faster way to add */

TARGET AECODEC_INLINE V(vector) V(part)(const int8_t *values, int32_t zero, int32_t multiplier, int32_t shift)
{
    const V(vector) x = V(subtract)(V(load_bytes)(values), V(all)(zero));
    if (multiplier == 1 << 30 && shift == 0) { /* 1/2, as for the input of the larger scale */
        return V(shift_left)(x, 19);
    }
    return V(scale)(V(shift_left)(x, 20), V(factor_of)(V(all)(multiplier), V(all)(shift)));
}

TARGET static void V(add_tensors)(const aecodec_sum *sum, const int8_t *one, const int8_t *other,
                                  int8_t *output, size_t count)
{
    const V(factor) factor = V(factor_of)(V(all)(sum->multiplier), V(all)(sum->shift));
    size_t n;
    for (n = 0; n + LANES <= count; n += LANES) {
        const V(vector) x =
            V(add)(V(part)(one + n, sum->one_zero, sum->one_multiplier, sum->one_shift),
                   V(part)(other + n, sum->other_zero, sum->other_multiplier, sum->other_shift));
        V(store)(V(limit)(V(scale)(x, factor), sum->zero, sum->least, sum->most), output + n, LANES);
    }
    aecodec_portable_kernels.add(sum, one + n, other + n, output + n, count - n);
}

#endif

#undef AECODEC_PASTE
#undef AECODEC_NAMED
#undef VECTORS_NAME
#undef TARGET
#undef LANES
#undef WIDE
#undef VECTORS
#undef ELEMENT
#undef EXCESS
#undef MULTIPLIED_ROWS
#undef V
