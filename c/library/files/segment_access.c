/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of files without base and with one refinement, from their first bytes and messages. */
#include <stdlib.h>
#include <string.h>

#include "bounds/segments.h"
#include "files/opened_file.h"

enum { MOST_INFLATED = 1032 /* bytes that a byte of a zlib stream inflates to */ };

struct aecodec_head {
    opened_file file;
    uint8_t *bytes;      /* of the file */
    uint8_t *mask_bits;  /* or NULL */
    segments to;
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
        status = aecodec_segments_open_read(&h->to, bundle, &h->file.samples,
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
        aecodec_segments_close(&h->to);
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

/* ---- segments ---- */

aecodec_status aecodec_head_segment(const aecodec_head *h, uint32_t number, aecodec_region *region,
                                    aecodec_part *message)
{
    if (number >= h->file.refined.refinements[0].messages) {
        return AECODEC_BAD_ARGUMENT;
    }
    const box b = aecodec_segments_place(&h->file.samples, number);
    *region = (aecodec_region){b.frame, b.frames, b.top, b.height, b.left, b.width};
    message->at = (size_t)h->places[number];
    message->size = (size_t)(h->places[number + 1] - h->places[number]);
    return AECODEC_OK;
}

/* Fill in the mask of a part and the samples that it marks. */
static void mask_samples(const aecodec_head *h, const box *part, void *samples, uint8_t *missing)
{
    aecodec_samples masked = h->file.samples;
    uint8_t *to = missing;
    masked.frames = part->frames;
    masked.height = part->height;
    masked.width = part->width;
    masked.samples = samples;
    masked.missing = missing;
    for (uint32_t n = 0; missing && n < part->frames * part->height; n++) {
        const uint32_t frame = part->frame + n / part->height, row = part->top + n % part->height;
        const size_t pixel = (size_t)row * h->file.samples.width + part->left;
        for (uint32_t plane = 0; plane < masked.mask_planes; plane++) {
            const size_t bit = mask_bit(&h->file.samples, frame, pixel, plane);
            unpack_bits(h->mask_bits, bit, part->width, to + plane, masked.mask_planes);
        }
        to += (size_t)part->width * masked.mask_planes;
    }
    aecodec_set_missing(&masked, aecodec_samples_block_nodata(&h->file.block));
}

aecodec_status aecodec_head_decode(const aecodec_head *h, uint32_t number, const uint8_t *message,
                                   void *samples, uint8_t *missing)
{
    if (number >= h->file.refined.refinements[0].messages || !h->mask_bits != !missing) {
        return AECODEC_BAD_ARGUMENT;
    }
    const box place = aecodec_segments_place(&h->file.samples, number);
    const size_t size = (size_t)(h->places[number + 1] - h->places[number]);
    if (HAS_CHECKSUMS && h->has_checksums && aecodec_crc32_of(0, message, size) != h->checksums[number]) {
        return AECODEC_BAD_CHECKSUM;
    }
    const aecodec_status status = aecodec_segment_decode(&h->to, number, message, size, &place, samples);
    if (status == AECODEC_OK) {
        mask_samples(h, &place, samples, missing);
    }
    return status;
}
