/* SPDX-License-Identifier: Apache-2.0 */
/* aecc: pictures to .aec files and back, from the command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecc.h"

/* ---- bundles ---- */

static int open_path(const char *path, aecodec_bundle **bundle)
{
    aecodec_status status;
    errno = 0; /* pipes are rejected without an error of the system */
    status = aecodec_bundle_open(path, bundle);
    if (status == AECODEC_UNREADABLE && errno) {
        return fail(path, strerror(errno));
    }
    return status == AECODEC_OK ? 0 : fail(path, aecodec_status_text(status));
}

/* Open the bundle that was named, or the one in the folder AECODEC_PATH that has an id (4 bytes; NULL: none is
 * known). Returns 0, or an exit status after saying what is wrong. */
static int open_bundle(const options *o, const uint8_t *id, aecodec_bundle **bundle)
{
    const char *folder = getenv("AECODEC_PATH");
    char *path;
    int status;
    if (o->bundle) {
        return open_path(o->bundle, bundle);
    }
    if (!folder) {
        return fail(o->input, "name its codec with --bundle, or a folder of bundles in AECODEC_PATH");
    }
    path = malloc(strlen(folder) + sizeof "/01234567.bundle");
    if (!path) {
        return fail(o->input, aecodec_status_text(AECODEC_NO_MEMORY));
    }
    sprintf(path, "%s/%02x%02x%02x%02x.bundle", folder, id[0], id[1], id[2], id[3]);
    status = open_path(path, bundle);
    free(path);
    return status;
}

/* ---- compressing ---- */

/* The maximum errors in the options. */
static aecodec_bounds bounds_of(const options *o)
{
    const aecodec_bounds bounds = {o->error_count, 1, (uint32_t)o->is_root, o->errors};
    return bounds;
}

/* The maximum size of the file. */
static size_t max_file_bytes(const options *o)
{
    const size_t saving = o->is_bare && o->max_bytes ? AECODEC_BARE_SAVING - (size_t)o->has_checksum : 0;
    return o->max_bytes > (size_t)-1 - saving ? o->max_bytes : o->max_bytes + saving;
}

/* Write a compressed file, or its bare payload. */
static int write_compressed(const options *o, const aecodec_bundle *bundle, const uint8_t *bytes, size_t size)
{
    piece file = {bytes, size};
    uint8_t *payload = NULL;
    aecodec_status status = AECODEC_OK;
    int result;
    if (o->is_bare) {
        status = aecodec_to_bare(bundle, bytes, size, o->has_checksum, &payload, &file.size);
        file.bytes = payload;
    }
    result = status == AECODEC_OK ? write_file(o, &file, 1) : fail(o->input, aecodec_status_text(status));
    aecodec_free(payload);
    return result;
}

static int compress_with(const options *o, const aecodec_bundle *bundle, const aecodec_image *picture)
{
    const aecodec_bounds bounds = bounds_of(o);
    uint8_t *bytes = NULL;
    size_t size;
    aecodec_status status =
        bounds.count ? aecodec_compress_within_error(bundle, picture, &bounds, o->level, NULL, &bytes, &size)
                     : aecodec_compress(bundle, picture, o->level, max_file_bytes(o), NULL, &bytes, &size);
    int result;
    if (status != AECODEC_OK) {
        return fail(o->input, aecodec_status_text(status));
    }
    result = write_compressed(o, bundle, bytes, size);
    aecodec_free(bytes);
    return result;
}

/* Say how many samples were clipped. */
static void warn_of_clipped(const options *o, const aecodec_bundle *bundle, const uint64_t *clipped, uint32_t bands)
{
    uint32_t n;
    for (n = 0; n < bands; n++) {
        aecodec_band band;
        char text[600];
        if (clipped[n] && aecodec_bundle_band(bundle, n, &band) == AECODEC_OK) {
            sprintf(text, "%.0f samples of band %s lie outside of its limits and were clipped", (double)clipped[n],
                    band.name);
            fail(o->input, text);
        }
    }
}

