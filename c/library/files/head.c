/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of files without base and with one refinement, from their first bytes and a few messages. */
#include <stdlib.h>
#include <string.h>

#include "bounds/refining.h"
#include "files/opened_file.h"

enum { MOST_INFLATED = 1032 /* bytes that a byte of a zlib stream inflates to */ };

struct aecodec_head {
    opened_file file;
    uint8_t *bytes;      /* of the file */
    uint8_t *mask_bits;  /* or NULL */
    refining to;
    uint64_t *places;    /* [segments + 1] of messages in the file */
    uint32_t *checksums; /* [segments] */
    int has_checksums;   /* otherwise the only message was checked with the file */
};

/* ---- opening ---- */

static aecodec_status inflate_mask(aecodec_head *h)
{
    const samples_block *block = &h->file.block;
    const uint64_t count = (uint64_t)pixels_of_samples(&h->file.samples) * block->mask_planes;
    if (!block->mask) {
        return AECODEC_OK;
    }
    if (count / 8 / MOST_INFLATED > block->mask_size) {
        return AECODEC_DAMAGED_MASK;
    }
    return aecodec_mask_inflate(block->mask, block->mask_size, count, &h->mask_bits);
}

static aecodec_status find_messages(aecodec_head *h)
{
    const refinement *r = &h->file.refined.refinements[0];
    reader index = {r->index, SIZE_MAX, 0};
    h->places = malloc((r->messages + (size_t)1) * sizeof *h->places);
    h->checksums = calloc(r->messages, sizeof *h->checksums);
    h->has_checksums = r->index != NULL;
    if (!h->places || !h->checksums) {
        return AECODEC_NO_MEMORY;
    }
    h->places[0] = (uint64_t)(r->content - h->bytes);
    for (uint32_t n = 0; n < r->messages; n++) {
        h->places[n + 1] = h->places[n] + (r->index ? aecodec_index_take(&index, &h->checksums[n]) : r->size);
    }
    return AECODEC_OK;
}

static aecodec_status fit(aecodec_head *h, const aecodec_bundle *bundle)
{
    const refinement *r = &h->file.refined.refinements[0];
    aecodec_status status = h->file.has_base || r->is_followed ? AECODEC_NO_WINDOWS : AECODEC_OK;
    status = status == AECODEC_OK ? aecodec_file_fit(bundle, &h->file) : status;
    status = status == AECODEC_OK ? aecodec_file_check(&h->file) : status;
    return status == AECODEC_OK ? aecodec_refinement_check(r, &h->file.samples) : status;
}

static aecodec_status open_head(aecodec_head *h, const aecodec_bundle *bundle, size_t size,
                                uint64_t file_size, size_t *needed)
{
    aecodec_status status = aecodec_head_parse(h->bytes, size, file_size, &h->file, needed);
    status = status == AECODEC_OK ? fit(h, bundle) : status;
    status = status == AECODEC_OK ? inflate_mask(h) : status;
    status = status == AECODEC_OK ? find_messages(h) : status;
    if (status == AECODEC_OK) {
        status = aecodec_refining_open_read(&h->to, bundle, &h->file.samples,
                                            &h->file.refined.refinements[0]);
        h->to.mask_bits = h->mask_bits;
        h->to.bundle = NULL;
    }
    return status;
}

aecodec_status aecodec_head_open(const aecodec_bundle *bundle, const uint8_t *bytes, size_t size,
                                 uint64_t file_size, aecodec_head **head, size_t *needed)
{
    aecodec_head *h = calloc(1, sizeof *h);
    aecodec_status status = AECODEC_NO_MEMORY;
    *needed = size;
    if (h) {
        h->bytes = malloc(size + 1);
    }
    if (h && h->bytes) {
        memcpy(h->bytes, bytes, size);
        status = open_head(h, bundle, size, file_size, needed);
    }
    if (status == AECODEC_OK) {
        *head = h;
    } else {
        aecodec_head_close(h);
    }
    return status;
}

void aecodec_head_close(aecodec_head *h)
{
    if (h) {
        aecodec_refining_close(&h->to);
        free(h->places);
        free(h->checksums);
        free(h->mask_bits);
        free(h->bytes);
        free(h);
    }
}

void aecodec_head_info(const aecodec_head *h, aecodec_file_info *info)
{
    aecodec_describe(&h->file, h->bytes, info);
    info->width = h->file.samples.width;
    info->height = h->file.samples.height;
}

/* ---- windows ---- */

