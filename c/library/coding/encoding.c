/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples to latents: the beginning of an encoding, and windows of the network. */
#include <stdlib.h>
#include <string.h>

#include "coding/encoding.h"
#include "coding/transfer.h"
#include "pictures/resize.h"
#include "samples/missing.h"
#include "samples/repetition.h"
#include "samples/samples_block.h"
#include "zlib/zlib.h"

/* ---- the beginning ---- */

static size_t pixels_of(const aecodec_image *picture)
{
    return (size_t)picture->width * picture->height * picture->frames;
}

static int has_equal_channels(const aecodec_image *picture)
{
    const uint8_t *pixel = picture->pixels;
    size_t count = pixels_of(picture);
    for (size_t n = 0; n < count; n++, pixel += picture->channels) {
        if (pixel[0] != pixel[1] || pixel[0] != pixel[2]) {
            return 0;
        }
    }
    return 1;
}

static void make_header(aecodec_encoding *e, uint32_t width, uint32_t height, uint32_t frames,
                        uint32_t reduction)
{
    const aecodec_codec_facts *facts = &e->bundle->facts;
    aecodec_header *header = &e->header;
    memcpy(header->id, facts->sha256, sizeof header->id);
    if (width != facts->tile_width || height != facts->tile_height) {
        header->width = width;
        header->height = height;
    }
    header->frames = frames;
    header->reduction = (uint8_t)reduction;
    e->geometry = aecodec_geometry_of(facts, width, height, reduction, frames, header->mode & 1);
}

static aecodec_status take_metadata(aecodec_encoding *e, const uint8_t *metadata, size_t size)
{
    buffer b = {NULL, 0, 0, AECODEC_OK};
    aecodec_header check;
    if (!metadata || !size) {
        return AECODEC_OK;
    }
    if (size > MAX_METADATA) {
        return AECODEC_DAMAGED_METADATA;
    }
    e->header.metadata = metadata;
    e->header.metadata_size = size;
    aecodec_encoding_header_file(e, &b);
    if (b.status == AECODEC_OK) {
        b.status = aecodec_read_header(b.bytes, b.size, &check);
    }
    free(b.bytes);
    if (b.status == AECODEC_OK && check.is_grey_as_rgb != e->header.is_grey_as_rgb) {
        return AECODEC_DAMAGED_METADATA; /* the caller does not decide that */
    }
    return b.status;
}

static void choose_mode(aecodec_encoding *e, const aecodec_image *picture)
{
    int has_colours = picture->channels >= 3;
    const int is_grey =
        e->bundle->facts.channels == 1 && has_colours && has_equal_channels(picture);
    e->header.is_grey_as_rgb = (uint8_t)is_grey;
    e->coded_channels = has_colours && !is_grey ? 3 : 1;
    e->header.mode = (uint8_t)((e->coded_channels == 3) | (picture->channels % 2 ? 0 : 2));
}

static aecodec_status take_pixels(aecodec_encoding *e, const aecodec_image *picture)
{
    const geometry *g = &e->geometry;
    const channel from = {picture->pixels, picture->width, picture->height, picture->channels};
    channel to = {NULL, g->width, g->height, e->coded_channels};
    e->pixels = picture->pixels;
    e->stride = picture->channels;
    if (g->width == picture->width && g->height == picture->height) {
        return AECODEC_OK;
    }
    e->pixels = e->reduced = to.pixels = malloc((size_t)g->width * g->height * picture->frames * to.stride);
    e->stride = to.stride;
    return to.pixels ? aecodec_resize_pictures(from, to, to.stride, picture->frames) : AECODEC_NO_MEMORY;
}

static aecodec_status take_alpha(aecodec_encoding *e, const aecodec_image *picture)
{
    size_t count = pixels_of(picture);
    if (!(e->header.mode & 2)) {
        return AECODEC_OK;
    }
    uint8_t *planes = malloc(count);
    for (size_t n = 0; planes && n < count; n++) {
        planes[n] = picture->pixels[n * picture->channels + picture->channels - 1];
    }
    e->header.alpha = e->alpha = planes ? aecodec_zlib_deflate(planes, count, &e->header.alpha_size) : NULL;
    free(planes);
    return e->alpha ? AECODEC_OK : AECODEC_NO_MEMORY;
}

