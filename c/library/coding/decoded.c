/* SPDX-License-Identifier: Apache-2.0 */
/* Codes to pictures and samples: windows of the network, and the end of a decoding. */
#include <stdlib.h>
#include <string.h>

#include "bounds/segments.h"
#include "coding/decoding.h"
#include "pictures/resize.h"
#include "samples/repetition.h"

/* ---- windows ---- */

uint32_t aecodec_decoding_windows(const aecodec_decoding *d)
{
    return aecodec_window_count(&d->seen, &d->windows);
}

void aecodec_decoding_window(const aecodec_decoding *d, uint32_t number, aecodec_window *window)
{
    const aecodec_bundle *bundle = d->file.bundle;
    placed_window w = aecodec_window_at(&d->seen, &d->windows, number);
    *window = aecodec_window_for(&bundle->facts, aecodec_network_of(bundle, 0), 0, &w);
}

void aecodec_decoding_input(const aecodec_decoding *d, uint32_t number, int8_t *input)
{
    const aecodec_codec_facts *facts = &d->file.bundle->facts;
    const placed_window w = aecodec_window_at(&d->seen, &d->windows, number);
    const size_t plane = (size_t)d->first * planes_per_frame(d) + w.plane;
    const size_t vectors = (size_t)(w.columns.high - w.columns.low) * facts->vectors_per_tile;
    for (uint32_t row = w.rows.low; row < w.rows.high; row++, input += vectors * facts->latent_channels) {
        aecodec_dequantize(&d->level.codec, codes_at(d, plane, row, w.columns.low), vectors, input);
    }
}

/* Copy a row of pixels: as they are, as one channel of three, or as the mean of three. */
static void copy_row(const aecodec_decoding *d, const int8_t *from, uint32_t count, uint8_t *to)
{
    const uint32_t channels = aecodec_network_channels(&d->file.bundle->facts);
    if (channels == d->file.coded_channels) {
        for (uint32_t n = 0; n < count * channels; n++) {
            to[n] = (uint8_t)(from[n] + 128);
        }
    } else if (channels == 1) {
        for (uint32_t n = 0; n < count; n++) {
            to[3 * n] = (uint8_t)(from[n] + 128);
        }
    } else {
        for (uint32_t n = 0; n < count; n++, from += 3) {
            to[n] = (uint8_t)((from[0] + from[1] + from[2] + 3 * 128 + 1) / 3);
        }
    }
}

static void copy_pixels(const aecodec_decoding *d, const int8_t *from, uint32_t count, size_t pixel,
                        uint32_t channel)
{
    const aecodec_codec_facts *facts = &d->file.bundle->facts;
    if (d->has_samples) {
        aecodec_values_from_phases(from, (size_t)count * facts->channels, facts->phases,
                                   d->values + pixel * facts->channels);
    } else {
        copy_row(d, from, count, d->pixels + pixel * d->file.coded_channels + channel);
    }
}

void aecodec_decoding_output(aecodec_decoding *d, uint32_t number, const int8_t *output)
{
    const aecodec_codec_facts *facts = &d->file.bundle->facts;
    const geometry *g = &d->seen;
    placed_window w = aecodec_window_at(g, &d->windows, number);
    uint32_t planes = planes_per_frame(d), left = w.columns.start * facts->tile_width;
    uint32_t right = w.columns.stop * facts->tile_width, top = w.rows.start * facts->tile_height;
    uint32_t bottom = w.rows.stop * facts->tile_height;
    uint32_t channels = aecodec_network_channels(facts);
    size_t row = (size_t)(w.columns.high - w.columns.low) * facts->tile_width * channels;
    right = right < g->width ? right : g->width;
    bottom = bottom < g->height ? bottom : g->height;
    output += (size_t)(w.columns.start - w.columns.low) * facts->tile_width * channels;
    output += (size_t)(w.rows.start - w.rows.low) * facts->tile_height * row;
    for (uint32_t y = top; y < bottom; y++, output += row) {
        size_t pixel = ((size_t)(w.plane / planes) * g->height + y) * g->width + left;
        copy_pixels(d, output, right - left, pixel, w.plane % planes);
    }
}

/* ---- the content of the selected frames ---- */

/* The samples of the frames, or their pixels without alpha, without content. */
static aecodec_samples samples_of(const aecodec_decoding *d)
{
    aecodec_samples samples = d->file.samples;
    samples.frames = d->frames;
    samples.missing = d->missing;
    if (d->missing) {
        samples.missing += (size_t)d->first * samples.height * samples.width * samples.mask_planes;
    }
    return samples;
}

static size_t bytes_of_frame(const aecodec_decoding *d)
{
    const aecodec_samples *s = &d->file.samples;
    return (size_t)s->width * s->height * s->bands * sample_size(s->type);
}

