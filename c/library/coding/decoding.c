/* SPDX-License-Identifier: Apache-2.0 */
/* Files to codes: the beginning of a decoding, the selection of frames, and the messages of segments. */
#include <stdlib.h>
#include <string.h>

#include "base/execution.h"
#include "bounds/segments.h"
#include "coding/decoding.h"
#include "zlib/zlib.h"

/* ---- messages ---- */

/* Find the messages, and check that none is too short for its vectors, before anything is allocated for them.
 * messages: NULL, or room for all. */
static aecodec_status find_messages(const opened_file *f, message *messages)
{
    const aecodec_codec_facts *facts = &f->bundle->facts;
    const uint32_t count = aecodec_segment_count(facts, &f->geometry);
    const uint32_t per_byte = facts->receptive_field ? 64 : 4;
    reader payload = {f->header.payload, f->header.payload_size, 0};
    for (uint32_t n = 0; n < count; n++) {
        const aecodec_segment s = aecodec_segment_at(facts, &f->geometry, n).size;
        reader content = n + 1 == count ? payload
                                        : take_block(&payload); /* the last one has no length before it */
        if (content.is_damaged ||
            content.left < divide_up(s.planes * s.rows * s.columns, per_byte)) {
            return AECODEC_DAMAGED_SEGMENTS;
        }
        if (messages) {
            messages[n] = (message){content.at, content.left, 0};
        }
    }
    return AECODEC_OK;
}

static aecodec_status take_messages(aecodec_decoding *d)
{
    const aecodec_status status = find_messages(&d->file, NULL);
    if (status != AECODEC_OK) {
        return status;
    }
    d->messages = malloc(aecodec_segment_count(&d->file.bundle->facts, &d->file.geometry) *
                         sizeof *d->messages);
    return d->messages ? find_messages(&d->file, d->messages) : AECODEC_NO_MEMORY;
}

/* ---- codes ---- */

static aecodec_status make_codes(aecodec_decoding *d)
{
    const aecodec_bundle *bundle = d->file.bundle;
    const aecodec_status status = aecodec_level_open(bundle, d->file.level, &d->level);
    if (status != AECODEC_OK) {
        return status;
    }
    d->codes =
        calloc((size_t)aecodec_vectors(&bundle->facts, &d->file.geometry), d->level.codec.code_dimension);
    return d->codes ? AECODEC_OK : AECODEC_NO_MEMORY;
}

static aecodec_status decode_segment(void *argument, uint32_t number)
{
    const aecodec_decoding *d = argument;
    message *m = &d->messages[number];
    const placed_segment s = aecodec_segment_at(&d->file.bundle->facts, &d->file.geometry, number);
    const size_t vectors = (size_t)s.size.planes * s.size.rows * s.size.columns;
    int8_t *codes = malloc(vectors * d->level.codec.code_dimension);
    uint32_t *work = malloc(aecodec_message_work_size(&d->level.codec, &s.size));
    aecodec_status status = AECODEC_NO_MEMORY;
    if (codes && work) {
        status = aecodec_decode_message(&d->level.codec, &s.size, m->at, m->size, codes, work);
    }
    if (status == AECODEC_OK) {
        aecodec_segment_copy(&d->file.geometry, &s, d->codes, codes, d->level.codec.code_dimension, 1);
    }
    m->is_decoded = status == AECODEC_OK;
    free(codes);
    free(work);
    return status;
}

/* Segments of some frames, in sequence, that have not been decoded. */
typedef struct {
    aecodec_decoding *decoding;
    uint32_t first;
} frame_segments;

static aecodec_status decode_next(void *argument, uint32_t number)
{
    const frame_segments *s = argument;
    return s->decoding->messages[s->first + number].is_decoded
               ? AECODEC_OK
               : decode_segment(s->decoding, s->first + number);
}

static int is_seen(const aecodec_decoding *d, uint32_t number)
{
    const placed_segment s = aecodec_segment_at(&d->file.bundle->facts, &d->file.geometry, number);
    const uint32_t first = d->first * planes_per_frame(d);
    return !d->file.bundle->facts.receptive_field ||
           (s.plane < first + d->seen.planes && s.plane + s.size.planes > first);
}

static aecodec_status decode_codes(aecodec_decoding *d, const aecodec_execution *execution)
{
    const uint32_t all = aecodec_segment_count(&d->file.bundle->facts, &d->file.geometry);
    frame_segments s = {d, 0};
    uint32_t stop = all;
    while (s.first < stop && (d->messages[s.first].is_decoded || !is_seen(d, s.first))) {
        s.first++;
    }
    while (stop > s.first && (d->messages[stop - 1].is_decoded || !is_seen(d, stop - 1))) {
        stop--;
    }
    return aecodec_for_each(execution, stop - s.first, decode_next, &s);
}

