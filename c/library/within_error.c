/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples to files with maximum errors: the level of the base, and the refinements. */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

enum { CELL = 128, LEAST_CELLS = 8, CELL_STRIDE = 64 }; /* levels are compared on at least 8 cells, and on one of 64 */

static const double most_bits = 2;  /* files with more bits per sample are smaller without base */
static const double hopeless = 1.1; /* if the middle level makes a file larger by this factor, so do all levels */

/* ---- parts, on which levels are compared ---- */

/* Copy the elements of the pixels of a cell, of some bytes each. */
static uint8_t *copy_cell(const aecodec_samples *s, const box *cell, const uint8_t *from, size_t bytes, uint8_t *to)
{
    const size_t row_bytes = cell->width * bytes;
    uint32_t frame, row;
    for (frame = cell->frame; frame < cell->frame + cell->frames; frame++) {
        for (row = cell->top; row < cell->top + cell->height; row++, to += row_bytes) {
            memcpy(to, from + (((size_t)frame * s->height + row) * s->width + cell->left) * bytes, row_bytes);
        }
    }
    return to;
}

/* Select cells of the same size as the first. numbers: room for all cells. Returns their number. */
static uint32_t select_cells(const aecodec_samples *whole, uint32_t *numbers)
{
    const uint32_t all = aecodec_refining_count(whole, CELL);
    const box first = aecodec_refining_place(whole, CELL, 0);
    uint32_t equal = 0, wanted, stride, count = 0, n;
    for (n = 0; n < all; n++) {
        const box cell = aecodec_refining_place(whole, CELL, n);
        if (cell.width == first.width && cell.height == first.height && cell.frames == first.frames) {
            numbers[equal++] = n;
        }
    }
    wanted = equal / CELL_STRIDE > LEAST_CELLS ? equal / CELL_STRIDE : LEAST_CELLS;
    stride = equal / wanted > 1 ? equal / wanted : 1;
    for (n = stride / 2; n < equal; n += stride) {
        numbers[count++] = numbers[n];
    }
    return count;
}

/* Copy cells as frames. */
static aecodec_status copy_cells(const refiner *r, const uint32_t *numbers, uint32_t count, aecodec_samples *part)
{
    const aecodec_samples *whole = &r->original;
    box cell = aecodec_refining_place(whole, CELL, 0);
    uint8_t *to, *mask;
    size_t pixels;
    uint32_t n;
    *part = *whole;
    part->width = cell.width;
    part->height = cell.height;
    part->frames = cell.frames * count;
    pixels = (size_t)part->width * part->height * part->frames;
    part->samples = to = malloc(pixels * aecodec_refiner_pixel_bytes(r));
    part->missing = mask = whole->missing ? malloc(pixels * whole->mask_planes) : NULL;
    if (!to || (whole->missing && !mask)) {
        return AECODEC_NO_MEMORY;
    }
    for (n = 0; n < count; n++) {
        cell = aecodec_refining_place(whole, CELL, numbers[n]);
        to = copy_cell(whole, &cell, whole->samples, aecodec_refiner_pixel_bytes(r), to);
        mask = mask ? copy_cell(whole, &cell, whole->missing, whole->mask_planes, mask) : NULL;
    }
    return AECODEC_OK;
}

/* Begin with some cells, which the part reads. Free the cells after the part, in any case. */
static aecodec_status open_part(const refiner *r, aecodec_samples *cells, refiner *part)
{
    uint32_t *numbers = malloc(aecodec_refining_count(&r->original, CELL) * sizeof *numbers);
    aecodec_image picture;
    aecodec_status status = AECODEC_NO_MEMORY;
    memset(part, 0, sizeof *part);
    memset(cells, 0, sizeof *cells);
    if (numbers) {
        status = copy_cells(r, numbers, select_cells(&r->original, numbers), cells);
    }
    if (status == AECODEC_OK) {
        picture = (aecodec_image){.width = cells->width,
                                  .height = cells->height,
                                  .channels = cells->bands,
                                  .frames = cells->frames,
                                  .pixels = cells->samples};
        status =
            aecodec_refiner_open(part, r->bundle, r->execution, r->is_picture ? &picture : NULL, r->is_picture ? NULL : cells, 1);
    }
    free(numbers);
    return status;
}

