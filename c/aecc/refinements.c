/* SPDX-License-Identifier: Apache-2.0 */
/* Files with a guaranteed maximum error: their bases, trimming, and info. */
#include <stdio.h>
#include <string.h>

#include "aecc.h"

enum { ERROR_TEXT = 32 };

int find_base(const options *o, const content *file, content *base, int *has_base)
{
    const uint8_t *bytes;
    size_t needed;
    aecodec_status status = aecodec_file_base(file->bytes, file->size, &bytes, &base->size, &needed);
    *has_base = status == AECODEC_OK;
    if (status != AECODEC_OK && status != AECODEC_NO_BASE) {
        return fail(o->input, aecodec_status_text(AECODEC_DAMAGED));
    }
    base->bytes = file->bytes + (bytes - file->bytes);
    return 0;
}

/* A maximum error as users write it, such as "4" or "0.5sqrt". */
static void error_text(const aecodec_refinement *r, char text[ERROR_TEXT])
{
    sprintf(text, "%.6g%s", r->max_error, r->is_root ? "sqrt" : "");
}

int list_refinements(const options *o, const content *file, aecodec_refinement *refinements, uint32_t *count)
{
    const aecodec_status status = aecodec_file_refinements(file->bytes, file->size, refinements, count);
    return status == AECODEC_OK ? 0 : fail(o->input, aecodec_status_text(status));
}

void print_refinements(const aecodec_refinement *refinements, uint32_t count)
{
    char text[ERROR_TEXT];
    uint32_t n;
    for (n = 0; n < count; n++) {
        error_text(&refinements[n], text);
        printf("maximum error %s\n", text);
    }
}

/* Say which errors a file guarantees, because it does not guarantee the one in the options. */
static int fail_with_errors(const options *o, const content *file)
{
    aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS];
    uint32_t count;
    char text[ERROR_TEXT], problem[ERROR_TEXT + 40] = "the file guarantees no maximum error";
    if (list_refinements(o, file, refinements, &count)) {
        return 1;
    }
    if (count) {
        error_text(&refinements[count - 1], text);
        sprintf(problem, "its smallest maximum error is %s", text);
    }
    return fail(o->input, problem);
}

int trim(const options *o, const content *file)
{
    const double error = o->error_count ? o->errors[0] : -1;
    piece trimmed = {NULL, 0};
    uint8_t *bytes = NULL;
    aecodec_status status = aecodec_trim(file->bytes, file->size, error, o->is_root, &bytes, &trimmed.size);
    int result;
    if (status == AECODEC_BAD_ARGUMENT) {
        return fail_with_errors(o, file);
    }
    if (status != AECODEC_OK) {
        return fail(o->input, status == AECODEC_NO_BASE ? "the file has no picture before its first refinement: name "
                                                          "the maximum error to keep with --max-error"
                                                        : aecodec_status_text(status));
    }
    trimmed.bytes = bytes;
    result = write_file(o, &trimmed, 1);
    aecodec_free(bytes);
    return result;
}
