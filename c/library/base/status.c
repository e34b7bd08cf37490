/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses in words, and memory that the library gave. */
#include <stdlib.h>

#include "aecodec_library.h"

static const char *const texts[] = {
    [AECODEC_OK] = "done",
    [AECODEC_BUFFER_TOO_SMALL] = "not enough room for the result",
    [AECODEC_TOO_LARGE] = "more code vectors than fit into one message",
    [AECODEC_DAMAGED] = "damaged: the payload was not coded with this codec's tables",
    [AECODEC_OTHER_CODEC] = "made with another codec: use the codec that made it",
    [AECODEC_OTHER_LEVEL] = "made at a level whose tables are not here",
    [AECODEC_BAD_NETWORK] = "not a network of this version, or a damaged one",
    [AECODEC_OTHER_SIZE] = "a size that the network does not support",
    [AECODEC_NO_WINDOWS] =
        "the file can only be decompressed as a whole: it has a picture before its refinements, or "
        "several of these",
    [AECODEC_NO_MEMORY] = "out of memory",
    [AECODEC_BAD_BUNDLE] = "not a codec file of version 1, or a damaged one: export it again",
    [AECODEC_ABSENT] = "the codec lacks a network, a level or a primer that this takes: get the whole codec",
    [AECODEC_DOES_NOT_FIT] =
        "samples of 64 bits that differ by more than 32 bits can tell apart: allow a larger maximum "
        "error",
    [AECODEC_BAD_IMAGE] =
        "not a picture that a file can hold: a side of 0, too many pixels, or other channels than 1 "
        "to 4; for samples, other bands than the codec's, or a type, limits or samples that do not "
        "fit",
    [AECODEC_UNCLEAR_NODATA] =
        "the least and the largest sample both look like the value of missing samples, which must stay "
        "exact: state nodata, such as the array's _FillValue, or false if no sample is missing",
    [AECODEC_BAD_ARGUMENT] = "no such level, section, frame, reduction or maximum error",
    [AECODEC_TOO_FEW_BYTES] = "no file of this picture is so small: allow more bytes, or reduce the picture",
    [AECODEC_CANCELLED] = "cancelled",
    [AECODEC_UNREADABLE] = "cannot be read",
    [AECODEC_OTHER_KIND] = "pictures need a codec without bands, and samples need a codec with bands",
    [AECODEC_OTHER_BASE] =
        "the picture before its refinement differs from the encoder's: the file is damaged, or its "
        "network computed other numbers",
    [AECODEC_NO_BASE] =
        "the file has no picture before its first refinement, and so neither codes nor a base: decompress "
        "all of it",
    [AECODEC_INCOMPLETE] = "more bytes of the file are needed",
    [AECODEC_BROKEN_BOUND] =
        "a sample would exceed its maximum error: this is a defect of aecodec; report it with the "
        "picture",
    [AECODEC_HAS_REFINEMENTS] =
        "a file with refinements, which bound the error of its samples, has no bare payload: "
        "compress at a level, without a maximum error",
    [AECODEC_NOT_GUARANTEED] = "the file does not guarantee this maximum error",
    [AECODEC_NOT_AEC] = "not an .aec file: it does not begin with the .aec signature",
    [AECODEC_TOO_SHORT] = "damaged: fewer bytes than the shortest .aec file has",
    [AECODEC_BAD_CHECKSUM] =
        "damaged: a checksum is wrong; the file is incomplete or was changed: fetch it or make it "
        "again",
    [AECODEC_OTHER_VERSION] = "a format version that this aecodec does not read: upgrade aecodec",
    [AECODEC_DAMAGED_HEADER] =
        "damaged: a field of the header is never written so, or runs past the end of the file",
    [AECODEC_BAD_SIZE] =
        "damaged: more pixels, pictures or tiles than a file can hold, or a reduction of them that is "
        "out of range",
    [AECODEC_BAD_LEVEL] = "damaged: a level that the codec does not have",
    [AECODEC_DAMAGED_METADATA] =
        "damaged: an entry of the metadata is unknown, occurs twice, or runs past its end",
    [AECODEC_DAMAGED_SAMPLES] =
        "damaged: the type, layout or limits of the samples do not fit each other or the codec",
    [AECODEC_DAMAGED_MASK] = "damaged: the mask does not inflate to the picture's size",
    [AECODEC_DAMAGED_ALPHA] = "damaged: alpha does not inflate to the picture's size",
    [AECODEC_DAMAGED_SEGMENTS] =
        "damaged: the messages of the segments are too short, or run past the end of the file",
    [AECODEC_CODE_RANGE] = "damaged: a code is outside of the range of this codec's encoder",
    [AECODEC_DAMAGED_REFINEMENT] =
        "damaged: a refinement has fields that are never written so, or that do not fit the "
        "samples",
    [AECODEC_TOO_MANY_FRAMES] = "more pictures than the limit: if you trust the file, allow more",
    [AECODEC_TOO_MANY_PIXELS] = "more pixels than the limit: if you trust the file, allow more",
    [AECODEC_TOO_MUCH_WORK] =
        "unusually many pixels for so few bytes, as a decompression bomb has: if you trust the "
        "file, allow more",
    [AECODEC_TOO_MUCH_MEMORY] = "more memory than the limit: if you trust the file, allow more",
};

const char *aecodec_status_text(aecodec_status status)
{
    const size_t number = (size_t)status;
    return number < sizeof texts / sizeof *texts && texts[number] ? texts[number] : "unknown status";
}

aecodec_error aecodec_status_error(aecodec_status status)
{
    switch (status) {
    case AECODEC_OK:
        return AECODEC_NO_ERROR;
    case AECODEC_BAD_ARGUMENT:
    case AECODEC_TOO_FEW_BYTES:
    case AECODEC_DOES_NOT_FIT:
    case AECODEC_OTHER_KIND:
    case AECODEC_NO_BASE:
    case AECODEC_NO_WINDOWS:
    case AECODEC_HAS_REFINEMENTS:
    case AECODEC_NOT_GUARANTEED:
    case AECODEC_UNCLEAR_NODATA:
        return AECODEC_USAGE_ERROR;
    case AECODEC_TOO_LARGE:
    case AECODEC_BAD_IMAGE:
        return AECODEC_IMAGE_ERROR;
    case AECODEC_OTHER_CODEC:
    case AECODEC_OTHER_LEVEL:
    case AECODEC_BAD_NETWORK:
    case AECODEC_OTHER_SIZE:
    case AECODEC_BAD_BUNDLE:
    case AECODEC_ABSENT:
    case AECODEC_OTHER_BASE:
        return AECODEC_CODEC_ERROR;
    case AECODEC_DAMAGED:
    case AECODEC_INCOMPLETE:
        return AECODEC_FORMAT_ERROR;
    default:
        return status >= AECODEC_TOO_MANY_FRAMES && status <= AECODEC_TOO_MUCH_MEMORY ? AECODEC_LIMIT_ERROR
               : status >= AECODEC_NOT_AEC && status <= AECODEC_DAMAGED_REFINEMENT    ? AECODEC_FORMAT_ERROR
                                                                                      : AECODEC_OTHER_ERROR;
    }
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
