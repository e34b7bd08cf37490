/* SPDX-License-Identifier: Apache-2.0 */
/* Priors, and the rows of the bank with which codes are coded. Private. */
#ifndef AECODEC_ROWS_H
#define AECODEC_ROWS_H

#include "aecodec_pass.h"

/* The units of the context network that are known, and the weights of the next one. */
typedef struct {
    uint32_t units;
    const int8_t *weights, *output_weights;
} progress;

progress aecodec_no_units_known(const aecodec_codec *codec);

/* Find the neighbours of a vector, if it has any. */
void aecodec_find_neighbours_of(pass *p, uint32_t vector);

/* Select the prior that codes a vector in fewest bits. */
void aecodec_select_prior(pass *p, uint32_t vector);

/* Compute the units that are known at a place, for all vectors. */
void aecodec_run_units(pass *p, size_t place, progress *now);

/* Find rows, bases and columns of the places of a slice. An encoder decides codes as soon as their rows
 * are known. */
void aecodec_find_rows(pass *p, size_t place, size_t stop);

/* The column of a code in a row; that of the escape if it has none. */
uint8_t aecodec_column_of(const aecodec_codec *codec, unsigned row, int32_t code, int32_t base);

/* Make the code of a vector at a place an input of the context network. */
void aecodec_update_inputs(pass *p, uint32_t vector, size_t place);

#endif
