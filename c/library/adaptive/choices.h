/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoder chose for all segments of a refinement (FORMAT, section 8). Private. */
#pragma once

#include "adaptive/residuals.h"
#include "base/buffer.h"

/* Values that occur in a band, ascending, or the colours of a palette one after the other. A value is coded
 * as its rank. */
typedef struct {
    uint32_t count;
    int32_t *values; /* NULL if all values are coded as they are */
} adaptive_table;

struct adaptive_choices {
    uint32_t bands;
    int is_exchanged;                    /* the second band is coded before the first */
    adaptive_table palette;              /* of all bands, in the order of coding */
    adaptive_table tables[AECODEC_MAX_BANDS];
    uint8_t are_fixed[AECODEC_MAX_BANDS];
    int32_t limits[AECODEC_MAX_BANDS][2]; /* of what is coded */
    int64_t steps[AECODEC_MAX_BANDS];
};

/* The band that is coded at a place in the order. */
static inline uint32_t coded_band(const adaptive_choices *c, uint32_t number)
{
    return c->is_exchanged && number < 2 ? 1 - number : number;
}

int aecodec_has_tables(const adaptive_choices *c);

/* Values of one segment to ranks, and back. */
void aecodec_values_to_ranks(const adaptive_table *t, const uint8_t *missing, size_t count, int32_t *values);
void aecodec_ranks_to_values(const adaptive_table *t, size_t count, int32_t *values);
/* The values of all bands in a frame, `plane` apart, to indices of the palette, and back. */
void aecodec_colours_to_indices(const adaptive_choices *c, const int32_t *values, size_t plane,
                                int32_t *indices);
void aecodec_indices_to_colours(const adaptive_choices *c, const int32_t *indices, size_t plane,
                                int32_t *values);

/* Read the block of the choices, which the caller frees. Returns AECODEC_OK, AECODEC_DAMAGED_REFINEMENT or
 * AECODEC_NO_MEMORY. */
aecodec_status aecodec_choices_read(const uint8_t *block, size_t size, uint32_t bands, const int64_t *steps,
                                    const int32_t (*limits)[2], int has_base, int has_mask,
                                    adaptive_choices **choices);
/* Whether values are coded as ranks or indices. */
int aecodec_choices_convert(const adaptive_choices *choices);
void aecodec_choices_free(adaptive_choices *choices); /* NULL is allowed */

/* An encoder sees all segments, one after the other, before it writes the block of its choices. */
typedef struct adaptive_survey adaptive_survey;
/* may_convert: whether values may become ranks. Returns NULL without enough memory. */
adaptive_survey *aecodec_survey_begin(uint32_t bands, const int64_t *steps, const int32_t (*limits)[2],
                                      int may_convert, int has_mask);
void aecodec_survey_see(adaptive_survey *survey, const residual_coding *segment, const int32_t *values);
/* Write the block to an empty buffer, and free the survey. is_stable: rounded values do not depend on each
 * other. */
aecodec_status aecodec_survey_end(adaptive_survey *survey, int is_stable, buffer *block);