/* ---- the choice of a level ---- */

typedef struct {
    refiner *part;
    refinement first;               /* its bounds are set */
    uint64_t sizes[MAX_LEVELS + 1]; /* by level, and without base; 0: not yet known */
    aecodec_status status;
} level_choice;

/* The size of the payload of a level, and of the messages that refine it. */
static aecodec_status find_size(level_choice *c, uint32_t level, uint64_t *size)
{
    buffer base = {NULL, 0, 0, AECODEC_OK};
    aecodec_header header;
    void *samples;
    aecodec_status status = aecodec_refiner_base(c->part, level * LEVEL_UNITS, &base, &samples);
    c->first.has_base = level != NO_LEVEL;
    status = status == AECODEC_OK ? aecodec_refiner_encode(c->part, &c->first, samples, NULL, size) : status;
    if (status == AECODEC_OK) {
        status = aecodec_read_header(base.bytes, base.size, &header);
        *size += header.payload_size;
    }
    free(base.bytes);
    free(samples);
    return status;
}

/* The size with a level, which is computed once. Levels that the bundle lacks are never the smallest. */
static uint64_t size_at(level_choice *c, uint32_t level)
{
    if (c->sizes[level] == 0 && c->status == AECODEC_OK) {
        const aecodec_status status = find_size(c, level, &c->sizes[level]);
        if (status != AECODEC_OK) {
            c->sizes[level] = UINT64_MAX;
            c->status = status == AECODEC_ABSENT && level != NO_LEVEL ? AECODEC_OK : status;
        }
    }
    return c->sizes[level];
}

/* Whether a base may save bits. */
static int may_have_base(level_choice *c)
{
    const aecodec_bundle *bundle = c->part->bundle;
    const double samples = (double)pixels_of_samples(&c->part->original) * c->part->original.bands;
    return 8 * (double)size_at(c, NO_LEVEL) <= most_bits * samples && bundle->has_encoder && bundle->has_decoder;
}

/* The level with the smallest size, if sizes fall and then rise; NO_LEVEL if none is smaller than without base. */
static uint32_t lowest_level(level_choice *c)
{
    const uint32_t levels = c->part->bundle->facts.levels;
    uint32_t lowest = levels / 2 + 1;
    if (!may_have_base(c) || (double)size_at(c, lowest) > hopeless * (double)size_at(c, NO_LEVEL)) {
        return NO_LEVEL;
    }
    while (lowest < levels && size_at(c, lowest + 1) < size_at(c, lowest)) {
        lowest++;
    }
    while (lowest > 1 && size_at(c, lowest - 1) < size_at(c, lowest)) {
        lowest--;
    }
    return size_at(c, lowest) < size_at(c, NO_LEVEL) ? lowest : NO_LEVEL;
}

/* Compare levels on some cells of a large picture. */
static aecodec_status choose_level(refiner *r, const refinement *first, uint32_t *units)
{
    const int is_small = aecodec_refining_count(&r->original, CELL) <= LEAST_CELLS;
    aecodec_samples cells;
    refiner part;
    level_choice c = {.part = is_small ? r : &part, .first = *first};
    if (!is_small) {
        c.status = open_part(r, &cells, &part);
    }
    if (c.status == AECODEC_OK) {
        *units = LEVEL_UNITS * lowest_level(&c);
    }
    if (!is_small) {
        aecodec_refiner_close(&part);
        aecodec_samples_free(&cells);
    }
    return c.status;
}

/* ---- files ---- */

/* Make room for samples of a decoder, on which the next refinement builds. */
static aecodec_status begin_file(refiner *r, uint32_t count, uint32_t units, buffer *file, void **samples)
{
    buffer base = {NULL, 0, 0, AECODEC_OK};
    aecodec_status status = aecodec_refiner_base(r, units, &base, samples);
    if (status == AECODEC_OK && !*samples && count > 1) {
        *samples = calloc(pixels_of_samples(&r->original), aecodec_refiner_pixel_bytes(r));
        status = *samples ? AECODEC_OK : AECODEC_NO_MEMORY;
    }
    if (status == AECODEC_OK) {
        aecodec_refined_file_begin(file, &base);
        status = file->status;
    }
    free(base.bytes);
    return status;
}