aecodec_status aecodec_decoding_codes(aecodec_decoding *d, const aecodec_execution *execution,
                                      aecodec_codes *codes)
{
    const aecodec_status status =
        d->file.has_base && d->messages ? decode_codes(d, execution) : AECODEC_OK;
    if (status != AECODEC_OK || !codes) {
        return status;
    }
    if (!d->file.has_base) {
        return AECODEC_NO_BASE;
    }
    codes->codes = codes_at(d, d->first * planes_per_frame(d), 0, 0);
    codes->dimension = d->level.codec.code_dimension;
    codes->vectors = (size_t)(aecodec_vectors(&d->file.bundle->facts, &d->file.geometry) /
                              d->file.samples.frames) *
                     d->frames;
    return AECODEC_OK;
}

/* ---- the selection of frames ---- */

static void choose_windows(aecodec_decoding *d)
{
    const opened_file *f = &d->file;
    d->seen = aecodec_geometry_of(&f->bundle->facts, f->samples.width, f->samples.height,
                                  f->has_base ? f->header.reduction : NOT_REDUCED, d->frames,
                                  f->header.mode & 1);
    memset(&d->windows, 0, sizeof d->windows);
    if (f->has_base) {
        d->windows = aecodec_windows_of(&f->bundle->facts, &d->seen, aecodec_network_of(f->bundle, 0), 0,
                                        d->parts);
    }
}

