/* SPDX-License-Identifier: Apache-2.0 */
/* Files to pictures. */
#include <stdlib.h>
#include <string.h>

#include "refined.h"

enum {
    DEFAULT_MAX_PIXELS = 178956970,
    FREE_FRAMES = 1000,
    BYTES_PER_FRAME = 8,
    FREE_WORK = 1 << 21,
    WORK_PER_BYTE = 4096,
    COPIED = 8,    /* bytes of metadata that are as much work as a pixel */
    ENLARGED = 8,  /* pixels that are only enlarged in the time in which one is computed */
    ROUNDED_UP = 4 /* how many times more pixels whole tiles may have than an allowed number */
};

struct aecodec_decoding {
    const aecodec_bundle *bundle;
    uint32_t coded_channels; /* of the pixels below: 1 or 3 */
    uint32_t channels;       /* of the picture */
    geometry geometry;
    windows windows;
    int8_t *latents; /* [planes][rows][columns][vectors_per_tile][latent_channels] */
    uint8_t *alpha;  /* [frames][height][width], or NULL */
    uint8_t *pixels; /* [frames][coded height][coded width][coded_channels]; NULL with samples */
    int has_samples;
    aecodec_samples samples; /* that are refined, without their samples: the result, or pixels without alpha */
    transfer transfer;
    uint16_t *values;                           /* [frames][height][width][bands] */
    uint8_t repetition[2 * AECODEC_MAX_BANDS]; /* as in the file; all 0 if no band repeats samples */
    uint32_t nodata;                            /* bits of missing samples */
    refined_file file;
    uint8_t *content; /* a copy of the file, for its refinements; NULL without refinements */
    int has_base;     /* otherwise samples before refinements are 0 */
    int is_given;     /* whether the result was given away */
};

/* ---- limits: those of aecodec.format.limits in Python ---- */

static uint64_t max_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static int frames_are_accepted(const aecodec_limits *limits, uint32_t frames, size_t size)
{
    uint64_t most = limits->max_frames ? limits->max_frames : max_of(FREE_FRAMES, size / BYTES_PER_FRAME);
    return frames <= most;
}

static int work_is_accepted(const aecodec_limits *limits, uint64_t work, size_t size)
{
    uint64_t most = limits->max_pixels ? (uint64_t)ROUNDED_UP * limits->max_pixels : (uint64_t)WORK_PER_BYTE * size;
    return work <= max_of(FREE_WORK, most);
}

/* Pixels of all frames, also if sizes have 32 bits. */
static uint64_t all_pixels(const aecodec_decoding *d)
{
    return (uint64_t)d->samples.width * d->samples.height * d->samples.frames;
}

static uint32_t bytes_of_pixel(const aecodec_decoding *d)
{
    return d->samples.bands * sample_size(d->samples.type);
}

/* RGB pixels that are as much work as a pixel with as many bands or bytes. */
static uint32_t per_three(uint32_t count)
{
    return count > 3 ? aecodec_divide_up(count, 3) : 1;
}

/* Whether a caller accepts what a header states. */
static int is_accepted(const aecodec_decoding *d, const aecodec_limits *limits, const aecodec_header *header,
                       size_t size)
{
    const aecodec_codec_facts *facts = &d->bundle->facts;
    uint32_t frames = d->samples.frames;
    uint64_t pixels = all_pixels(d) * per_three(bytes_of_pixel(d)), refined = all_pixels(d) * d->file.count;
    uint64_t computed = d->has_base ? aecodec_tile_pixels(facts, &d->geometry) / d->geometry.planes * frames : 0;
    uint64_t work = max_of((computed + refined) * per_three(d->samples.bands), pixels / ENLARGED);
    work = max_of(work, (uint64_t)COPIED * header->metadata_size * frames);
    return frames_are_accepted(limits, frames, size) &&
           pixels <= (limits->max_pixels ? limits->max_pixels : DEFAULT_MAX_PIXELS) &&
           work_is_accepted(limits, work, size);
}

static uint64_t coded_pixels(const aecodec_decoding *d)
{
    return (uint64_t)d->geometry.width * d->geometry.height * d->samples.frames;
}

/* Bytes that refinements take: themselves, working memory, and enlarged pixels. */
static uint64_t memory_of_refinements(const aecodec_decoding *d)
{
    const uint64_t enlarged = d->has_samples ? 0 : all_pixels(d) * d->coded_channels;
    uint32_t roots = 0, n;
    for (n = 0; n < d->file.count; n++) {
        const refinement *r = &d->file.refinements[n];
        roots = r->is_root && r->bound_count > roots ? r->bound_count : roots;
    }
    return n ? d->file.refinements[n - 1].stop + aecodec_refining_memory(&d->samples, roots) + enlarged : 0;
}

