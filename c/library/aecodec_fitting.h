/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that make codecs: what an encoder makes of vectors and missing samples, and the memory of
 * devices. The tables are those of aecodec.h; none of these functions checks them, or other arguments. */
#ifndef AECODEC_FITTING_H
#define AECODEC_FITTING_H

#include "aecodec_library.h"
#include "aecodec_network.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Choose priors, rows and columns for the vectors of any number of planes, which are cut into segments as
 * in files.
 *
 * vectors: their planes, rows and columns; 1, 1 and their number, at most AECODEC_MAX_VECTORS, without
 * neighbours.
 * latents: [vectors][latent_channels], to be quantized as by aecodec_encode_message; NULL for given codes.
 * codes: [vectors][code_dimension], written if there are latents, else read.
 *
 * Returns AECODEC_OK or AECODEC_NO_MEMORY. */
aecodec_status aecodec_explain(const aecodec_codec *codec, const aecodec_segment *vectors,
                               const int8_t *latents, aecodec_rate_weight weight, int8_t *codes,
                               const aecodec_choices *choices);

/* Replace missing values, as networks see them: [frames][height][width][bands] of the samples. */
void aecodec_fill_missing(const aecodec_samples *samples, uint16_t *values);

/* As aecodec_network_work_size, on a device, whose kernels are portable. */
size_t aecodec_device_work_size(const aecodec_network *network, uint32_t rows, uint32_t columns);

#ifdef __cplusplus
}
#endif

#endif
