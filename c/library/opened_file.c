/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of files, and whether a codec can have made them. */
#include <string.h>

#include "opened_file.h"

/* Read the base of a file of version 2, or the file of version 1. */
static aecodec_status read_base(opened_file *f)
{
    const refined_file *r = &f->refined;
    const aecodec_status status = aecodec_read_header(r->base, r->base_size, &f->header);
    if (status == AECODEC_OTHER_VERSION && r->count) {
        return AECODEC_DAMAGED_REFINEMENT; /* the base has refinements */
    }
    if (status == AECODEC_OK && !f->has_base && f->header.payload_size) {
        return AECODEC_DAMAGED_REFINEMENT;
    }
    return status;
}

aecodec_status aecodec_file_parse(const uint8_t *file, size_t size, opened_file *f)
{
    aecodec_status status;
    memset(f, 0, sizeof *f);
    f->size = size;
    status = aecodec_refined_file_read(file, size, &f->refined);
    if (status == AECODEC_OK) {
        f->has_base = !f->refined.count || f->refined.refinements[0].has_base;
        status = read_base(f);
    }
    if (status == AECODEC_OK && f->header.samples &&
        !aecodec_samples_block_read(f->header.samples, f->header.samples_size, f->header.frames, &f->block)) {
        status = AECODEC_DAMAGED_SAMPLES;
    }
    return status;
}

/* Take the sizes that the codec does not state. */
static void take_sizes(opened_file *f)
{
    const aecodec_codec_facts *facts = &f->bundle->facts;
    const aecodec_header *header = &f->header;
    const int has_colours = header->mode & 1;
    f->samples.width = header->width ? header->width : facts->tile_width;
    f->samples.height = header->height ? header->height : facts->tile_height;
    f->samples.frames = header->frames;
    f->samples.bands = f->coded_channels = has_colours ? 3 : 1;
    f->channels = (header->is_grey_as_rgb ? 3 : f->coded_channels) + (header->mode & 2 ? 1 : 0);
    f->level = header->level ? header->level : aecodec_default_units(f->bundle);
    f->geometry = aecodec_geometry_of(facts, f->samples.width, f->samples.height, header->reduction, header->frames,
                                      has_colours);
}

/* Take what the file says of its samples. */
static aecodec_status take_samples(opened_file *f)
{
    const samples_block *block = &f->block;
    if (!f->header.samples || block->bands != f->bundle->facts.channels) {
        return AECODEC_DAMAGED_SAMPLES;
    }
    if (!f->bundle->bands.is_present) {
        return AECODEC_ABSENT;
    }
    if (block->limits && !f->bundle->bands.has_file_limits) {
        return AECODEC_DAMAGED_SAMPLES;
    }
    f->samples.type = block->type;
    f->samples.layout = block->layout;
    f->samples.bands = block->bands;
    f->samples.is_big_endian = block->is_big_endian;
    f->samples.mask_planes = block->mask_planes;
    return AECODEC_OK;
}

aecodec_status aecodec_file_fit(const aecodec_bundle *bundle, opened_file *f)
{
    f->bundle = bundle;
    if (memcmp(f->header.id, bundle->facts.sha256, sizeof f->header.id) != 0) {
        return AECODEC_OTHER_CODEC;
    }
    take_sizes(f);
    if (bundle->facts.phases) {
        return take_samples(f);
    }
    return f->header.samples ? AECODEC_DAMAGED_SAMPLES : AECODEC_OK;
}

aecodec_status aecodec_file_check(const opened_file *f)
{
    if (!aecodec_has_level(f->bundle, f->level)) {
        return AECODEC_BAD_LEVEL;
    }
    return aecodec_geometry_fits(&f->bundle->facts, &f->geometry) ? AECODEC_OK : AECODEC_BAD_SIZE;
}