/* Bytes that all but the network's working memory takes. */
static uint64_t memory_of(const aecodec_decoding *d, const aecodec_header *header)
{
    uint64_t pixels = all_pixels(d);
    uint64_t latents =
        d->has_base ? aecodec_vectors(&d->bundle->facts, &d->geometry) * d->bundle->facts.latent_channels : 0;
    uint64_t memory = latents + memory_of_refinements(d);
    if (d->has_samples) { /* values, samples, and a mask whose bits come first */
        return memory + pixels * d->samples.bands * (2 + sample_size(d->samples.type)) +
               2 * pixels * d->samples.mask_planes;
    }
    if (d->channels == d->coded_channels) {
        return memory + (coded_pixels(d) + pixels) * d->channels;
    }
    /* enlarged pixels, and a copy with all channels */
    return memory + pixels * (d->coded_channels + d->channels + (header->mode & 2 ? 1 : 0));
}

/* ---- entropy decoding ---- */

/* Check that no message is too short for its vectors, before anything is allocated for them. */
static aecodec_status check_messages(const aecodec_decoding *d, const aecodec_header *header)
{
    const aecodec_codec_facts *facts = &d->bundle->facts;
    reader payload = {header->payload, header->payload_size, 0}, message;
    uint32_t count = aecodec_segment_count(facts, &d->geometry), n, per_byte = facts->receptive_field ? 64 : 4;
    for (n = 0; n < count; n++) {
        aecodec_segment s = aecodec_segment_at(facts, &d->geometry, n).size;
        if (take_message(&payload, n + 1 == count, &message) != AECODEC_OK ||
            message.left < aecodec_divide_up(s.planes * s.rows * s.columns, per_byte)) {
            return AECODEC_DAMAGED;
        }
    }
    return AECODEC_OK;
}

/* Dequantize the codes of a segment to where its latents belong. */
static void place_latents(const aecodec_decoding *d, const coding_level *level, const placed_segment *s,
                          const int8_t *codes)
{
    const geometry *g = &d->geometry;
    size_t channels = d->bundle->facts.latent_channels;
    uint32_t plane, row;
    if (!d->bundle->facts.receptive_field) {
        aecodec_dequantize(&level->codec, codes, s->size.columns, d->latents);
        return;
    }
    for (plane = s->plane; plane < s->plane + s->size.planes; plane++) {
        for (row = s->top; row < s->top + s->size.rows; row++) {
            size_t vector = ((size_t)plane * g->rows + row) * g->columns + s->left;
            aecodec_dequantize(&level->codec, codes, s->size.columns, d->latents + vector * channels);
            codes += (size_t)s->size.columns * level->codec.code_dimension;
        }
    }
}

static aecodec_status decode_segments(const aecodec_decoding *d, const coding_level *level, reader payload,
                                      int8_t *codes, uint32_t *work)
{
    reader message;
    uint32_t count = aecodec_segment_count(&d->bundle->facts, &d->geometry), n;
    aecodec_status status = AECODEC_OK;
    for (n = 0; n < count && status == AECODEC_OK; n++) {
        placed_segment s = aecodec_segment_at(&d->bundle->facts, &d->geometry, n);
        status = take_message(&payload, n + 1 == count, &message);
        if (status == AECODEC_OK) {
            status = aecodec_decode_message(&level->codec, &s.size, message.at, message.left, codes, work);
        }
        if (status == AECODEC_OK) {
            place_latents(d, level, &s, codes);
        }
    }
    return status;
}

/* Decode all latents. The first segment is the largest. */
static aecodec_status decode_latents(const aecodec_decoding *d, const coding_level *level,
                                     const aecodec_header *header)
{
    aecodec_segment s = aecodec_segment_at(&d->bundle->facts, &d->geometry, 0).size;
    int8_t *codes = malloc((size_t)s.planes * s.rows * s.columns * level->codec.code_dimension);
    uint32_t *work = malloc(aecodec_message_work_size(&level->codec, &s));
    const reader payload = {header->payload, header->payload_size, 0};
    const aecodec_status status =
        codes && work ? decode_segments(d, level, payload, codes, work) : AECODEC_NO_MEMORY;
    free(codes);
    free(work);
    return status;
}

