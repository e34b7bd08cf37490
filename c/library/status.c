/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses in words, and memory that the library gave. */
#include <stdlib.h>

#include "private.h"

static const char *const texts[] = {
    [AECODEC_OK] = "done",
    [AECODEC_BUFFER_TOO_SMALL] = "not enough room for the result",
    [AECODEC_TOO_LARGE] = "more code vectors than fit into one message",
    [AECODEC_DAMAGED] = "not a whole .aec file of version 1 or 2, or a damaged one",
    [AECODEC_OTHER_CODEC] = "made with another codec: use the bundle of the codec that made it",
    [AECODEC_OTHER_LEVEL] = "made at a level whose tables are not here",
    [AECODEC_NO_MEMORY] = "out of memory",
    [AECODEC_BAD_BUNDLE] = "not a bundle of version 1, or a damaged one: export it again",
    [AECODEC_ABSENT] = "the bundle lacks the networks or the level that this takes: export it with them",
    [AECODEC_LIMIT] = "states more pixels or frames than are accepted, as a decompression bomb does: if you trust "
                      "it, allow more",
    [AECODEC_BAD_IMAGE] = "not a picture that a file can hold: a side of 0, too many pixels, or other channels than 1 "
                          "to 4; for samples, other bands than the codec's, or a type, limits or samples that do not "
                          "fit",
    [AECODEC_BAD_ARGUMENT] = "no such level, section, reduction or maximum error",
    [AECODEC_TOO_FEW_BYTES] = "no file of this picture is so small: allow more bytes, or reduce the picture",
    [AECODEC_CANCELLED] = "cancelled",
    [AECODEC_UNREADABLE] = "cannot be read",
    [AECODEC_OTHER_KIND] = "pictures need a codec without bands, and samples need a codec with bands",
    [AECODEC_OTHER_BASE] = "the picture before its refinement differs from the encoder's: the file is damaged, or its "
                           "network computed other numbers",
    [AECODEC_NO_BASE] = "the file has no picture before its first refinement: decompress all of it",
    [AECODEC_INCOMPLETE] = "more bytes of the file are needed",
    [AECODEC_BROKEN_BOUND] = "a sample would exceed its maximum error: this is a defect of aecodec; report it with the "
                             "picture",
    [AECODEC_HAS_REFINEMENTS] = "a file with a maximum error has no bare payload: compress without one",
};

const char *aecodec_status_text(aecodec_status status)
{
    const size_t number = (size_t)status;
    return number < sizeof texts / sizeof *texts && texts[number] ? texts[number] : "unknown status";
}

void aecodec_image_free(aecodec_image *picture)
{
    free(picture->pixels);
    picture->pixels = NULL;
}

void aecodec_samples_free(aecodec_samples *samples)
{
    free(samples->samples);
    free(samples->missing);
    samples->samples = NULL;
    samples->missing = NULL;
}

void aecodec_free(void *memory)
{
    free(memory);
}