static aecodec_status write_file(refiner *r, refinement *refinements, uint32_t count, uint32_t units, buffer *file)
{
    void *samples = NULL;
    aecodec_status status = begin_file(r, count, units, file, &samples);
    uint64_t total;
    uint32_t n;
    for (n = 0; n < count && status == AECODEC_OK; n++) {
        refinements[n].has_base = units != NO_LEVEL || n > 0;
        refinements[n].is_followed = n + 1 < count;
        status = aecodec_refiner_encode(r, &refinements[n], samples, file, &total);
    }
    free(samples);
    return status;
}

/* Choose a level if a base may help, and write the file. */
static aecodec_status compress(refiner *r, refinement *refinements, uint32_t count, uint32_t *units, buffer *file)
{
    aecodec_status status = AECODEC_OK;
    if (!*units && has_networks(r->bundle)) {
        status = choose_level(r, &refinements[0], units);
    }
    return status == AECODEC_OK ? write_file(r, refinements, count, *units, file) : status;
}

/* Errors [count][bands] with one of 0 for alpha, which is a band. Returns whether there is enough memory. */
static int add_alpha(aecodec_bounds *bounds, uint32_t bands, double **errors)
{
    const uint32_t count = bounds->count;
    double *to = *errors = malloc(count * bands * sizeof *to);
    uint32_t n, band;
    for (n = 0; to && n < count; n++) {
        for (band = 0; band + 1 < bands; band++) {
            *to++ = bounds->errors[n * bounds->bands + (bounds->bands > 1 ? band : 0)];
        }
        *to++ = 0;
    }
    bounds->bands = bands;
    bounds->errors = *errors;
    return to != NULL;
}

/* Make a file within the bounds, for which there is room. */
static aecodec_status compress_within(refiner *r, aecodec_bounds bounds, bound (*room)[AECODEC_MAX_BANDS],
                                      aecodec_compressed *made, buffer *file)
{
    refinement refinements[AECODEC_MAX_REFINEMENTS];
    aecodec_samples colours = r->original;
    double *errors = NULL;
    aecodec_status status;
    uint32_t count, n;
    colours.bands -= r->has_alpha != 0;
    if (!aecodec_bounds_are_valid(&bounds, &colours)) {
        return AECODEC_BAD_ARGUMENT;
    }
    if (r->has_alpha && !add_alpha(&bounds, r->original.bands, &errors)) {
        return AECODEC_NO_MEMORY;
    }
    for (n = 0; n < AECODEC_MAX_REFINEMENTS; n++) {
        refinements[n].bounds = room[n];
    }
    status = aecodec_refinements_for(&bounds, &r->original, refinements, &count, &made->max_error);
    free(errors);
    return status == AECODEC_OK ? compress(r, refinements, count, &made->level, file) : status;
}

aecodec_status aecodec_within_error(const aecodec_bundle *bundle, const aecodec_image *picture,
                                    const aecodec_samples *samples, const aecodec_target *target,
                                    const aecodec_execution *execution, aecodec_compressed *made)
{
    static const double none = 0;
    const aecodec_bounds lossless = {1, 1, 0, &none};
    buffer b = {NULL, 0, 0, AECODEC_OK};
    bound (*room)[AECODEC_MAX_BANDS] = malloc(AECODEC_MAX_REFINEMENTS * sizeof *room);
    refiner r;
    made->level = target->level;
    made->reduction = NOT_REDUCED;
    b.status = aecodec_refiner_open(&r, bundle, execution, picture, samples, 0);
    if (b.status == AECODEC_OK) {
        b.status = room ? compress_within(&r, target->bounds ? *target->bounds : lossless, room, made, &b) : AECODEC_NO_MEMORY;
    }
    if (b.status == AECODEC_OK) {
        made->max_error = r.last.max_error;
        made->nodata = r.last.nodata;
        memcpy(made->clipped, r.clipped, sizeof r.clipped);
    }
    free(room);
    aecodec_refiner_close(&r);
    return aecodec_buffer_give(&b, &made->file, &made->size);
}