/* ---- the beginning ---- */

/* The value of missing samples, if the file states one; NaN or 0 otherwise. */
static void take_nodata(aecodec_decoding *d, const samples_block *block)
{
    uint32_t size = sample_size(block->type), n;
    d->nodata = block->type < AECODEC_FLOAT16 ? 0 : block->type == AECODEC_FLOAT16 ? 0x7e00u : 0x7fc00000u;
    if (block->nodata) {
        d->nodata = 0;
        for (n = 0; n < size; n++) {
            d->nodata |= (uint32_t)block->nodata[n] << 8 * n;
        }
        d->samples.has_nodata = 1;
        d->samples.nodata = aecodec_sample_number(block->type, d->nodata);
    }
}

/* Take what a file says of its samples. */
static aecodec_status take_samples(aecodec_decoding *d, const aecodec_header *header, samples_block *block)
{
    double limits[2 * AECODEC_MAX_BANDS];
    aecodec_status status;
    if (!header->samples || !aecodec_samples_block_read(header->samples, header->samples_size, header->frames, block) ||
        block->bands != d->bundle->facts.channels) {
        return AECODEC_DAMAGED;
    }
    if (block->limits) {
        aecodec_samples_block_limits(block, limits);
    }
    status = aecodec_transfer_open(d->bundle, block->type, block->limits ? limits : NULL, &d->transfer);
    if (status != AECODEC_OK || (block->limits && !d->bundle->bands.has_file_limits)) {
        return status == AECODEC_OK || status == AECODEC_BAD_IMAGE ? AECODEC_DAMAGED : status;
    }
    d->has_samples = 1;
    d->samples.type = block->type;
    d->samples.layout = block->layout;
    d->samples.bands = block->bands;
    d->samples.is_big_endian = block->is_big_endian;
    d->samples.mask_planes = block->mask_planes;
    if (block->repetition) {
        memcpy(d->repetition, block->repetition, 2 * (size_t)block->bands);
    }
    take_nodata(d, block);
    return AECODEC_OK;
}

static void take_header(aecodec_decoding *d, const aecodec_header *header)
{
    const aecodec_codec_facts *facts = &d->bundle->facts;
    int is_rgb = aecodec_is_shown_as_rgb(header);
    d->samples.width = header->width ? header->width : facts->tile_width;
    d->samples.height = header->height ? header->height : facts->tile_height;
    d->samples.frames = header->frames;
    d->samples.bands = d->coded_channels = header->mode & 1 ? 3 : 1;
    d->channels = (is_rgb ? 3 : d->coded_channels) + (header->mode & 2 ? 1 : 0);
    d->geometry = aecodec_geometry_of(facts, d->samples.width, d->samples.height,
                                      d->has_base ? header->reduction : NOT_REDUCED, header->frames, header->mode & 1);
}

/* Check a header with what is known of the codec. */
static aecodec_status check_header(const aecodec_decoding *d, const aecodec_limits *limits,
                                   const aecodec_header *header, size_t size)
{
    uint32_t level = header->level ? header->level : aecodec_default_units(d->bundle);
    if (!is_accepted(d, limits, header, size)) {
        return AECODEC_LIMIT;
    }
    if (d->has_base ? !aecodec_geometry_fits(&d->bundle->facts, &d->geometry) || !aecodec_has_level(d->bundle, level)
                    : header->payload_size != 0) {
        return AECODEC_DAMAGED;
    }
    if (limits->max_memory && memory_of(d, header) > limits->max_memory) {
        return AECODEC_LIMIT;
    }
    if (!aecodec_memory_fits(memory_of(d, header))) {
        return AECODEC_NO_MEMORY;
    }
    return d->has_base ? check_messages(d, header) : AECODEC_OK;
}

/* Make room for values, and decode the mask. Values are indices, and a caller may leave a window out. */
static aecodec_status decode_mask(aecodec_decoding *d, const samples_block *block)
{
    const size_t pixels = pixels_of_samples(&d->samples);
    d->values = d->has_base ? calloc(pixels * block->bands, sizeof *d->values) : NULL;
    d->samples.missing = block->mask ? malloc(pixels * block->mask_planes) : NULL;
    if ((d->has_base && !d->values) || (block->mask && !d->samples.missing)) {
        return AECODEC_NO_MEMORY;
    }
    return block->mask ? aecodec_mask_unpack(&d->samples, block->mask, block->mask_size) : AECODEC_OK;
}

