/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures that the adaptive coder codes before those of a file, only to learn from them. Private. */
#pragma once

#include "adaptive/choices.h"

typedef struct primer primer;

/* What a primer taught, with given choices. */
typedef struct {
    adaptive_choices *choices;
    adaptive_state *states; /* [bands] */
} primed;

/* Read the section of a codec. Returns NULL if it is damaged, or without enough memory. */
primer *aecodec_primer_read(const uint8_t *section, size_t size);
void aecodec_primer_free(primer *p); /* NULL is allowed */
/* Whether a primer, which may be NULL, is of such samples. */
int aecodec_primer_fits(const primer *p, uint32_t type, uint32_t bands);
/* Show a primer to a survey: small pictures then have the same choices, and share what it taught. */
void aecodec_primer_show(const primer *p, const int64_t *steps, const int32_t (*limits)[2],
                         adaptive_survey *survey);
/* Learn from the primer, or take what a file with the same choices learned last. */
aecodec_status aecodec_primed_take(primer *p, const adaptive_choices *choices, primed **taken);
/* Give it back: the primer keeps it for the next file. NULL: there is no primer any more. */
void aecodec_primed_give(primer *p, primed *given);
