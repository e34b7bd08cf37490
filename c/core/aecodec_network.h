/* SPDX-License-Identifier: Apache-2.0 */
/* aecodec: int8 networks, bit for bit as LiteRT's reference kernels run them.
 *
 * A network is a plan: one block of bytes that `aecodec export` makes of a TFLite model (docs/PLAN.md). It is
 * read where it lies, in flash or in a file that is mapped into memory: weights are packed in the one layout that
 * all kernels read. Everything in it is checked when it is opened, so a damaged plan is refused, and none leads
 * beyond its own bytes, the input, the output or the working memory.
 *
 *     aecodec_network network;
 *     if (aecodec_network_open(&network, plan, sizeof plan) == AECODEC_OK)
 *         aecodec_network_run(&network, 28, 28, input, output, work, sizeof work);
 *
 * C99 without allocation, recursion, floating point or global state; several threads may run one network at
 * once, each with its own working memory. On x86 the kernels are chosen as the program runs, by what the
 * processor has; on ARM and WebAssembly as it is compiled. All kernels give the same integers. Of the C library,
 * memcpy, memmove and memset are used. Numbers in a plan are little-endian, and so must the processor be. */
#ifndef AECODEC_NETWORK_H
#define AECODEC_NETWORK_H

#include "aecodec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An open network. The caller gives the memory; the fields are private. */
typedef struct {
    const uint32_t *plan;
    const struct aecodec_kernels *kernels;
} aecodec_network;

/* Open a plan.
 *
 * plan: size bytes, aligned to 4 bytes; better to 64, where kernels read whole cache lines. They must stay where
 * they are while the network is used.
 *
 * Returns AECODEC_OK or AECODEC_BAD_NETWORK. */
aecodec_status aecodec_network_open(aecodec_network *network, const void *plan, size_t size);

/* The shape of the input, rows, columns and channels, where the network takes one size only; where it takes any,
 * rows and columns are 0. */
void aecodec_network_input(const aecodec_network *network, uint32_t shape[3]);

/* The shape of the output, rows, columns and channels, for an input of rows and columns: pixels for encoders,
 * code vectors for decoders.
 *
 * Returns AECODEC_OK or AECODEC_OTHER_SIZE. */
aecodec_status aecodec_network_output(const aecodec_network *network, uint32_t rows, uint32_t columns,
                                      uint32_t shape[3]);

/* Bytes of working memory that aecodec_network_run needs, which may be aligned in any way; 0 for a size that the
 * network does not take. */
size_t aecodec_network_work_size(const aecodec_network *network, uint32_t rows, uint32_t columns);

/* Run a network.
 *
 * input: [rows][columns][channels], for encoders pixel - 128.
 * output: of the shape that aecodec_network_output states; for decoders, pixel - 128. It must not overlap input.
 * work: work_size bytes, at least aecodec_network_work_size.
 *
 * Returns AECODEC_OK, AECODEC_OTHER_SIZE or AECODEC_BUFFER_TOO_SMALL. */
aecodec_status aecodec_network_run(const aecodec_network *network, uint32_t rows, uint32_t columns,
                                   const int8_t *input, int8_t *output, void *work, size_t work_size);

/* The same for several pictures of one size, which lie one after the other in input and output. For small ones, such as
 * the digits of a codec of tiles, that is faster than one by one; 24 are enough. */
size_t aecodec_network_batch_work_size(const aecodec_network *network, uint32_t pictures, uint32_t rows,
                                       uint32_t columns);
aecodec_status aecodec_network_run_batch(const aecodec_network *network, uint32_t pictures, uint32_t rows,
                                         uint32_t columns, const int8_t *input, int8_t *output, void *work,
                                         size_t work_size);

/* Which kernels the network runs on: "portable", "avx2", "avx512vnni", "neon", "neon dotprod" or "wasm simd128". */
const char *aecodec_network_kernels(const aecodec_network *network);

#ifdef __cplusplus
}
#endif

#endif
