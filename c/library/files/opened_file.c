/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of files, and whether a codec can have made them. */
#include <string.h>

#include "codec_files/levels.h"
#include "files/opened_file.h"

static aecodec_status read_base(opened_file *f)
{
    const refined_file *r = &f->refined;
    const aecodec_status status = (f->has_base ? aecodec_read_header
                                               : aecodec_read_content)(r->base, r->base_size, &f->header);
    if (r->count &&
        (status == AECODEC_OTHER_VERSION || status == AECODEC_NOT_AEC || status == AECODEC_TOO_SHORT)) {
        return AECODEC_DAMAGED_REFINEMENT; /* the base has refinements, or is not a file */
    }
    if (status == AECODEC_OK && !f->has_base && f->header.payload_size) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    return status;
}

static aecodec_status parse_header(opened_file *f)
{
    f->has_base = f->refined.has_base;
    aecodec_status status = read_base(f);
    if (status == AECODEC_OK && f->header.samples &&
        !aecodec_samples_block_read(f->header.id, f->header.samples, f->header.samples_size, f->header.frames,
                                    &f->block)) {
        status = AECODEC_DAMAGED_SAMPLES;
    }
    return status;
}

aecodec_status aecodec_file_parse(const uint8_t *file, size_t size, opened_file *f)
{
    memset(f, 0, sizeof *f);
    f->size = size;
    aecodec_status status = aecodec_refined_file_read(file, size, &f->refined);
    return status == AECODEC_OK ? parse_header(f) : status;
}

aecodec_status aecodec_head_parse(const uint8_t *head, size_t size, uint64_t file_size, opened_file *f,
                                  size_t *needed)
{
    memset(f, 0, sizeof *f);
    f->size = (size_t)file_size;
    aecodec_status status = aecodec_refined_head_read(head, size, file_size, &f->refined, needed);
    return status == AECODEC_OK ? parse_header(f) : status;
}

static void take_sizes(opened_file *f)
{
    const aecodec_codec_facts *facts = &f->bundle->facts;
    const aecodec_header *header = &f->header;
    const int has_colours = header->mode & 1;
    f->samples.width = header->width ? header->width : facts->tile_width;
    f->samples.height = header->height ? header->height : facts->tile_height;
    f->samples.frames = header->frames;
    f->coded_channels = has_colours ? 3 : 1;
    f->channels = (header->is_grey_as_rgb ? 3 : f->coded_channels) + (header->mode & 2 ? 1 : 0);
    f->coded_channels += header->mode & 2 && !header->alpha ? 1 : 0;
    f->samples.bands = f->coded_channels;
    f->level = header->level ? header->level : aecodec_default_units(f->bundle);
    f->geometry = aecodec_geometry_of(facts, f->samples.width, f->samples.height, header->reduction,
                                      header->frames, has_colours);
}

static void take_samples(opened_file *f)
{
    const samples_block *block = &f->block;
    f->samples.type = block->type;
    f->samples.layout = block->layout;
    f->samples.bands = block->bands;
    f->samples.is_big_endian = block->is_big_endian;
    f->samples.mask_planes = block->mask_planes;
    f->samples.has_nodata = block->nodata != NULL;
    f->samples.nodata = block->nodata
                            ? aecodec_sample_number(block->type, aecodec_samples_block_nodata(block))
                            : 0;
}

static aecodec_status check_samples(const opened_file *f)
{
    const aecodec_bundle *bundle = f->bundle;
    if (!f->header.samples != !bundle->facts.phases ||
        (f->header.samples && f->block.bands != bundle->facts.channels)) {
        return AECODEC_DAMAGED_SAMPLES;
    }
    if (bundle->facts.phases && !bundle->bands.is_present) {
        return AECODEC_ABSENT;
    }
    return f->block.limits && !bundle->bands.has_file_limits ? AECODEC_DAMAGED_SAMPLES : AECODEC_OK;
}

aecodec_status aecodec_file_fit(const aecodec_bundle *bundle, opened_file *f)
{
    f->bundle = bundle;
    if (memcmp(f->header.id, bundle->facts.sha256, sizeof f->header.id) != 0) {
        return AECODEC_OTHER_CODEC;
    }
    if (!has_networks(bundle) && (f->has_base || f->header.level || f->header.reduction != NOT_REDUCED)) {
        return AECODEC_DAMAGED_HEADER;
    }
    take_sizes(f);
    if (f->header.samples) {
        take_samples(f);
    }
    return has_networks(bundle) ? check_samples(f) : AECODEC_OK;
}

aecodec_status aecodec_file_check(const opened_file *f)
{
    if (!has_networks(f->bundle)) {
        return sides_fit(f->samples.width, f->samples.height, f->samples.frames) ? AECODEC_OK
                                                                                 : AECODEC_BAD_SIZE;
    }
    if (!aecodec_has_level(f->bundle, f->level)) {
        return AECODEC_BAD_LEVEL;
    }
    return aecodec_geometry_fits(&f->bundle->facts, &f->geometry) ? AECODEC_OK : AECODEC_BAD_SIZE;
}
