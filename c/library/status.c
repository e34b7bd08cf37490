/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses in words, and memory that the library gave. */
#include <stdlib.h>

#include "private.h"

const char *aecodec_status_text(aecodec_status status)
{
    switch (status) {
    case AECODEC_OK:
        return "done";
    case AECODEC_BUFFER_TOO_SMALL:
        return "not enough room for the result";
    case AECODEC_TOO_LARGE:
        return "more code vectors than fit into one message";
    case AECODEC_DAMAGED:
        return "not a whole .aec file of version 1, or a damaged one";
    case AECODEC_OTHER_CODEC:
        return "made with another codec: use the bundle of the codec that made it";
    case AECODEC_OTHER_LEVEL:
        return "made at a level whose tables are not here";
    case AECODEC_NO_MEMORY:
        return "out of memory";
    case AECODEC_BAD_BUNDLE:
        return "not a bundle of version 1, or a damaged one: export it again";
    case AECODEC_ABSENT:
        return "the bundle lacks the network or the level that this takes: export it with them";
    case AECODEC_LIMIT:
        return "states more pixels or frames than are accepted, as a decompression bomb does: if you trust it, "
               "allow more";
    case AECODEC_BAD_IMAGE:
        return "no picture that a file can hold: a side of 0, too many pixels, or other channels than 1 to 4";
    case AECODEC_BAD_ARGUMENT:
        return "no such level, section or reduction";
    case AECODEC_TOO_FEW_BYTES:
        return "no file of this picture is so small: allow more bytes, or reduce the picture";
    case AECODEC_CANCELLED:
        return "cancelled";
    case AECODEC_UNREADABLE:
        return "cannot be read";
    default:
        return "unknown status";
    }
}

void aecodec_image_free(aecodec_image *picture)
{
    free(picture->pixels);
    picture->pixels = NULL;
}

void aecodec_free(void *memory)
{
    free(memory);
}