/* Make room for pixels, and decode alpha. */
static aecodec_status decode_alpha(aecodec_decoding *d, const aecodec_header *header)
{
    const size_t pixels = pixels_of_samples(&d->samples);
    const int has_alpha = header->mode & 2;
    d->pixels = calloc((size_t)coded_pixels(d), d->coded_channels);
    d->alpha = has_alpha ? malloc(pixels) : NULL;
    if (!d->pixels || (has_alpha && !d->alpha)) {
        return AECODEC_NO_MEMORY;
    }
    return has_alpha ? aecodec_zlib_inflate(header->alpha, header->alpha_size, d->alpha, pixels) : AECODEC_OK;
}

/* Decode the latents of the base. */
static aecodec_status decode_base(aecodec_decoding *d, const aecodec_header *header)
{
    coding_level level;
    aecodec_status status =
        aecodec_level_open(d->bundle, header->level ? header->level : aecodec_default_units(d->bundle), &level);
    if (status != AECODEC_OK) {
        return status;
    }
    d->latents = malloc((size_t)(aecodec_vectors(&d->bundle->facts, &d->geometry) * d->bundle->facts.latent_channels));
    status = d->latents ? decode_latents(d, &level, header) : AECODEC_NO_MEMORY;
    free(level.factors);
    return status;
}

static aecodec_status decode_content(aecodec_decoding *d, const aecodec_header *header, const samples_block *block)
{
    aecodec_status status = d->has_samples ? decode_mask(d, block) : decode_alpha(d, header);
    return status == AECODEC_OK && d->has_base ? decode_base(d, header) : status;
}

/* Copy the refinements, which are decoded at the end: the caller may free the file before. */
static aecodec_status keep_refinements(aecodec_decoding *d, const uint8_t *file, size_t size)
{
    uint32_t n;
    d->content = d->file.count ? malloc(size) : NULL;
    if (d->content) {
        memcpy(d->content, file, size);
    }
    for (n = 0; n < d->file.count; n++) {
        refinement *r = &d->file.refinements[n];
        const aecodec_status status = aecodec_refinement_check(d->bundle, r, &d->samples);
        if (status != AECODEC_OK || !d->content) {
            return d->content ? status : AECODEC_NO_MEMORY;
        }
        r->messages = d->content + (r->messages - file);
    }
    return AECODEC_OK;
}

static void choose_windows(aecodec_decoding *d, const aecodec_limits *limits, const aecodec_header *header,
                           uint32_t parts)
{
    size_t memory = WINDOW_MEMORY;
    if (!d->has_base) {
        return;
    }
    if (limits->max_memory && limits->max_memory - memory_of(d, header) < memory) {
        memory = limits->max_memory - (size_t)memory_of(d, header);
    }
    d->windows =
        aecodec_windows_of(&d->bundle->facts, &d->geometry, aecodec_network_of(d->bundle, 0), 0, parts, memory);
}

static aecodec_status begin(aecodec_decoding *d, const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                            const aecodec_limits *limits, uint32_t parts)
{
    aecodec_header header;
    samples_block block;
    aecodec_status status = aecodec_refined_file_read(file, size, &d->file);
    d->bundle = bundle;
    if (status == AECODEC_OK) {
        status = aecodec_read_header(d->file.base, d->file.base_size, &header);
    }
    if (status != AECODEC_OK) {
        return status;
    }
    d->has_base = !d->file.count || d->file.refinements[0].has_base;
    if (memcmp(header.id, d->bundle->facts.sha256, sizeof header.id) != 0) {
        return AECODEC_OTHER_CODEC;
    }
    take_header(d, &header);
    if (d->bundle->facts.phases) {
        status = take_samples(d, &header, &block);
    } else if (header.samples) {
        status = AECODEC_DAMAGED;
    }
    if (status == AECODEC_OK) {
        status = check_header(d, limits, &header, size);
    }
    if (status == AECODEC_OK) {
        choose_windows(d, limits, &header, parts);
        status = keep_refinements(d, file, size);
    }
    return status == AECODEC_OK ? decode_content(d, &header, &block) : status;
}

aecodec_status aecodec_decoding_begin(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                      const aecodec_limits *limits, uint32_t parts, aecodec_decoding **decoding)
{
    static const aecodec_limits defaults = {0, 0, 0};
    aecodec_decoding *d = calloc(1, sizeof *d);
    aecodec_status status =
        d ? begin(d, bundle, file, size, limits ? limits : &defaults, parts) : AECODEC_NO_MEMORY;
    if (status == AECODEC_OK) {
        *decoding = d;
    } else {
        aecodec_decoding_free(d);
    }
    return status;
}