static aecodec_status begin_windows(aecodec_encoding *e, uint32_t parts)
{
    const aecodec_bundle *bundle = e->bundle;
    uint64_t latents = aecodec_vectors(&bundle->facts, &e->geometry) * bundle->facts.latent_channels;
    if (!aecodec_geometry_fits(&bundle->facts, &e->geometry)) {
        return AECODEC_BAD_IMAGE;
    }
    if (memory_fits(latents)) {
        e->windows = aecodec_windows_of(&bundle->facts, &e->geometry, aecodec_network_of(bundle, 1), 1,
                                        parts);
        e->latents = calloc(1, (size_t)latents); /* a caller may leave a window out */
    }
    return e->latents ? AECODEC_OK : AECODEC_NO_MEMORY;
}

static aecodec_status take_planes(aecodec_encoding *e, const aecodec_image *picture, uint32_t parts)
{
    aecodec_status status = begin_windows(e, parts);
    status = status == AECODEC_OK ? take_pixels(e, picture) : status;
    return status == AECODEC_OK ? take_alpha(e, picture) : status;
}

static aecodec_status begin(aecodec_encoding *e, const aecodec_image *picture, uint32_t reduction,
                            uint32_t parts)
{
    const aecodec_bundle *bundle = e->bundle;
    if (bundle->facts.phases) {
        return AECODEC_OTHER_KIND;
    }
    if (!sides_fit(picture->width, picture->height, picture->frames) || picture->channels - 1u >= 4) {
        return AECODEC_BAD_IMAGE;
    }
    if (reduction < NOT_REDUCED || reduction > MAX_REDUCTION ||
        (reduction > NOT_REDUCED &&
         (!bundle->facts.receptive_field || pixels_of(picture) > MAX_REDUCED_PIXELS))) {
        return AECODEC_BAD_ARGUMENT;
    }
    choose_mode(e, picture);
    make_header(e, picture->width, picture->height, picture->frames, reduction);
    aecodec_status status = has_networks(bundle) ? take_planes(e, picture, parts) : AECODEC_OK;
    return status == AECODEC_OK ? take_metadata(e, picture->metadata, picture->metadata_size) : status;
}

/* ---- the beginning, with samples ---- */

static int are_samples(const aecodec_bundle *bundle, const aecodec_samples *samples)
{
    const int is_of_codec = has_networks(bundle)
                                ? samples->bands == bundle->facts.channels && samples->type <= AECODEC_FLOAT32
                                : samples->bands - 1u < AECODEC_MAX_BANDS && sample_size(samples->type);
    return is_of_codec && sides_fit(samples->width, samples->height, samples->frames) &&
           (!samples->missing || samples->mask_planes == 1 || samples->mask_planes == samples->bands);
}

static int are_of_type(uint32_t type, const double *numbers, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        double number = numbers[n];
        const double most = sample_size(type) == 8 ? 18446744073709551616.0 : 4294967295.0;
        if (!is_float(type) &&
            !(number >= (sample_size(type) == 8 ? -most / 2 : -2147483648.0) && number <= most)) {
            return 0;
        }
        if (number == number && aecodec_sample_number(type, aecodec_to_sample_bits(type, number)) != number) {
            return 0;
        }
    }
    return 1;
}

static aecodec_status take_values(aecodec_encoding *e, const aecodec_samples *samples, uint64_t *clipped)
{
    uint64_t count = (uint64_t)samples->width * samples->height * samples->frames * samples->bands;
    transfer t;
    aecodec_status status = aecodec_transfer_open(e->bundle, samples->type, samples->limits, &t);
    if (status == AECODEC_OK) {
        e->values = memory_fits(2 * count) ? malloc((size_t)(2 * count)) : NULL;
        status = e->values ? aecodec_transfer_to_values(&t, samples, e->values, clipped) : AECODEC_NO_MEMORY;
    }
    free(t.samples);
    if (status == AECODEC_OK && samples->missing) {
        aecodec_fill_missing(samples, e->values);
    }
    return status;
}

static aecodec_status take_header_block(aecodec_encoding *e, const aecodec_samples *samples)
{
    uint8_t repetition[2 * AECODEC_MAX_BANDS], *mask = NULL;
    buffer b = {NULL, 0, 0, AECODEC_OK};
    samples_block block = {.mask_planes = samples->mask_planes}, check;
    if (samples->missing) {
        b.status = aecodec_mask_pack(samples, &mask, &block.mask_size);
    }
    block.mask = mask;
    if (has_networks(e->bundle) && aecodec_detect_repetition(samples, repetition)) {
        block.repetition = repetition;
    }
    aecodec_samples_block_write(!has_networks(e->bundle), samples, &block, &b);
    free(mask);
    e->block = b.bytes;
    e->header.samples = b.bytes;
    e->header.samples_size = b.size;
    if (b.status != AECODEC_OK) {
        return b.status;
    }
    return aecodec_samples_block_read(e->header.id, b.bytes, b.size, samples->frames, &check)
               ? AECODEC_OK
               : AECODEC_BAD_IMAGE;
}

