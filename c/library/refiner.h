/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples that are refined. Private. */
#ifndef AECODEC_REFINER_H
#define AECODEC_REFINER_H

#include "refined.h"

enum { NO_LEVEL = 0 }; /* of files without base */

/* A picture or samples to refine. */
typedef struct {
    const aecodec_bundle *bundle;
    const aecodec_progress *progress;
    aecodec_encoding *encoding;
    int is_picture, is_run;   /* is_run: the encoder network has run */
    aecodec_samples original; /* without alpha. Its samples and its mask are owned; missing samples are 0 */
    double limits[2 * AECODEC_MAX_BANDS]; /* of the file */
} refiner;

size_t aecodec_refiner_pixel_bytes(const refiner *r);

/* Begin with a picture, which must exist until the end, or samples; the other is NULL. is_part: as for
 * aecodec_begin_encoding. Call aecodec_refiner_close in any case. */
aecodec_status aecodec_refiner_open(refiner *r, const aecodec_bundle *bundle, const aecodec_image *picture,
                                    const aecodec_samples *samples, int is_part);
void aecodec_refiner_close(refiner *r);

/* Make the file of a level and decode it to samples; or a file without a picture, whose samples are 0. The caller frees
 * both in any case. */
aecodec_status aecodec_refiner_base(refiner *r, uint32_t units, buffer *file, void **samples);

/* Encode a refinement of samples, which become those of a decoder, and set its fields. total: set to the size of its
 * messages, without their lengths. The caller frees the messages in any case. */
aecodec_status aecodec_refiner_encode(const refiner *r, refinement *to, void *samples, buffer *messages,
                                      uint64_t *total);

#endif
