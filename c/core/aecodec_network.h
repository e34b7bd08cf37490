/* SPDX-License-Identifier: Apache-2.0 */
/* aecodec: int8 networks, bit for bit as LiteRT's reference kernels compute them.
 *
 * A network is a plan: one block of bytes that `aecodec export` makes from a TFLite model (docs/PLAN.md).
 * It is not copied, so it can stay in flash or in a memory-mapped file; all kernels read the same layout
 * of packed weights. Opening a plan checks everything in it. Damaged plans are rejected, and no plan leads
 * to accesses outside its own bytes, the input, the output or the working memory.
 *
 *     aecodec_network network;
 *     if (aecodec_network_open(&network, plan, sizeof plan) == AECODEC_OK)
 *         aecodec_network_run(&network, 28, 28, input, output, work, sizeof work);
 *
 * C99 without allocation, recursion, floating point or global state. Several threads may run one network
 * at once, each with its own working memory. Kernels are selected at run time on x86, depending on the
 * processor, and at compile time on ARM and WebAssembly. All kernels compute the same integers. The code
 * uses memcpy, memmove and memset of the C library. Numbers in a plan are little-endian, so the processor
 * must be little-endian, too. */
#ifndef AECODEC_NETWORK_H
#define AECODEC_NETWORK_H

#include "aecodec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An open network. The caller provides the memory; the fields are private. */
typedef struct {
    const uint32_t *plan;
    const struct aecodec_kernels *kernels;
} aecodec_network;

/* Open a plan.
 *
 * plan: size bytes, aligned to 4 bytes, or better to 64, so that kernels read whole cache lines. They must
 * not move or change while the network is in use.
 *
 * Returns AECODEC_OK or AECODEC_BAD_NETWORK. */
aecodec_status aecodec_network_open(aecodec_network *network, const void *plan, size_t size);

/* The shape of the input: rows, columns and channels. Rows and columns are 0 if the network accepts any
 * size. */
void aecodec_network_input(const aecodec_network *network, uint32_t shape[3]);

/* The shape of the output (rows, columns and channels) for an input size: pixels for encoders, code
 * vectors for decoders.
 *
 * Returns AECODEC_OK or AECODEC_OTHER_SIZE. */
aecodec_status aecodec_network_output(const aecodec_network *network, uint32_t rows, uint32_t columns,
                                      uint32_t shape[3]);

/* Bytes of working memory, with any alignment, that aecodec_network_run needs; 0 if the network does not
 * support the size. */
size_t aecodec_network_work_size(const aecodec_network *network, uint32_t rows, uint32_t columns);

/* Run a network.
 *
 * input: [rows][columns][channels]; for encoders, pixel - 128.
 * output: with the shape of aecodec_network_output; for decoders, pixel - 128. It must not overlap input.
 * work: work_size bytes, at least aecodec_network_work_size.
 *
 * Returns AECODEC_OK, AECODEC_OTHER_SIZE or AECODEC_BUFFER_TOO_SMALL. */
aecodec_status aecodec_network_run(const aecodec_network *network, uint32_t rows, uint32_t columns,
                                   const int8_t *input, int8_t *output, void *work, size_t work_size);

/* The same for several pictures of one size, adjacent in input and output. For small pictures, such as
 * digits, this is faster than single runs; batches of 24 are large enough. */
size_t aecodec_network_batch_work_size(const aecodec_network *network, uint32_t pictures, uint32_t rows,
                                       uint32_t columns);
aecodec_status aecodec_network_run_batch(const aecodec_network *network, uint32_t pictures, uint32_t rows,
                                         uint32_t columns, const int8_t *input, int8_t *output, void *work,
                                         size_t work_size);

#ifdef __cplusplus
}
#endif

#endif