/* Make room for the pixels or values of the frames. A caller may leave a window out. */
static aecodec_status make_room(aecodec_decoding *d)
{
    const size_t pixels = (size_t)d->seen.width * d->seen.height * d->frames;
    free(d->values);
    free(d->pixels);
    d->values = NULL;
    d->pixels = NULL;
    if (d->has_samples && !d->file.has_base) {
        return AECODEC_OK;
    }
    if (d->has_samples) {
        d->values = calloc(pixels, d->file.samples.bands * sizeof *d->values);
    } else {
        d->pixels = calloc(pixels, d->file.coded_channels);
    }
    return d->values || d->pixels ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_decoding_select(aecodec_decoding *d, uint32_t first, uint32_t frames)
{
    const uint32_t all = d->file.samples.frames;
    if (frames < 1 || frames > all || first > all - frames) {
        return AECODEC_BAD_ARGUMENT;
    }
    d->first = first;
    d->frames = frames;
    d->is_given = 0;
    choose_windows(d);
    return make_room(d);
}

/* ---- the beginning ---- */

static aecodec_status take_transfer(aecodec_decoding *d)
{
    const samples_block *block = &d->file.block;
    double limits[2 * AECODEC_MAX_BANDS];
    aecodec_status status;
    if (block->limits) {
        aecodec_samples_block_limits(block, limits);
    }
    status = aecodec_transfer_open(d->file.bundle, block->type, block->limits ? limits : NULL, &d->transfer);
    return status == AECODEC_BAD_IMAGE ? AECODEC_DAMAGED_SAMPLES : status;
}

static aecodec_status decode_mask(aecodec_decoding *d)
{
    const samples_block *block = &d->file.block;
    aecodec_samples masked = d->file.samples;
    if (!block->mask) {
        return AECODEC_OK;
    }
    d->missing = masked.missing = malloc(pixels_of_samples(&masked) * block->mask_planes);
    return d->missing ? aecodec_mask_unpack(&masked, block->mask, block->mask_size) : AECODEC_NO_MEMORY;
}

static aecodec_status decode_alpha(aecodec_decoding *d)
{
    const aecodec_header *header = &d->file.header;
    const size_t pixels = pixels_of_samples(&d->file.samples);
    if (!header->alpha) {
        return AECODEC_OK;
    }
    d->alpha = malloc(pixels);
    if (!d->alpha) {
        return AECODEC_NO_MEMORY;
    }
    aecodec_status status = aecodec_zlib_inflate(header->alpha, header->alpha_size, d->alpha, pixels);
    return status == AECODEC_DAMAGED ? AECODEC_DAMAGED_ALPHA : status;
}

static aecodec_status decode_beside(aecodec_decoding *d)
{
    if (!d->has_samples) {
        return decode_alpha(d);
    }
    d->nodata = aecodec_samples_block_nodata(&d->file.block);
    aecodec_status status = has_networks(d->file.bundle) ? take_transfer(d) : AECODEC_OK;
    return status == AECODEC_OK ? decode_mask(d) : status;
}

static aecodec_status check_refinements(const opened_file *f)
{
    aecodec_status status = AECODEC_OK;
    for (uint32_t n = 0; n < f->refined.count && status == AECODEC_OK; n++) {
        status = aecodec_refinement_check(&f->refined.refinements[n], &f->samples);
    }
    return status;
}

static aecodec_status check(aecodec_decoding *d, const aecodec_limits *limits)
{
    const aecodec_claim claim = aecodec_file_claim(&d->file, limits);
    aecodec_status status = aecodec_limits_check(&claim);
    status = status == AECODEC_OK ? aecodec_file_check(&d->file) : status;
    if (status == AECODEC_OK && !memory_fits(claim.memory)) {
        status = AECODEC_NO_MEMORY;
    }
    return status == AECODEC_OK ? check_refinements(&d->file) : status;
}

static aecodec_status open_file(aecodec_decoding *d, const aecodec_bundle *bundle, const uint8_t *file,
                                size_t size, int base_only)
{
    const aecodec_status status = aecodec_file_parse(file, size, &d->file);
    if (status != AECODEC_OK) {
        return status;
    }
    if (base_only && !d->file.has_base) {
        return AECODEC_NO_BASE;
    }
    d->file.refined.count = base_only ? 0 : d->file.refined.count;
    d->has_samples = d->file.header.samples != NULL;
    return aecodec_file_fit(bundle, &d->file);
}

static aecodec_status begin(aecodec_decoding *d, const aecodec_bundle *bundle, const uint8_t *file,
                            size_t size, const aecodec_limits *limits)
{
    aecodec_status status = open_file(d, bundle, file, size, limits->base_only != 0);
    status = status == AECODEC_OK ? check(d, limits) : status;
    if (status == AECODEC_OK && d->file.has_base) {
        status = take_messages(d);
    }
    status = status == AECODEC_OK ? decode_beside(d) : status;
    if (status == AECODEC_OK && d->file.has_base) {
        status = make_codes(d);
    }
    return status == AECODEC_OK ? aecodec_decoding_select(d, 0, d->file.samples.frames) : status;
}

static aecodec_decoding *new_decoding(uint32_t parts)
{
    aecodec_decoding *d = calloc(1, sizeof *d);
    if (d) {
        d->parts = parts;
    }
    return d;
}

static aecodec_status give(aecodec_decoding *d, aecodec_status status, aecodec_decoding **decoding)
{
    if (status == AECODEC_OK) {
        *decoding = d;
    } else {
        aecodec_decoding_free(d);
    }
    return status;
}

aecodec_status aecodec_decoding_begin(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                      const aecodec_limits *limits, uint32_t parts,
                                      aecodec_decoding **decoding)
{
    static const aecodec_limits defaults;
    aecodec_decoding *d = new_decoding(parts);
    return give(d, d ? begin(d, bundle, file, size, limits ? limits : &defaults) : AECODEC_NO_MEMORY,
                decoding);
}

void aecodec_decoding_free(aecodec_decoding *d)
{
    if (d) {
        free(d->level.factors);
        free(d->messages);
        free(d->codes);
        free(d->alpha);
        free(d->missing);
        free(d->transfer.samples);
        free(d->pixels);
        free(d->values);
        free(d);
    }
}

/* ---- codes that are given ---- */

static aecodec_status describe(opened_file *f, const aecodec_bundle *bundle, uint32_t level,
                               const aecodec_image *size)
{
    f->bundle = bundle;
    f->has_base = 1;
    f->level = level ? level : aecodec_default_units(bundle);
    f->header.frames = f->samples.frames = size->frames;
    f->header.reduction = NOT_REDUCED;
    f->samples.width = size->width;
    f->samples.height = size->height;
    f->samples.bands = f->coded_channels = f->channels = aecodec_network_channels(&bundle->facts);
    if (!sides_fit(size->width, size->height, size->frames)) {
        return AECODEC_BAD_IMAGE;
    }
    f->geometry = aecodec_geometry_of(&bundle->facts, size->width, size->height, NOT_REDUCED, size->frames,
                                      0);
    return aecodec_file_check(f) == AECODEC_OK ? AECODEC_OK : AECODEC_BAD_ARGUMENT;
}

static aecodec_status begin_codes(aecodec_decoding *d, const aecodec_bundle *bundle, uint32_t level,
                                  const aecodec_image *size, const aecodec_codes *codes)
{
    aecodec_status status = describe(&d->file, bundle, level, size);
    if (status == AECODEC_OK && codes->vectors != aecodec_vectors(&bundle->facts, &d->file.geometry)) {
        status = AECODEC_BAD_ARGUMENT;
    }
    status = status == AECODEC_OK ? make_codes(d) : status;
    if (status == AECODEC_OK && codes->dimension != d->level.codec.code_dimension) {
        status = AECODEC_BAD_ARGUMENT;
    }
    if (status == AECODEC_OK && !aecodec_are_codes(&d->level.codec, codes->codes, codes->vectors)) {
        status = AECODEC_CODE_RANGE;
    }
    if (status != AECODEC_OK) {
        return status;
    }
    memcpy(d->codes, codes->codes, codes->vectors * codes->dimension);
    return aecodec_decoding_select(d, 0, d->file.samples.frames);
}

aecodec_status aecodec_decoding_begin_codes(const aecodec_bundle *bundle, uint32_t level,
                                            const aecodec_image *size, const aecodec_codes *codes,
                                            uint32_t parts, aecodec_decoding **decoding)
{
    aecodec_decoding *d = new_decoding(parts);
    return give(d, d ? begin_codes(d, bundle, level, size, codes) : AECODEC_NO_MEMORY, decoding);
}