static aecodec_status take_pixels(aecodec_decoding *d, void **content)
{
    const channel from = {d->pixels, d->seen.width, d->seen.height, d->file.coded_channels};
    channel to = {d->pixels, d->file.samples.width, d->file.samples.height, d->file.coded_channels};
    aecodec_status status = AECODEC_OK;
    if (from.width != to.width || from.height != to.height) {
        to.pixels = malloc(d->frames * bytes_of_frame(d));
        status = to.pixels ? aecodec_resize_pictures(from, to, to.stride, d->frames) : AECODEC_NO_MEMORY;
        free(d->pixels);
    }
    d->pixels = NULL;
    *content = to.pixels;
    return status;
}

/* Convert the values to samples; without a base, they are 0. */
static aecodec_status take_values(aecodec_decoding *d, void **content)
{
    aecodec_samples samples = samples_of(d);
    *content = calloc(d->frames, bytes_of_frame(d));
    if (*content && d->values) {
        if (d->file.block.repetition) {
            aecodec_average_blocks(&samples, d->file.block.repetition, d->values);
        }
        aecodec_transfer_to_samples(&d->transfer, d->values, pixels_of_samples(&samples), *content);
    }
    free(d->values);
    d->values = NULL;
    return *content ? AECODEC_OK : AECODEC_NO_MEMORY;
}

static aecodec_status refine_all(const aecodec_decoding *d, const aecodec_execution *execution, void *content)
{
    aecodec_samples samples = samples_of(d);
    aecodec_status status = AECODEC_OK;
    samples.samples = content;
    for (uint32_t n = 0; n < d->file.refined.count && status == AECODEC_OK; n++) {
        status = aecodec_refine(d->file.bundle, execution, &d->file.refined.refinements[n], &samples);
    }
    return status;
}

aecodec_status aecodec_decoding_take(aecodec_decoding *d, const aecodec_execution *execution, void **content)
{
    *content = NULL;
    if (d->is_given || (d->file.refined.count && d->frames != d->file.samples.frames)) {
        return AECODEC_BAD_ARGUMENT;
    }
    d->is_given = 1;
    aecodec_status status = d->has_samples ? take_values(d, content) : take_pixels(d, content);
    status = status == AECODEC_OK ? refine_all(d, execution, *content) : status;
    if (status != AECODEC_OK) {
        free(*content);
        *content = NULL;
    }
    return status;
}

/* Add what is not coded, equal channels and alpha, to pixels, which are replaced. */
static aecodec_status add_channels(const aecodec_decoding *d, uint8_t **content)
{
    const uint32_t coded = d->file.coded_channels;
    const uint32_t colours = d->file.channels - (d->file.header.mode & 2 ? 1 : 0);
    const size_t frame = (size_t)d->file.samples.width * d->file.samples.height, pixels = frame * d->frames;
    const uint8_t *from = *content, *alpha = d->alpha ? d->alpha + d->first * frame : NULL;
    uint8_t *result = malloc(pixels * d->file.channels), *to = result;
    for (size_t n = 0; result && n < pixels; n++, from += coded) {
        for (uint32_t c = 0; c < colours; c++) {
            *to++ = from[colours > coded ? 0 : c];
        }
        if (d->file.header.mode & 2) {
            *to++ = alpha ? alpha[n] : from[coded - 1];
        }
    }
    free(*content);
    *content = result;
    return result ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_decoding_finish(aecodec_decoding *d, const aecodec_execution *execution,
                                       aecodec_image *picture)
{
    void *content;
    aecodec_status status =
        d->has_samples ? AECODEC_OTHER_KIND : aecodec_decoding_take(d, execution, &content);
    if (status != AECODEC_OK) {
        return status;
    }
    uint8_t *pixels = content;
    if (d->file.channels != d->file.coded_channels) {
        status = add_channels(d, &pixels);
    }
    if (status == AECODEC_OK) {
        *picture = (aecodec_image){.width = d->file.samples.width,
                                   .height = d->file.samples.height,
                                   .channels = d->file.channels,
                                   .frames = d->frames,
                                   .pixels = pixels};
    }
    return status;
}

static aecodec_status copy_mask(aecodec_samples *samples)
{
    const size_t size = pixels_of_samples(samples) * samples->mask_planes;
    const uint8_t *mask = samples->missing;
    if (!mask) {
        return AECODEC_OK;
    }
    samples->missing = malloc(size);
    if (samples->missing) {
        memcpy(samples->missing, mask, size);
    }
    return samples->missing ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_decoding_finish_samples(aecodec_decoding *d, const aecodec_execution *execution,
                                               aecodec_samples *samples)
{
    aecodec_samples result = samples_of(d);
    aecodec_status status =
        d->has_samples ? aecodec_decoding_take(d, execution, &result.samples) : AECODEC_OTHER_KIND;
    if (status != AECODEC_OK) {
        return status;
    }
    status = copy_mask(&result);
    if (status != AECODEC_OK) {
        free(result.samples);
        return status;
    }
    aecodec_set_missing(&result, d->nodata);
    *samples = result;
    return AECODEC_OK;
}
