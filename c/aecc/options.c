/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecc.h"

enum { USAGE = 2 };

static const char help[] =
    "aecc compress PICTURE -o FILE.aec --bundle CODEC.bundle\n"
    "    PICTURE is PGM, PPM or PAM of 8 bits; several of one size one after the other are frames.\n"
    "    -q, --level N      1 (smallest file) and up, in sixteenths for some codecs; default: the codec's own\n"
    "    --max-bytes N      make the best file of at most N bytes instead\n"
    "    --max-error E      make the smallest file in which no sample differs by more than E, also with --level;\n"
    "                       0.5sqrt is relative to the square root of the sample. Repeat it, the coarsest first,\n"
    "                       for nested refinements\n"
    "    --lossless         the same as --max-error 0\n"
    "    --bare             write a bare payload, which is 11 bytes smaller; to decompress it, use --bare and\n"
    "                       --bundle. --max-bytes counts the bytes of the payload\n"
    "    --checksum         with --bare: add a checksum of one byte\n"
    "    For a codec with bands, PICTURE is an .npy file: (H, W), (H, W, B) or (N, H, W, B).\n"
    "    --nodata N         value of missing samples; NaN are missing in any case\n"
    "aecc decompress FILE.aec -o PICTURE\n"
    "    Writes PGM or PPM; PAM if there is alpha; .npy if there are samples of bands.\n"
    "    --max-pixels N     accept up to N pixels, however small the file is\n"
    "    --max-frames N     accept up to N frames\n"
    "    --bare, --checksum the file is a bare payload that was compressed with these options\n"
    "    --base-only        decompress only the picture before the refinements, for a quick look\n"
    "aecc trim FILE.aec -o TRIMMED.aec\n"
    "    Removes the refinements of a file with a maximum error; the picture before them is left.\n"
    "    --max-error E      keep the refinements that guarantee E, in units of the samples, or 0.5sqrt\n"
    "aecc info FILE.aec\n"
    "    Prints what the header states.\n"
    "\n"
    "    --bundle FILE      the codec, as `aecodec export CODEC --format bundle` makes it. Without, the file\n"
    "                       ID.bundle in the folder that the variable AECODEC_PATH names, for decompress\n"
    "    -f, --force        overwrite FILE\n"
    "    -                  in the place of a file: standard input or output\n"
    "    --help, --version\n";

void print_help(void)
{
    fputs(help, stdout);
}

static int misused(const char *what, const char *problem)
{
    fail(what, problem);
    fputs("See aecc --help.\n", stderr);
    return USAGE;
}

/* Read a number of 1 and up. Returns 0 for anything else. */
static uint32_t to_number(const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* Read a level, such as 2 or 2.5, in sixteenths. Returns 0 for anything else. */
static uint32_t to_level(const char *text)
{
    char *end;
    double level = strtod(text, &end);
    return *text >= '0' && *text <= '9' && !*end && level >= 1 && level < 16 ? (uint32_t)(16 * level + 0.5) : 0;
}

/* Add a maximum error: a number, or a factor such as 0.5sqrt. Returns whether it is one. */
static int add_error(const char *text, options *o)
{
    char *end;
    const double error = strtod(text, &end);
    const int is_number = *text >= '0' && *text <= '9' && error - error == 0, is_root = *end != 0;
    if (!is_number || o->error_count == AECODEC_MAX_REFINEMENTS || (is_root && strcmp(end, "sqrt") != 0) ||
        (o->error_count && error > 0 && is_root != o->is_root)) { /* only 0 combines with the other kind */
        return 0;
    }
    o->is_root |= is_root;
    o->errors[o->error_count++] = error;
    return 1;
}

static int set_command(const char *name, options *o)
{
    static const char *const names[] = {"compress", "decompress", "info", "trim", "--help", "--version"};
    int n;
    for (n = 0; n < 6; n++) {
        if (strcmp(name, names[n]) == 0) {
            o->command = (command)n;
            return 0;
        }
    }
    return misused(name, "no command");
}

static int is_one_of(const char *name, const char *one, const char *other)
{
    return strcmp(name, one) == 0 || strcmp(name, other) == 0;
}

/* Set an option that has a value. Returns whether it is known and the value is right. */
static int set_value(const char *name, const char *value, options *o)
{
    if (is_one_of(name, "-o", "--output")) {
        o->output = value;
    } else if (strcmp(name, "--bundle") == 0) {
        o->bundle = value;
    } else if (is_one_of(name, "-q", "--level")) {
        return (o->level = to_level(value)) != 0;
    } else if (strcmp(name, "--max-bytes") == 0) {
        return (o->max_bytes = to_number(value)) != 0;
    } else if (strcmp(name, "--max-error") == 0) {
        return add_error(value, o);
    } else if (strcmp(name, "--nodata") == 0) {
        char *end;
        o->nodata = strtod(value, &end);
        return o->has_nodata = end > value && !*end;
    } else if (strcmp(name, "--max-pixels") == 0) {
        return (o->limits.max_pixels = to_number(value)) != 0;
    } else if (strcmp(name, "--max-frames") == 0) {
        return (o->limits.max_frames = to_number(value)) != 0;
    } else {
        return 0;
    }
    return 1;
}

static int check_bare(const options *o)
{
    if (o->is_bare && (o->command > DECOMPRESS || o->error_count)) {
        return misused("--bare", "only compress and decompress accept it, without --max-error");
    }
    if (o->is_bare && !o->bundle) {
        return misused("--bare", "bare payloads do not state their codec: name it with --bundle");
    }
    return o->has_checksum && !o->is_bare ? misused("--checksum", "it is for bare payloads: use it with --bare") : 0;
}

static int check_options(const options *o)
{
    if (o->command >= HELP) {
        return 0;
    }
    if (!o->input) {
        return misused("no file", "name one");
    }
    if (!o->output && o->command != INFO) {
        return misused("no -o", "say where the result goes");
    }
    if (o->command == COMPRESS && !o->bundle) {
        return misused("no --bundle", "name the codec to compress with");
    }
    if (o->command == TRIM && o->error_count > 1) {
        return misused("--max-error", "trim takes one");
    }
    if (o->error_count && o->max_bytes) {
        return misused("--max-error and --max-bytes", "they exclude each other");
    }
    return o->level && o->max_bytes ? misused("--level and --max-bytes", "they exclude each other") : check_bare(o);
}

int read_options(int count, char **arguments, options *o)
{
    int n, status = count > 1 ? set_command(arguments[1], o) : misused("no command", "give one");
    for (n = 2; n < count && !status; n++) {
        const char *name = arguments[n];
        if (is_one_of(name, "-f", "--force")) {
            o->force = 1;
        } else if (strcmp(name, "--lossless") == 0) {
            status = add_error("0", o) ? 0 : misused(name, "too many maximum errors");
        } else if (strcmp(name, "--base-only") == 0) {
            o->base_only = 1;
        } else if (strcmp(name, "--bare") == 0) {
            o->is_bare = 1;
        } else if (strcmp(name, "--checksum") == 0) {
            o->has_checksum = 1;
        } else if (name[0] != '-' || !name[1]) {
            status = o->input ? misused(name, "a second file") : 0;
            o->input = name;
        } else if (n + 1 == count || !set_value(name, arguments[++n], o)) {
            status = misused(name, "no such option, or not with this value");
        }
    }
    return status ? status : check_options(o);
}