static aecodec_status check_samples(const aecodec_bundle *bundle, const aecodec_samples *samples)
{
    if (has_networks(bundle) && !bundle->facts.phases) {
        return AECODEC_OTHER_KIND;
    }
    if (has_networks(bundle) && !bundle->bands.is_present) {
        return AECODEC_ABSENT;
    }
    if (!are_samples(bundle, samples) || (samples->limits && !bundle->bands.has_file_limits) ||
        (samples->limits && !are_of_type(samples->type, samples->limits, 2 * samples->bands)) ||
        (samples->has_nodata && !are_of_type(samples->type, &samples->nodata, 1))) {
        return AECODEC_BAD_IMAGE;
    }
    return AECODEC_OK;
}

static aecodec_status take_samples(aecodec_encoding *e, aecodec_samples samples, uint64_t *clipped)
{
    double limits[2 * AECODEC_MAX_BANDS];
    if (!samples.limits && e->bundle->bands.has_file_limits &&
        aecodec_find_own_limits(e->bundle, &samples, limits)) {
        samples.limits = limits;
    }
    aecodec_status status = has_networks(e->bundle) ? take_values(e, &samples, clipped) : AECODEC_OK;
    status = status == AECODEC_OK ? take_header_block(e, &samples) : status;
    return status == AECODEC_OK ? take_metadata(e, samples.metadata, samples.metadata_size) : status;
}

static aecodec_status begin_samples(aecodec_encoding *e, const aecodec_samples *samples, uint32_t parts,
                                    uint64_t *clipped)
{
    uint64_t counts[AECODEC_MAX_BANDS] = {0};
    aecodec_samples known = *samples;
    aecodec_status status = check_samples(e->bundle, samples);
    if (status == AECODEC_OK) {
        make_header(e, samples->width, samples->height, samples->frames, NOT_REDUCED);
        status = has_networks(e->bundle) ? begin_windows(e, parts) : AECODEC_OK;
    }
    if (status != AECODEC_OK) {
        return status;
    }
    status = aecodec_find_missing(&known);
    e->missing = known.missing;
    e->mask_planes = known.mask_planes;
    status = status == AECODEC_OK ? take_samples(e, known, counts) : status;
    if (status == AECODEC_OK && clipped) {
        memcpy(clipped, counts, samples->bands * sizeof *clipped);
    }
    return status;
}

/* ---- the beginning, with channels of the networks ---- */

static aecodec_status begin_channels(aecodec_encoding *e, const aecodec_image *picture, uint32_t parts)
{
    e->is_raw = 1;
    e->coded_channels = e->stride = picture->channels;
    e->pixels = picture->pixels;
    if (!sides_fit(picture->width, picture->height, picture->frames) ||
        picture->channels != aecodec_network_channels(&e->bundle->facts)) {
        return AECODEC_BAD_IMAGE;
    }
    make_header(e, picture->width, picture->height, picture->frames, NOT_REDUCED);
    return begin_windows(e, parts);
}

/* ---- all of them ---- */

static aecodec_status give(aecodec_encoding *e, aecodec_status status, aecodec_encoding **encoding)
{
    if (status == AECODEC_OK) {
        *encoding = e;
    } else {
        aecodec_encoding_free(e);
    }
    return status;
}

static aecodec_encoding *new_encoding(const aecodec_bundle *bundle)
{
    aecodec_encoding *e = calloc(1, sizeof *e);
    if (e) {
        e->bundle = bundle;
    }
    return e;
}

aecodec_status aecodec_encoding_begin(const aecodec_bundle *bundle, const aecodec_image *picture,
                                      uint32_t reduction, uint32_t parts, aecodec_encoding **encoding)
{
    aecodec_encoding *e = new_encoding(bundle);
    return give(e, e ? begin(e, picture, reduction, parts) : AECODEC_NO_MEMORY, encoding);
}

