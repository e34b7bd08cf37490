/* SPDX-License-Identifier: Apache-2.0 */
/* Files with maximum errors. Private. */
#pragma once

#include "codec_files/bundle.h"

/* Compress a picture, or samples: the other is NULL. The target has bounds, unless the codec is `samples`. */
aecodec_status aecodec_within_error(const aecodec_bundle *bundle, const aecodec_image *picture,
                                    const aecodec_samples *samples, const aecodec_target *target,
                                    const aecodec_execution *execution, aecodec_compressed *compressed);
