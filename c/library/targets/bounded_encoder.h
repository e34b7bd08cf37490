/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples that are refined: their bases, and the messages of refinements. Private. */
#pragma once

#include "bounds/bounds.h"
#include "files/container.h"

enum { NO_LEVEL = 0 }; /* of files without base */

typedef struct {
    const aecodec_bundle *bundle;
    const aecodec_execution *execution;
    aecodec_encoding *encoding;
    int has_alpha;            /* as the last band */
    aecodec_samples original; /* the caller's samples, and the mask of the encoding */
    uint8_t *pixels;          /* the original, if it lacks channels of the caller's picture; or NULL */
    uint64_t clipped[AECODEC_MAX_BANDS];
    double max_error; /* of the last refinement that was encoded */
} refiner;

/* Begin with a picture or samples, which must exist until the end; the other is NULL. Call
 * aecodec_refiner_close in any case. */
aecodec_status aecodec_refiner_open(refiner *r, const aecodec_bundle *bundle,
                                    const aecodec_execution *execution, const aecodec_image *picture,
                                    const aecodec_samples *samples);
void aecodec_refiner_close(refiner *r);

/* Make the file of a level and decode it to samples; or a file without a picture and without samples. The
 * caller frees both in any case. */
aecodec_status aecodec_refiner_base(refiner *r, uint32_t units, buffer *file, void **samples);

/* Encode a refinement of samples, which become those of a decoder; NULL if there is no base and nothing
 * follows. The refinement is appended to the file. */
aecodec_status aecodec_refiner_encode(refiner *r, refinement *to, void *samples, buffer *file);
