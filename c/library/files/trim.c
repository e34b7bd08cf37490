/* SPDX-License-Identifier: Apache-2.0 */
/* Files without refinements that a maximum error does not need. */
#include <stdlib.h>
#include <string.h>

#include "files/opened_file.h"

/* Whether no sample exceeds a bound; only bounds of one kind can be compared, except for 0. */
static int guarantees(const refinement *r, double max_error, int is_root)
{
    bound bounds[AECODEC_MAX_BANDS];
    const double error = aecodec_largest_error(r, bounds);
    return error <= max_error && (r->is_root == is_root || error == 0);
}

static aecodec_status copy_of(const uint8_t *bytes, size_t size, uint8_t **copy)
{
    *copy = malloc(size);
    if (*copy) {
        memcpy(*copy, bytes, size);
    }
    return *copy ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* Copy a file up to a refinement, which becomes the last one, and write its checksum again. */
static aecodec_status cut_behind(const uint8_t *file, const refinement *r, uint8_t **trimmed, size_t *size)
{
    const aecodec_status status = copy_of(file, r->stop, trimmed);
    if (status != AECODEC_OK) {
        return status;
    }
    aecodec_refinement_end(*trimmed + r->start);
    aecodec_write_checksum(*trimmed, r->checksum_at);
    *size = r->stop;
    return AECODEC_OK;
}

aecodec_status aecodec_trim(const uint8_t *file, size_t size, double max_error, int is_root,
                            uint8_t **trimmed, size_t *trimmed_size)
{
    opened_file f;
    const refined_file *parsed = &f.refined;
    const aecodec_status status = aecodec_file_parse(file, size, &f);
    if (status != AECODEC_OK) {
        return status;
    }
    for (uint32_t n = 0; max_error >= 0 && n < parsed->count; n++) {
        if (guarantees(&parsed->refinements[n], max_error, is_root)) {
            return cut_behind(file, &parsed->refinements[n], trimmed, trimmed_size);
        }
    }
    if (max_error >= 0) {
        return AECODEC_NOT_GUARANTEED;
    }
    *trimmed_size = parsed->base_size;
    return f.has_base ? copy_of(parsed->base, parsed->base_size, trimmed) : AECODEC_NO_BASE;
}