void aecodec_decoding_free(aecodec_decoding *d)
{
    if (d) {
        free(d->content);
        free(d->latents);
        free(d->alpha);
        free(d->pixels);
        free(d->values);
        free(d->samples.missing);
        free(d->transfer.samples);
        free(d);
    }
}

/* ---- windows ---- */

uint32_t aecodec_decoding_windows(const aecodec_decoding *d)
{
    return aecodec_window_count(&d->geometry, &d->windows);
}

void aecodec_decoding_window(const aecodec_decoding *d, uint32_t number, aecodec_window *window)
{
    placed_window w = aecodec_window_at(&d->geometry, &d->windows, number);
    *window = aecodec_window_for(&d->bundle->facts, aecodec_network_of(d->bundle, 0), 0, &w);
}

void aecodec_decoding_input(const aecodec_decoding *d, uint32_t number, int8_t *input)
{
    const geometry *g = &d->geometry;
    placed_window w = aecodec_window_at(g, &d->windows, number);
    size_t tile = (size_t)d->bundle->facts.vectors_per_tile * d->bundle->facts.latent_channels;
    size_t row = (w.columns.high - w.columns.low) * tile;
    uint32_t n;
    for (n = w.rows.low; n < w.rows.high; n++, input += row) {
        memcpy(input, d->latents + (((size_t)w.plane * g->rows + n) * g->columns + w.columns.low) * tile, row);
    }
}

/* Copy a row of pixels: as they are, as one channel of three, or as the mean of three. */
static void copy_row(const aecodec_decoding *d, const int8_t *from, uint32_t count, uint8_t *to)
{
    uint32_t channels = d->bundle->facts.channels, n;
    if (channels == d->coded_channels) {
        for (n = 0; n < count * channels; n++) {
            to[n] = (uint8_t)(from[n] + 128);
        }
    } else if (channels == 1) {
        for (n = 0; n < count; n++) {
            to[3 * n] = (uint8_t)(from[n] + 128);
        }
    } else {
        for (n = 0; n < count; n++, from += 3) {
            to[n] = (uint8_t)((from[0] + from[1] + from[2] + 3 * 128 + 1) / 3);
        }
    }
}

/* Copy a row of pixels, or of the values of samples; channel counts the channels that are coded one by one. */
static void copy_pixels(const aecodec_decoding *d, const int8_t *from, uint32_t count, size_t pixel, uint32_t channel)
{
    const aecodec_codec_facts *facts = &d->bundle->facts;
    if (d->has_samples) {
        aecodec_values_from_phases(from, (size_t)count * facts->channels, facts->phases,
                                   d->values + pixel * facts->channels);
    } else {
        copy_row(d, from, count, d->pixels + pixel * d->coded_channels + channel);
    }
}

void aecodec_decoding_output(aecodec_decoding *d, uint32_t number, const int8_t *output)
{
    const aecodec_codec_facts *facts = &d->bundle->facts;
    const geometry *g = &d->geometry;
    placed_window w = aecodec_window_at(g, &d->windows, number);
    uint32_t planes = g->planes / d->samples.frames, left = w.columns.start * facts->tile_width;
    uint32_t right = w.columns.stop * facts->tile_width, top = w.rows.start * facts->tile_height;
    uint32_t bottom = w.rows.stop * facts->tile_height, y;
    uint32_t channels = aecodec_network_channels(facts);
    size_t row = (size_t)(w.columns.high - w.columns.low) * facts->tile_width * channels;
    right = right < g->width ? right : g->width;
    bottom = bottom < g->height ? bottom : g->height;
    output += (size_t)(w.columns.start - w.columns.low) * facts->tile_width * channels;
    output += (size_t)(w.rows.start - w.rows.low) * facts->tile_height * row;
    for (y = top; y < bottom; y++, output += row) {
        size_t pixel = ((size_t)(w.plane / planes) * g->height + y) * g->width + left;
        copy_pixels(d, output, right - left, pixel, w.plane % planes);
    }
}

/* ---- the end ---- */

/* Decode all refinements of samples in place. */
static aecodec_status refine_all(const aecodec_decoding *d, void *content)
{
    aecodec_samples samples = d->samples;
    aecodec_status status = AECODEC_OK;
    uint32_t n;
    samples.samples = content;
    for (n = 0; n < d->file.count && status == AECODEC_OK; n++) {
        status = aecodec_refine(d->bundle, &d->file.refinements[n], &samples);
    }
    return status;
}

