/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses in words, and memory that the library gave. */
#include <stdlib.h>

#include "aecodec_library.h"

/* What is at fault for each status, and a sentence. */
static const struct {
    aecodec_error error;
    const char *text;
} statuses[] = {
    [AECODEC_OK] = {AECODEC_NO_ERROR, "done"},
    [AECODEC_BUFFER_TOO_SMALL] = {AECODEC_OTHER_ERROR, "the buffer is too small for the result"},
    [AECODEC_TOO_LARGE] = {AECODEC_IMAGE_ERROR, "a side is 0 or too long, or the picture has too many pixels"},
    [AECODEC_DAMAGED] = {AECODEC_FORMAT_ERROR, "damaged: the payload does not match this codec's tables"},
    [AECODEC_OTHER_CODEC] = {AECODEC_CODEC_ERROR, "a different codec made this file: use that codec"},
    [AECODEC_OTHER_LEVEL] = {AECODEC_CODEC_ERROR, "this codec lacks the tables of the file's level"},
    [AECODEC_BAD_NETWORK] = {AECODEC_CODEC_ERROR, "the network is damaged, or has a different version"},
    [AECODEC_OTHER_SIZE] = {AECODEC_CODEC_ERROR, "the network does not support this size"},
    [AECODEC_NO_WINDOWS] = {AECODEC_USAGE_ERROR,
        "the file has a base picture or several refinements, so it can be decompressed only as a whole"},
    [AECODEC_NO_MEMORY] = {AECODEC_OTHER_ERROR, "out of memory"},
    [AECODEC_BAD_BUNDLE] = {AECODEC_CODEC_ERROR,
        "this is not a codec file of version 1, or it is damaged: export the codec again"},
    [AECODEC_ABSENT] = {AECODEC_CODEC_ERROR,
        "the codec lacks a network, a level or a primer that this call needs: use the whole codec"},
    [AECODEC_DOES_NOT_FIT] = {AECODEC_USAGE_ERROR,
        "the 64-bit samples differ by more than 32 bits can represent: use a larger maximum error"},
    [AECODEC_BAD_IMAGE] = {AECODEC_IMAGE_ERROR,
        "a file cannot hold this picture: a side is 0, it has too many pixels or not 1 to 4 channels, or the "
        "bands, type, limits or values of its samples do not fit the codec or each other"},
    [AECODEC_UNCLEAR_NODATA] = {AECODEC_USAGE_ERROR,
        "the smallest and the largest sample both look like the value of missing samples, which must stay "
        "exact: set nodata, for example to the array's _FillValue, or to false if no sample is missing"},
    [AECODEC_BAD_ARGUMENT] = {AECODEC_USAGE_ERROR,
        "there is no such level, section, frame, reduction or maximum error"},
    [AECODEC_TOO_FEW_BYTES] = {AECODEC_USAGE_ERROR,
        "no file of this picture is that small: allow more bytes, or use a smaller picture"},
    [AECODEC_CANCELLED] = {AECODEC_OTHER_ERROR, "cancelled"},
    [AECODEC_UNREADABLE] = {AECODEC_OTHER_ERROR, "the file cannot be read"},
    [AECODEC_OTHER_KIND] = {AECODEC_USAGE_ERROR,
        "pictures need a codec without bands, and samples need a codec with bands"},
    [AECODEC_OTHER_BASE] = {AECODEC_CODEC_ERROR,
        "the decoded base picture is not the encoder's: the file is damaged, or the network computed "
        "different numbers"},
    [AECODEC_NO_BASE] = {AECODEC_USAGE_ERROR,
        "the file has no base picture and no codes, only refinements: decompress the whole file"},
    [AECODEC_INCOMPLETE] = {AECODEC_FORMAT_ERROR, "more bytes of the file are needed"},
    [AECODEC_BROKEN_BOUND] = {AECODEC_OTHER_ERROR,
        "a sample would exceed its maximum error: this is a bug in aecodec; report it with the picture"},
    [AECODEC_HAS_REFINEMENTS] = {AECODEC_USAGE_ERROR,
        "a file with refinements has no bare payload: compress the picture at a level, without a maximum "
        "error"},
    [AECODEC_NOT_GUARANTEED] = {AECODEC_USAGE_ERROR, "the file does not guarantee this maximum error"},
    [AECODEC_NOT_AEC] = {AECODEC_FORMAT_ERROR, "not an .aec file: it does not begin with the .aec signature"},
    [AECODEC_TOO_SHORT] = {AECODEC_FORMAT_ERROR, "damaged: too short for an .aec file"},
    [AECODEC_BAD_CHECKSUM] = {AECODEC_FORMAT_ERROR,
        "damaged: a checksum is wrong. The file is incomplete or was changed: download it or make it again"},
    [AECODEC_OTHER_VERSION] = {AECODEC_FORMAT_ERROR,
        "the file has a format version that this aecodec cannot read: upgrade aecodec"},
    [AECODEC_DAMAGED_HEADER] = {AECODEC_FORMAT_ERROR,
        "damaged: a field of the header has an invalid value, or runs past the end of the file"},
    [AECODEC_BAD_SIZE] = {AECODEC_FORMAT_ERROR,
        "damaged: more pixels, pictures or tiles than a file can hold, or a reduction that is out of range"},
    [AECODEC_BAD_LEVEL] = {AECODEC_FORMAT_ERROR, "damaged: a level that the codec does not have"},
    [AECODEC_DAMAGED_METADATA] = {AECODEC_FORMAT_ERROR,
        "damaged: an entry of the metadata is unknown, occurs twice, or runs past the end of the metadata"},
    [AECODEC_DAMAGED_SAMPLES] = {AECODEC_FORMAT_ERROR,
        "damaged: the type, layout or limits of the samples do not fit each other or the codec"},
    [AECODEC_DAMAGED_MASK] = {AECODEC_FORMAT_ERROR,
        "damaged: the mask does not inflate to the picture's size"},
    [AECODEC_DAMAGED_ALPHA] = {AECODEC_FORMAT_ERROR, "damaged: alpha does not inflate to the picture's size"},
    [AECODEC_DAMAGED_SEGMENTS] = {AECODEC_FORMAT_ERROR,
        "damaged: the messages of the segments are too short, or run past the end of the file"},
    [AECODEC_CODE_RANGE] = {AECODEC_FORMAT_ERROR,
        "damaged: a code is outside the range of this codec's encoder"},
    [AECODEC_DAMAGED_REFINEMENT] = {AECODEC_FORMAT_ERROR,
        "damaged: a refinement has fields with invalid values, or fields that do not fit the samples"},
    [AECODEC_TOO_MANY_FRAMES] = {AECODEC_LIMIT_ERROR,
        "the file has more pictures than the limit allows: if you trust the file, raise the limit"},
    [AECODEC_TOO_MANY_PIXELS] = {AECODEC_LIMIT_ERROR,
        "the file has more pixels than the limit allows: if you trust the file, raise the limit"},
    [AECODEC_TOO_MUCH_WORK] = {AECODEC_LIMIT_ERROR,
        "the file has unusually many pixels for so few bytes, as in a decompression bomb: if you trust the "
        "file, raise the limit"},
};

static int is_known(aecodec_status status)
{
    return (size_t)status < sizeof statuses / sizeof *statuses && statuses[status].text;
}

const char *aecodec_status_text(aecodec_status status)
{
    return is_known(status) ? statuses[status].text : "unknown status";
}

aecodec_error aecodec_status_error(aecodec_status status)
{
    return is_known(status) ? statuses[status].error : AECODEC_OTHER_ERROR;
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
