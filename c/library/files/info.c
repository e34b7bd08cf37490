/* SPDX-License-Identifier: Apache-2.0 */
/* What files say, without a codec. */
#include <stdlib.h>
#include <string.h>

#include "files/opened_file.h"

enum { VERSION = 2, SAMPLES_FLAG = 0x80 /* place in a file, and a flag */ };

static void describe_header(const aecodec_header *header, aecodec_file_info *info)
{
    memcpy(info->id, header->id, sizeof info->id);
    info->width = header->width;
    info->height = header->height;
    info->frames = header->frames;
    info->mode = header->mode;
    info->level = header->level;
    info->reduction = header->reduction;
}

/* ---- whole files ---- */

static void describe_samples(const samples_block *block, aecodec_file_info *info)
{
    info->has_samples = 1;
    info->type = block->type;
    info->layout = block->layout;
    info->bands = block->bands;
    info->is_big_endian = block->is_big_endian;
    info->mask_planes = block->mask_planes;
    info->has_nodata = block->nodata != NULL;
    info->has_limits = block->limits != NULL;
    info->has_repetition = block->repetition != NULL;
    info->nodata = block->nodata ? aecodec_sample_number(block->type, aecodec_samples_block_nodata(block))
                                 : 0;
    if (block->limits) {
        aecodec_samples_block_limits(block, info->limits[0]);
    }
    for (uint32_t n = 0; block->repetition && n < block->bands; n++) {
        info->repetition[n][0] = block->repetition[2 * n];
        info->repetition[n][1] = block->repetition[2 * n + 1] >> 4;
        info->repetition[n][2] = block->repetition[2 * n + 1] & 15;
    }
}

static aecodec_part part_of(const uint8_t *file, const uint8_t *at, size_t size)
{
    const aecodec_part part = {at ? (size_t)(at - file) : 0, at ? size : 0};
    return part;
}

void aecodec_describe(const opened_file *f, const uint8_t *file, aecodec_file_info *info)
{
    memset(info, 0, sizeof *info);
    describe_header(&f->header, info);
    if (f->header.samples) {
        describe_samples(&f->block, info);
    }
    info->version = !f->refined.count ? 1 : f->has_base ? 2 : 3;
    info->is_grey_as_rgb = f->header.is_grey_as_rgb;
    info->has_base = (uint32_t)f->has_base;
    info->refinements = f->refined.count;
    info->base = part_of(file, f->refined.base, f->refined.base_size);
    info->metadata = part_of(file, f->header.metadata, f->header.metadata_size);
    info->alpha = part_of(file, f->header.alpha, f->header.alpha_size);
    info->mask = part_of(file, f->block.mask, f->block.mask_size);
    info->payload = part_of(file, f->header.payload, f->header.payload_size);
}

aecodec_status aecodec_file_info_of(const uint8_t *file, size_t size, aecodec_file_info *info)
{
    opened_file f;
    const aecodec_status status = aecodec_file_parse(file, size, &f);
    if (status == AECODEC_OK) {
        aecodec_describe(&f, file, info);
    }
    return status;
}

/* ---- the first bytes ---- */

aecodec_status aecodec_beginning_of(const uint8_t *bytes, size_t size, aecodec_file_info *info)
{
    reader r = {bytes, size, 0};
    aecodec_header header;
    if (size <= VERSION || bytes[0] != 0xae || bytes[1] != 'C') {
        return AECODEC_NOT_AEC;
    }
    uint8_t version = bytes[VERSION];
    if (version < 1 || version > 3) {
        return AECODEC_OTHER_VERSION;
    }
    take(&r, VERSION + 1);
    if (version > 1) { /* the base follows its size */
        take_number(&r);
    }
    if (version == 2) {
        const uint8_t *start = take(&r, VERSION + 1);
        r.is_damaged |= start && (start[0] != 0xae || start[1] != 'C' || start[VERSION] != 1);
    }
    aecodec_status status = r.is_damaged ? AECODEC_DAMAGED_HEADER
                                         : aecodec_read_beginning(r.at, r.left, &header);
    if (status != AECODEC_OK) {
        return status;
    }
    memset(info, 0, sizeof *info);
    describe_header(&header, info);
    info->version = version;
    info->has_samples = (r.at[sizeof header.id] & SAMPLES_FLAG) != 0;
    return AECODEC_OK;
}
