/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a file that is written. Private. */
#pragma once

#include "base/buffer.h"

/* Write all fields of a header, including its block of samples and its alpha stream. */
void aecodec_buffer_append_header(buffer *b, const aecodec_header *header);