/* Compress samples; `clipped` is set to 0 with maximum errors, because refinements restore clipped samples. */
static aecodec_status compress_samples_with(const options *o, const aecodec_bundle *bundle,
                                            const aecodec_samples *samples, uint64_t clipped[AECODEC_MAX_BANDS],
                                            uint8_t **bytes, size_t *size)
{
    const aecodec_bounds bounds = bounds_of(o);
    if (bounds.count) {
        memset(clipped, 0, AECODEC_MAX_BANDS * sizeof *clipped);
        return aecodec_compress_samples_within_error(bundle, samples, &bounds, o->level, NULL, bytes, size);
    }
    return aecodec_compress_samples(bundle, samples, o->level, max_file_bytes(o), NULL, clipped, bytes, size);
}

/* Compress the array of an .npy file. */
static int compress_samples(const options *o, content *array)
{
    uint64_t clipped[AECODEC_MAX_BANDS];
    aecodec_codec_facts facts;
    aecodec_samples samples;
    aecodec_status status;
    aecodec_bundle *bundle;
    uint8_t *bytes = NULL;
    size_t size;
    const char *problem;
    int result = open_bundle(o, NULL, &bundle);
    if (result) {
        return result;
    }
    aecodec_bundle_facts(bundle, &facts);
    problem = read_npy(array, facts.channels, &samples);
    samples.has_nodata = (uint32_t)o->has_nodata;
    samples.nodata = o->nodata;
    status = problem ? AECODEC_OK
                     : compress_samples_with(o, bundle, &samples, clipped, &bytes, &size);
    if (problem || status != AECODEC_OK) {
        result = fail(o->input, problem ? problem : aecodec_status_text(status));
    } else {
        warn_of_clipped(o, bundle, clipped, facts.channels);
        result = write_compressed(o, bundle, bytes, size);
    }
    aecodec_free(bytes);
    aecodec_bundle_close(bundle);
    return result;
}

static int compress(const options *o, content *file)
{
    aecodec_image picture;
    aecodec_bundle *bundle;
    const char *problem = read_pnm(file, &picture);
    int result = problem ? fail(o->input, problem) : open_bundle(o, NULL, &bundle);
    if (!result) {
        result = compress_with(o, bundle, &picture);
        aecodec_bundle_close(bundle);
    }
    return result;
}

/* ---- decompressing ---- */

static int decompress_with(const options *o, const aecodec_bundle *bundle, const content *file, int has_samples)
{
    aecodec_image picture = {0};
    aecodec_samples samples = {0};
    const aecodec_status status =
        has_samples ? aecodec_decompress_samples(bundle, file->bytes, file->size, &o->limits, NULL, &samples)
                    : aecodec_decompress(bundle, file->bytes, file->size, &o->limits, NULL, &picture);
    int result;
    if (status != AECODEC_OK) {
        return fail(o->input, aecodec_status_text(status));
    }
    result = has_samples ? write_npy(o, &samples) : write_pnm(o, &picture);
    aecodec_image_free(&picture);
    aecodec_samples_free(&samples);
    return result;
}

/* Decompress a bare payload. */
static int decompress_bare(const options *o, const content *payload)
{
    aecodec_codec_facts facts;
    aecodec_bundle *bundle;
    aecodec_status status;
    content file = {NULL, 0};
    int result = open_bundle(o, NULL, &bundle);
    if (result) {
        return result;
    }
    aecodec_bundle_facts(bundle, &facts);
    status = aecodec_from_bare(bundle, payload->bytes, payload->size, o->has_checksum, &file.bytes, &file.size);
    if (status != AECODEC_OK) {
        result = fail(o->input, status == AECODEC_DAMAGED ? "not a bare payload of this codec, or a damaged one, or "
                                                            "compressed with another choice of --checksum"
                                                          : aecodec_status_text(status));
    } else {
        result = decompress_with(o, bundle, &file, facts.phases != 0);
    }
    aecodec_free(file.bytes);
    aecodec_bundle_close(bundle);
    return result;
}