aecodec_status aecodec_encoding_begin_samples(const aecodec_bundle *bundle, const aecodec_samples *samples,
                                              uint32_t parts, uint64_t *clipped, aecodec_encoding **encoding)
{
    aecodec_encoding *e = new_encoding(bundle);
    return give(e, e ? begin_samples(e, samples, parts, clipped) : AECODEC_NO_MEMORY, encoding);
}

aecodec_status aecodec_encoding_begin_channels(const aecodec_bundle *bundle, const aecodec_image *picture,
                                               uint32_t parts, aecodec_encoding **encoding)
{
    aecodec_encoding *e = new_encoding(bundle);
    return give(e, e ? begin_channels(e, picture, parts) : AECODEC_NO_MEMORY, encoding);
}

void aecodec_encoding_free(aecodec_encoding *e)
{
    if (e) {
        free(e->values);
        free(e->block);
        free(e->missing);
        free(e->reduced);
        free(e->alpha);
        free(e->latents);
        free(e);
    }
}

/* ---- windows ---- */

uint32_t aecodec_encoding_windows(const aecodec_encoding *e)
{
    return aecodec_window_count(&e->geometry, &e->windows);
}

void aecodec_encoding_window(const aecodec_encoding *e, uint32_t number, aecodec_window *window)
{
    placed_window w = aecodec_window_at(&e->geometry, &e->windows, number);
    *window = aecodec_window_for(&e->bundle->facts, aecodec_network_of(e->bundle, 1), 1, &w);
}

/* Copy a row of pixels; where the codec has more channels than the picture, they are equal. */
static void copy_row(const aecodec_encoding *e, const uint8_t *from, uint32_t count, int8_t *to)
{
    uint32_t channels = aecodec_network_channels(&e->bundle->facts), equal = channels > e->coded_channels;
    for (uint32_t n = 0; n < count; n++, from += e->stride) {
        for (uint32_t c = 0; c < channels; c++) {
            *to++ = (int8_t)(from[equal ? 0 : c] - 128);
        }
    }
}

/* A row as the network takes it; channel counts the channels that are coded one by one. */
static void copy_pixels(const aecodec_encoding *e, size_t pixel, uint32_t channel, uint32_t count, int8_t *to)
{
    const aecodec_codec_facts *facts = &e->bundle->facts;
    if (e->values) {
        aecodec_values_to_phases(e->values + pixel * facts->channels, (size_t)count * facts->channels,
                                 facts->phases, to);
    } else {
        copy_row(e, e->pixels + pixel * e->stride + channel, count, to);
    }
}

void aecodec_encoding_input(const aecodec_encoding *e, uint32_t number, int8_t *input)
{
    const aecodec_codec_facts *facts = &e->bundle->facts;
    const geometry *g = &e->geometry;
    uint32_t channels = aecodec_network_channels(facts);
    placed_window w = aecodec_window_at(g, &e->windows, number);
    uint32_t planes = g->planes / e->header.frames, left = w.columns.low * facts->tile_width;
    uint32_t count = (w.columns.high - w.columns.low) * facts->tile_width;
    uint32_t seen = count < g->width - left ? count : g->width - left;
    for (uint32_t y = w.rows.low * facts->tile_height; y < w.rows.high * facts->tile_height; y++) {
        uint32_t row = y < g->height ? y : g->height - 1;
        size_t pixel = ((size_t)(w.plane / planes) * g->height + row) * g->width + left;
        copy_pixels(e, pixel, w.plane % planes, seen, input);
        for (uint32_t n = seen * channels; n < count * channels; n++) {
            input[n] = input[n - channels];
        }
        input += (size_t)count * channels;
    }
}

void aecodec_encoding_output(aecodec_encoding *e, uint32_t number, const int8_t *output)
{
    const geometry *g = &e->geometry;
    placed_window w = aecodec_window_at(g, &e->windows, number);
    size_t tile = (size_t)e->bundle->facts.vectors_per_tile * e->bundle->facts.latent_channels;
    size_t row = (w.columns.high - w.columns.low) * tile, kept = (w.columns.stop - w.columns.start) * tile;
    output += (w.rows.start - w.rows.low) * row + (w.columns.start - w.columns.low) * tile;
    for (uint32_t n = w.rows.start; n < w.rows.stop; n++, output += row) {
        memcpy(e->latents + (((size_t)w.plane * g->rows + n) * g->columns + w.columns.start) * tile, output,
               kept);
    }
}
