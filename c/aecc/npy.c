/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of samples as .npy files, versions 1 to 3: a text that describes the array, and its numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecc.h"

enum { MAGIC = 6, MAX_AXES = 4, HEAD = 128, MAX_SIDE = 1 << 20 };

static const char *const types[] = {"u1", "i1", "u2", "i2", "i4", "f2", "f4"};
static const uint8_t sizes[] = {1, 1, 2, 2, 4, 2, 4};

/* Axes of the layouts of files. */
static const char *const layouts[] = {"HW", "HWB", "FHW", "FHWB", "BHW", "FBHW"};

int is_npy(const content *file)
{
    return file->size >= MAGIC + 6 && memcmp(file->bytes, "\x93NUMPY", MAGIC) == 0;
}

/* The sides of an array by the letters of its axes. */
static uint32_t *side_of(aecodec_samples *samples, char axis)
{
    return axis == 'F' ? &samples->frames : axis == 'H' ? &samples->height : axis == 'W' ? &samples->width
                                                                                         : &samples->bands;
}

/* Find what follows a key of the description, such as 'shape': */
static const char *value_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? at + strlen(key) + strspn(at + strlen(key), " :") : "";
}

static int read_type(const char *text, aecodec_samples *samples)
{
    const char *value = value_of(text, "'descr'");
    uint32_t n;
    for (n = 0; n < sizeof types / sizeof *types; n++) {
        if (value[0] == '\'' && strncmp(value + 2, types[n], 2) == 0 && value[4] == '\'') {
            samples->type = n;
            samples->is_big_endian = value[1] == '>';
            return 1;
        }
    }
    return 0;
}

/* Read the sides. Returns how many there are; 0 if one does not fit. */
static uint32_t read_shape(const char *text, uint32_t sides[MAX_AXES])
{
    const char *at = value_of(text, "'shape'");
    uint32_t count = 0;
    while (*at == '(' || *at == ',' || *at == ' ') {
        at++;
        if (*at >= '0' && *at <= '9') {
            unsigned long side = strtoul(at, (char **)&at, 10);
            if (count == MAX_AXES || side < 1 || side > (unsigned long)MAX_SIDE << 4) {
                return 0;
            }
            sides[count++] = (uint32_t)side;
        }
    }
    return count;
}

/* Give the sides to the axes of the layout with as many; (N, H, W) are frames of a codec with one band. */
static const char *read_axes(const char *text, uint32_t bands, aecodec_samples *samples)
{
    uint32_t sides[MAX_AXES], count = read_shape(text, sides), n;
    if (count < 2) {
        return "not an array of 2 to 4 axes";
    }
    samples->layout = count == 2 ? 0 : count == 4 ? 3 : bands == 1 && sides[2] != 1 ? 2 : 1;
    samples->frames = samples->bands = 1;
    for (n = 0; n < count; n++) {
        *side_of(samples, layouts[samples->layout][n]) = sides[n];
    }
    return NULL;
}

/* Swap the bytes of each sample. */
static void swap_bytes(uint8_t *bytes, size_t count, size_t size)
{
    size_t n, m;
    for (n = 0; n < count; n++, bytes += size) {
        for (m = 0; m < size / 2; m++) {
            uint8_t kept = bytes[m];
            bytes[m] = bytes[size - 1 - m];
            bytes[size - 1 - m] = kept;
        }
    }
}

static uint64_t count_of(const aecodec_samples *samples)
{
    return (uint64_t)samples->frames * samples->height * samples->width * samples->bands;
}

/* Take the numbers after the description, which move to the beginning of the file's memory. */
static const char *take_numbers(content *file, size_t start, aecodec_samples *samples)
{
    size_t size = sizes[samples->type];
    if (count_of(samples) > file->size / size || count_of(samples) * size != file->size - start) {
        return "its numbers do not have the size that it states";
    }
    memmove(file->bytes, file->bytes + start, file->size - start);
    samples->samples = file->bytes;
    if (samples->is_big_endian) {
        swap_bytes(file->bytes, (size_t)count_of(samples), size);
    }
    return NULL;
}

