/* SPDX-License-Identifier: Apache-2.0 */
/* The container of files with refinements (FORMAT, section 8). Private. */
#pragma once

#include "bounds/refinement.h"

/* A file of any version. Files of version 1 are their own base. */
typedef struct {
    const uint8_t *base;
    size_t base_size;
    int has_base; /* otherwise `base` is the content of a file without a payload */
    uint32_t count;
    refinement refinements[AECODEC_MAX_REFINEMENTS];
} refined_file;

/* Read a file and check the refinements, but not the base. */
aecodec_status aecodec_refined_file_read(const uint8_t *file, size_t size, refined_file *parsed);
/* Read the first bytes of a file with one refinement, up to its messages if it has an index, and check them.
 * Returns AECODEC_INCOMPLETE if there are too few bytes, with a number that may be needed. */
aecodec_status aecodec_refined_head_read(const uint8_t *head, size_t size, uint64_t file_size,
                                         refined_file *parsed, size_t *needed);

/* Write the start of a file and its base, or the content of a file without a payload. */
void aecodec_refined_file_begin(buffer *file, const buffer *base, int has_base);
/* Write a refinement with its messages, which are freed, and checksums. */
void aecodec_refined_file_append(buffer *file, const refinement *r, coded_message *messages);