static int are_within(uint32_t first, uint32_t count, uint32_t all)
{
    return count >= 1 && count <= all && first <= all - count;
}

static int is_within(const aecodec_head *h, const aecodec_region *r)
{
    const aecodec_samples *s = &h->file.samples;
    return are_within(r->frame, r->frames, s->frames) && are_within(r->row, r->rows, s->height) &&
           are_within(r->column, r->columns, s->width);
}

static int touch(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/* List the segments that a window needs. numbers: room for all. Returns their number. */
static uint32_t list_segments(const aecodec_head *h, const aecodec_region *r, uint32_t *numbers)
{
    const aecodec_samples *s = &h->file.samples;
    uint32_t count = 0;
    for (uint32_t n = 0; n < h->file.refined.refinements[0].messages; n++) {
        const box place = aecodec_refining_place(s, n);
        if (touch(place.frame, place.frames, r->frame, r->frames) &&
            touch(place.top, place.height, r->row, r->rows) &&
            touch(place.left, place.width, r->column, r->columns)) {
            numbers[count++] = n;
        }
    }
    return count;
}

aecodec_status aecodec_window_plan(const aecodec_head *h, const aecodec_region *region, aecodec_part *parts,
                                   uint32_t *count)
{
    uint32_t *numbers;
    if (!is_within(h, region)) {
        return AECODEC_BAD_ARGUMENT;
    }
    numbers = malloc(h->file.refined.refinements[0].messages * sizeof *numbers);
    *count = numbers ? list_segments(h, region, numbers) : 0;
    for (uint32_t n = 0; parts && n < *count; n++) {
        const uint64_t *place = &h->places[numbers[n]];
        parts[n] = (aecodec_part){(size_t)place[0], (size_t)(place[1] - place[0])};
    }
    free(numbers);
    return numbers ? AECODEC_OK : AECODEC_NO_MEMORY;
}

typedef struct {
    const aecodec_head *head;
    const uint8_t *const *messages;
    uint32_t *numbers; /* of their segments */
    box part;
    void *samples;
} window;

static aecodec_status decode_segment(void *argument, uint32_t number)
{
    const window *w = argument;
    const aecodec_head *h = w->head;
    const uint32_t at = w->numbers[number];
    const size_t size = (size_t)(h->places[at + 1] - h->places[at]);
    if (HAS_CHECKSUMS && h->has_checksums &&
        aecodec_crc32_of(0, w->messages[number], size) != h->checksums[at]) {
        return AECODEC_BAD_CHECKSUM;
    }
    return aecodec_segment_decode(&h->to, at, w->messages[number], size, &w->part, w->samples);
}

static void mask_samples(const window *w, uint8_t *missing)
{
    const aecodec_head *h = w->head;
    aecodec_samples masked = h->file.samples;
    const box *part = &w->part;
    uint32_t row;
    uint8_t *to = missing;
    masked.frames = part->frames;
    masked.height = part->height;
    masked.width = part->width;
    masked.samples = w->samples;
    masked.missing = missing;
    for (uint32_t frame = part->frame; frame < part->frame + part->frames; frame++) {
        for (row = part->top; missing && row < part->top + part->height;
             row++, to += (size_t)part->width * masked.mask_planes) {
            const size_t pixel = (size_t)row * h->file.samples.width + part->left;
            for (uint32_t plane = 0; plane < masked.mask_planes; plane++) {
                unpack_bits(h->mask_bits, mask_bit(&h->file.samples, frame, pixel, plane), part->width,
                            to + plane, masked.mask_planes);
            }
        }
    }
    aecodec_set_missing(&masked, aecodec_samples_block_nodata(&h->file.block));
}

aecodec_status aecodec_window_decode(const aecodec_head *h, const aecodec_region *region,
                                     const uint8_t *const *messages, const aecodec_execution *execution,
                                     void *samples, uint8_t *missing)
{
    window w = {h,
                messages,
                NULL,
                {region->frame, region->row, region->column, region->frames, region->rows, region->columns},
                samples};
    aecodec_status status;
    if (!is_within(h, region) || !h->mask_bits != !missing) {
        return AECODEC_BAD_ARGUMENT;
    }
    w.numbers = malloc(h->file.refined.refinements[0].messages * sizeof *w.numbers);
    status = w.numbers ? aecodec_for_each(execution, list_segments(h, region, w.numbers), decode_segment, &w)
                       : AECODEC_NO_MEMORY;
    if (status == AECODEC_OK) {
        mask_samples(&w, missing);
    }
    free(w.numbers);
    return status;
}