const char *read_npy(content *file, uint32_t bands, aecodec_samples *samples)
{
    const uint8_t *bytes = file->bytes;
    size_t head = bytes[MAGIC] == 1 ? 10 : 12, size = bytes[8] | (size_t)bytes[9] << 8;
    char text[HEAD * 8];
    const char *problem;
    memset(samples, 0, sizeof *samples);
    size |= head == 12 ? (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24 : 0;
    if (head > file->size || size > file->size - head || size >= sizeof text) {
        return "not a whole .npy file";
    }
    memcpy(text, bytes + head, size);
    text[size] = 0;
    if (!read_type(text, samples)) {
        return "not an array of uint8, int8, uint16, int16, int32, float16 or float32";
    }
    if (strncmp(value_of(text, "'fortran_order'"), "False", 5) != 0) {
        return "an array in Fortran order: save numpy.ascontiguousarray(array)";
    }
    problem = read_axes(text, bands, samples);
    return problem ? problem : take_numbers(file, head + size, samples);
}

/* The distance from a sample to the next one along an axis, in the order of the library. */
static size_t step_of(const aecodec_samples *samples, char axis)
{
    size_t row = (size_t)samples->width * samples->bands;
    return axis == 'B' ? 1 : axis == 'W' ? samples->bands : axis == 'H' ? row : row * samples->height;
}

/* Copy the samples in the order of their source. */
static void arrange(const aecodec_samples *samples, uint8_t *to)
{
    const char *axes = samples->layout == 5 || samples->layout == 4 ? "FBHW" : "FHWB";
    uint32_t sides[MAX_AXES], at[MAX_AXES] = {0, 0, 0, 0};
    size_t size = sizes[samples->type], steps[MAX_AXES], n;
    int axis;
    for (axis = 0; axis < MAX_AXES; axis++) {
        sides[axis] = *side_of((aecodec_samples *)samples, axes[axis]);
        steps[axis] = step_of(samples, axes[axis]);
    }
    for (n = 0; n < count_of(samples); n++, to += size) {
        size_t place = 0;
        for (axis = 0; axis < MAX_AXES; axis++) {
            place += at[axis] * steps[axis];
        }
        memcpy(to, (const uint8_t *)samples->samples + place * size, size);
        for (axis = MAX_AXES - 1; axis >= 0 && ++at[axis] == sides[axis]; axis--) {
            at[axis] = 0;
        }
    }
}

static void write_head(const aecodec_samples *samples, char head[HEAD])
{
    const char *axes = layouts[samples->layout];
    size_t size = 10;
    char order = sizes[samples->type] == 1 ? '|' : samples->is_big_endian ? '>' : '<';
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", size);
    size += (size_t)sprintf(head + size, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order,
                            types[samples->type]);
    for (; *axes; axes++) {
        size += (size_t)sprintf(head + size, "%u, ", *side_of((aecodec_samples *)samples, *axes));
    }
    size += (size_t)sprintf(head + size - 2, "), }") - 2;
    memset(head + size, ' ', HEAD - size);
    head[HEAD - 1] = '\n';
}

int write_npy(const options *o, const aecodec_samples *samples)
{
    size_t count = (size_t)count_of(samples), size = sizes[samples->type];
    uint8_t *bytes = malloc(count * size);
    char head[HEAD];
    piece pieces[2] = {{head, HEAD}, {bytes, count * size}};
    int status;
    if (!bytes) {
        return fail(o->output, aecodec_status_text(AECODEC_NO_MEMORY));
    }
    arrange(samples, bytes);
    if (samples->is_big_endian) {
        swap_bytes(bytes, count, size);
    }
    write_head(samples, head);
    status = write_file(o, pieces, 2);
    free(bytes);
    return status;
}
