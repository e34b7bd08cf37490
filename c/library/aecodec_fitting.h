/* SPDX-License-Identifier: Apache-2.0 */
/* What an encoder makes of vectors, for programs that fit the tables of codecs. The tables are those of
 * aecodec.h; none of these functions checks them. */
#ifndef AECODEC_FITTING_H
#define AECODEC_FITTING_H

#include "aecodec.h"

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

#ifdef __cplusplus
}
#endif

#endif