static int decompress(const options *o, const content *file, const aecodec_header *header, int has_base)
{
    aecodec_bundle *bundle;
    int result = o->base_only && !has_base ? fail(o->input, aecodec_status_text(AECODEC_NO_BASE))
                                           : open_bundle(o, header->id, &bundle);
    if (!result) {
        result = decompress_with(o, bundle, file, header->samples != NULL);
        aecodec_bundle_close(bundle);
    }
    return result;
}

/* ---- files with a maximum error ---- */

enum { ERROR_TEXT = 32 };

/* Find the base of a file within its bytes, and whether it has a picture. Returns 0, or an exit status after saying what
 * is wrong. */
static int find_base(const options *o, const content *file, content *base, int *has_base)
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

static int list_refinements(const options *o, const content *file, aecodec_refinement *refinements, uint32_t *count)
{
    const aecodec_status status = aecodec_file_refinements(file->bytes, file->size, refinements, count);
    return status == AECODEC_OK ? 0 : fail(o->input, aecodec_status_text(status));
}

static void print_refinements(const aecodec_refinement *refinements, uint32_t count)
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

/* Write a file without the refinements that the maximum error does not need. Returns an exit status. */
static int trim(const options *o, const content *file)
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

/* ---- commands ---- */

static void print_header(const aecodec_header *header, int has_base)
{
    static const char *const modes[] = {"L", "RGB", "LA", "RGBA"};
    printf("codec %02x%02x%02x%02x\n", header->id[0], header->id[1], header->id[2], header->id[3]);
    if (header->width) {
        printf("size %ux%u\n", header->width, header->height);
    } else {
        printf("size of the codec's tile\n");
    }
    printf("mode %s\nframes %u\n", modes[header->mode & 3], header->frames);
    if (!has_base) {
        printf("level none\n");
    } else if (header->level) {
        printf("level %g\n", header->level / 16.0);
    } else {
        printf("level of the codec's default\n");
    }
    printf("reduction %g\n", header->reduction / 2.0);
}

static int print_info(const options *o, const content *file, const aecodec_header *header, int has_base)
{
    aecodec_refinement refinements[AECODEC_MAX_REFINEMENTS];
    uint32_t count;
    const int status = list_refinements(o, file, refinements, &count);
    if (!status) {
        print_header(header, has_base);
        print_refinements(refinements, count);
    }
    return status;
}

static int run_on(const options *o, content *file)
{
    aecodec_header header;
    content base;
    int has_base;
    if (o->command == COMPRESS) {
        return is_npy(file) ? compress_samples(o, file) : compress(o, file);
    }
    if (o->command == TRIM) {
        return trim(o, file);
    }
    if (o->is_bare) {
        return decompress_bare(o, file);
    }
    if (find_base(o, file, &base, &has_base)) {
        return 1;
    }
    if (aecodec_read_header(base.bytes, base.size, &header) != AECODEC_OK) {
        return fail(o->input, aecodec_status_text(AECODEC_DAMAGED));
    }
    if (o->command == DECOMPRESS) {
        return decompress(o, o->base_only ? &base : file, &header, has_base);
    }
    return print_info(o, file, &header, has_base);
}

static int run(const options *o)
{
    content file;
    int result = 0;
    if (o->command == HELP) {
        print_help();
    } else if (o->command == VERSION) {
        puts("aecc " AECODEC_VERSION);
    } else {
        result = read_file(o->input, &file);
        if (!result) {
            result = run_on(o, &file);
            free(file.bytes);
        }
    }
    return result;
}

/* What was printed counts as done once the system has taken it. */
static int end(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return status ? status : fail("standard output", strerror(errno));
    }
    return status;
}

int main(int count, char **arguments)
{
    options o;
    int status;
    memset(&o, 0, sizeof o);
    status = read_options(count, arguments, &o);
    return status ? status : end(run(&o));
}