/* Enlarge reduced pixels to their full size. */
static aecodec_status enlarge(aecodec_decoding *d)
{
    geometry *g = &d->geometry;
    const channel from = {d->pixels, g->width, g->height, d->coded_channels};
    channel to = {NULL, d->samples.width, d->samples.height, d->coded_channels};
    aecodec_status status;
    if (g->width == d->samples.width && g->height == d->samples.height) {
        return AECODEC_OK;
    }
    to.pixels = malloc(pixels_of_samples(&d->samples) * to.stride);
    status = to.pixels ? aecodec_resize_pictures(from, to, to.stride, d->samples.frames) : AECODEC_NO_MEMORY;
    if (status != AECODEC_OK) {
        free(to.pixels);
        return status;
    }
    free(d->pixels);
    d->pixels = to.pixels;
    g->width = d->samples.width;
    g->height = d->samples.height;
    return AECODEC_OK;
}

/* Add what is not coded: equal channels, and alpha. */
static aecodec_status add_channels(aecodec_decoding *d)
{
    const uint32_t colours = d->channels - (d->alpha != NULL), is_repeated = colours > d->coded_channels;
    const size_t pixels = pixels_of_samples(&d->samples);
    const uint8_t *from = d->pixels;
    uint8_t *made = malloc(pixels * d->channels), *to = made;
    size_t n;
    uint32_t c;
    for (n = 0; made && n < pixels; n++, from += d->coded_channels) {
        for (c = 0; c < colours; c++) {
            *to++ = from[is_repeated ? 0 : c];
        }
        if (d->alpha) {
            *to++ = d->alpha[n];
        }
    }
    free(made ? d->pixels : NULL);
    d->pixels = made ? made : d->pixels;
    return made ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_decoding_finish(aecodec_decoding *d, aecodec_image *picture)
{
    aecodec_status status;
    if (d->has_samples) {
        return AECODEC_OTHER_KIND;
    }
    if (d->is_given) {
        return AECODEC_BAD_ARGUMENT;
    }
    status = enlarge(d);
    if (status == AECODEC_OK) {
        status = refine_all(d, d->pixels);
    }
    if (status == AECODEC_OK && d->channels != d->coded_channels) {
        status = add_channels(d);
    }
    if (status == AECODEC_OK) {
        *picture = (aecodec_image){d->samples.width, d->samples.height, d->channels, d->samples.frames, d->pixels};
        d->pixels = NULL;
        d->is_given = 1;
    }
    return status;
}

/* ---- the end, with samples ---- */

/* Convert values to samples. */
static void finish_values(aecodec_decoding *d, void *samples)
{
    aecodec_average_blocks(&d->samples, d->repetition, d->values);
    aecodec_transfer_to_samples(&d->transfer, d->values, pixels_of_samples(&d->samples), samples);
    free(d->values);
    d->values = NULL;
}

static size_t bytes_of_samples(const aecodec_decoding *d)
{
    return pixels_of_samples(&d->samples) * bytes_of_pixel(d);
}

aecodec_status aecodec_decoding_take_base(aecodec_decoding *d, void **samples)
{
    aecodec_status status = AECODEC_OK;
    if (d->has_samples) {
        *samples = malloc(bytes_of_samples(d));
        if (!*samples) {
            return AECODEC_NO_MEMORY;
        }
        finish_values(d, *samples);
    } else {
        status = enlarge(d);
        *samples = d->pixels;
        d->pixels = status == AECODEC_OK ? NULL : d->pixels;
    }
    d->is_given = 1;
    return status;
}

aecodec_status aecodec_decoding_finish_samples(aecodec_decoding *d, aecodec_samples *samples)
{
    void *made;
    aecodec_status status;
    if (!d->has_samples) {
        return AECODEC_OTHER_KIND;
    }
    if (d->is_given) {
        return AECODEC_BAD_ARGUMENT;
    }
    made = calloc(1, bytes_of_samples(d));
    if (!made) {
        return AECODEC_NO_MEMORY;
    }
    d->is_given = 1;
    if (d->has_base) {
        finish_values(d, made);
    }
    status = refine_all(d, made);
    if (status != AECODEC_OK) {
        free(made);
        return status;
    }
    *samples = d->samples;
    samples->samples = made;
    aecodec_set_missing(samples, d->nodata);
    d->samples.missing = NULL;
    return AECODEC_OK;
}
