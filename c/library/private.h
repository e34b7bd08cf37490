/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations shared by the parts of the library. Private. */
#ifndef AECODEC_PRIVATE_H
#define AECODEC_PRIVATE_H

#include "aecodec_library.h"
#include "aecodec_network.h"
#include "aecodec_reader.h"

enum {
    LEVEL_UNITS = 16,
    MAX_LEVELS = 15,
    NOT_REDUCED = 2,
    MAX_REDUCTION = 64,
    MAX_SIDE = 1 << 20,
    MAX_FRAMES = 1 << 24,
    MAX_PIXELS = 1 << 30,
    MAX_REDUCED_PIXELS = 1 << 26,
    SEGMENT_SIDE = 128,
    ALIGNMENT = 64,
    WINDOW_MEMORY = 128 << 20 /* bytes of working memory that a run of a network may use by default */
};

/* ---- bundle.c ---- */

typedef struct {
    uint32_t start, dimension, multiple;
} level_facts;

/* The tables of a level, with pointers into its section. */
typedef struct {
    int is_present;
    aecodec_codec codec;
    aecodec_context_network context;
    aecodec_spatial_weights spatial;
} level_tables;

typedef struct {
    aecodec_section entry;
    const uint8_t *content;
} section;

/* The section of the bands, with pointers into it. */
typedef struct {
    int is_present, has_file_limits;
    const double *limits;   /* [bands][2] */
    const uint16_t *tables; /* [bands][255 * phases + 1] */
    const uint8_t *names;   /* in sequence, each preceded by its size in 16 bits */
} band_tables;

/* Pictures that the adaptive coder codes before those of a file, only to learn from them. */
typedef struct primer primer;

struct aecodec_bundle {
    aecodec_codec_facts facts;
    level_facts levels[MAX_LEVELS];
    aecodec_rate_weight rate_weight;
    const int16_t *gains; /* [levels][dimension], or NULL */
    section *sections;
    level_tables tables[MAX_LEVELS];  /* of whole levels */
    band_tables bands;                /* only with phases */
    primer *primer;                   /* or NULL */
    aecodec_network encoder, decoder; /* only if present */
    int has_encoder, has_decoder;
    void *memory; /* content of the file, if the bundle was opened from one; otherwise NULL */
};

/* Whether a codec has networks; only the built-in codec `samples` has none. */
static inline int has_networks(const aecodec_bundle *bundle)
{
    return bundle->facts.levels != 0;
}
int aecodec_is_samples_id(const uint8_t id[4]);
/* Whether the codec has a section of a kind, even if the bundle lacks it. */
int aecodec_bundle_lists(const aecodec_bundle *bundle, uint32_t kind);
/* The encoder or decoder network; NULL if it is absent. */
const aecodec_network *aecodec_network_of(const aecodec_bundle *bundle, int is_encoder);

/* ---- levels.c ---- */

/* A level of a codec, or an interpolated level, as an aecodec_codec. */
typedef struct {
    aecodec_codec codec;
    uint16_t *factors; /* owned; NULL without gains */
} coding_level;

uint32_t aecodec_default_units(const aecodec_bundle *bundle);
/* Whether the codec has a level, in sixteenths, even if the bundle lacks it. */
int aecodec_has_level(const aecodec_bundle *bundle, uint32_t units);
/* The caller frees the factors. Returns AECODEC_OK, AECODEC_BAD_ARGUMENT for an unknown level,
 * AECODEC_ABSENT or AECODEC_NO_MEMORY. */
aecodec_status aecodec_level_open(const aecodec_bundle *bundle, uint32_t units, coding_level *level);

/* ---- level_tables.c ---- */

aecodec_status aecodec_level_tables_open(const aecodec_bundle *bundle, uint32_t number, const uint8_t *bytes,
                                         size_t size, level_tables *tables);

/* ---- bands.c ---- */

aecodec_status aecodec_bands_open(const aecodec_codec_facts *facts, const uint8_t *bytes, size_t size,
                                  band_tables *tables);

/* ---- samples.c: numbers of all types, and the block of samples in files (FORMAT, section 7) ---- */

/* Bytes of a sample; 0 for an unknown type. */
static inline uint32_t sample_size(uint32_t type)
{
    static const uint8_t sizes[] = {1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

static inline int is_float(uint32_t type)
{
    return type == AECODEC_FLOAT16 || type == AECODEC_FLOAT32 || type == AECODEC_FLOAT64;
}

static inline uint64_t bits_of_sample(uint32_t type, const void *samples, size_t at)
{
    switch (sample_size(type)) {
    case 1:
        return ((const uint8_t *)samples)[at];
    case 2:
        return ((const uint16_t *)samples)[at];
    case 4:
        return ((const uint32_t *)samples)[at];
    default:
        return ((const uint64_t *)samples)[at];
    }
}

static inline void set_bits_of_sample(uint32_t type, void *samples, size_t at, uint64_t bits)
{
    switch (sample_size(type)) {
    case 1:
        ((uint8_t *)samples)[at] = (uint8_t)bits;
        break;
    case 2:
        ((uint16_t *)samples)[at] = (uint16_t)bits;
        break;
    case 4:
        ((uint32_t *)samples)[at] = (uint32_t)bits;
        break;
    default:
        ((uint64_t *)samples)[at] = bits;
    }
}

/* The bits of a sample as a number, and a sample of an array. Integers beyond 2^53 are rounded. */
double aecodec_sample_number(uint32_t type, uint64_t bits);
static inline double number_of_sample(uint32_t type, const void *samples, size_t at)
{
    return aecodec_sample_number(type, bits_of_sample(type, samples, at));
}

/* The bits of the sample that is nearest to a number, with ties to even; the nearest integer of 64 bits if it has more. */
uint64_t aecodec_to_sample_bits(uint32_t type, double number);

/* The bits of a sample as an unsigned number in the order of the numbers, and back; and the last of these. */
uint64_t aecodec_sample_order(uint32_t type, uint64_t bits);
uint64_t aecodec_sample_at(uint32_t type, uint64_t order);
uint64_t aecodec_last_order(uint32_t type);

/* The block of samples of a file. Pointers are NULL for absent fields. */
typedef struct {
    uint32_t type, layout, bands, is_big_endian;
    const uint8_t *limits;     /* [bands][2] in the type */
    const uint8_t *nodata;     /* in the type */
    const uint8_t *repetition; /* [bands][2] factor, and 16 * y + x */
    uint32_t mask_planes;
    const uint8_t *mask; /* zlib stream */
    size_t mask_size;
} samples_block;

/* The limits [bands][2] of a block that has limits, as numbers. */
void aecodec_samples_block_limits(const samples_block *block, double *limits);
/* The bits of missing samples: nodata, or NaN or 0 without it. */
uint64_t aecodec_samples_block_nodata(const samples_block *block);
/* Check and read a block of a file with a codec id. Returns whether an encoder could have written it. */
int aecodec_samples_block_read(const uint8_t id[4], const uint8_t *content, size_t size, uint32_t frames,
                               samples_block *block);

/* ---- transfer.c ---- */

/* The samples of all values for one type. */
typedef struct {
    uint32_t type, bands, top;            /* values are 0 to top */
    double limits[AECODEC_MAX_BANDS][2];
    const uint16_t *tables;               /* [bands][top + 1] */
    uint32_t *samples;                    /* [bands][top + 1] bits; owned */
} transfer;

/* limits: numbers of the type, or NULL for the codec's limits. Returns AECODEC_BAD_IMAGE if samples of the type cannot
 * lie between the limits. */
aecodec_status aecodec_transfer_open(const aecodec_bundle *bundle, uint32_t type, const double *limits, transfer *t);
void aecodec_transfer_to_samples(const transfer *t, const uint16_t *values, size_t pixels, void *samples);
/* Convert samples to the nearest values; missing samples get any value. */
aecodec_status aecodec_transfer_to_values(const transfer *t, const aecodec_samples *samples, uint16_t *values,
                                          uint64_t *clipped);

/* Find limits [bands][2] that contain all samples and the codec's limits, if the type can represent them. Returns
 * whether they differ from the codec's limits. */
int aecodec_find_own_limits(const aecodec_bundle *bundle, const aecodec_samples *samples, double *limits);

/* ---- missing.c ---- */

static inline size_t pixels_of_samples(const aecodec_samples *samples)
{
    return (size_t)samples->width * samples->height * samples->frames;
}

static inline int is_missing(const aecodec_samples *samples, size_t pixel, uint32_t band)
{
    return samples->missing && samples->missing[pixel * samples->mask_planes + (samples->mask_planes > 1 ? band : 0)];
}

enum { TOGETHER = 256 /* samples of a band that are converted together, at most */ };

typedef struct {
    size_t first;
    uint32_t count;
} pixel_range;

/* Divide the pixels into ranges of up to TOGETHER. */
static inline size_t range_count(const aecodec_samples *samples)
{
    const size_t pixels = (size_t)samples->width * samples->height;
    return ((pixels - 1) / TOGETHER + 1) * samples->frames;
}

static inline pixel_range range_at(const aecodec_samples *samples, size_t number)
{
    const size_t pixels = (size_t)samples->width * samples->height, ranges = (pixels - 1) / TOGETHER + 1;
    const size_t start = number % ranges * TOGETHER, left = pixels - start;
    const pixel_range r = {number / ranges * pixels + start, (uint32_t)(left < TOGETHER ? left : TOGETHER)};
    return r;
}

void aecodec_load_bits(const aecodec_samples *samples, const pixel_range *range, uint32_t band, uint64_t *bits);
/* The bits of the next finite samples below and above nodata; at an end of the type both are the one inside. Returns
 * whether there are both, and 0 if nodata is not a number. */
int aecodec_beside_nodata(const aecodec_samples *samples, uint64_t beside[2]);
/* Replace the mask of the caller by one of all missing samples, which the caller of this function frees; NULL if there
 * are none. */
aecodec_status aecodec_find_missing(aecodec_samples *samples);
void aecodec_fill_missing(const aecodec_samples *samples, uint16_t *values);
/* The bits of a decoded sample that is known: if they are nodata, those of the next sample above, or of the largest one. */
uint64_t aecodec_avoid_nodata(const aecodec_samples *samples, uint64_t bits);
/* Give all missing samples the same bits, and no others. */
void aecodec_set_missing(const aecodec_samples *samples, uint64_t bits);
/* Inflate the bits of a mask, which the caller frees in any case. Bits behind the last one are 0. */
aecodec_status aecodec_mask_inflate(const uint8_t *stream, size_t size, uint64_t count, uint8_t **bits);
static inline size_t mask_bit(const aecodec_samples *samples, uint32_t frame, size_t pixel_of_frame, uint32_t band)
{
    const size_t pixels = (size_t)samples->width * samples->height, planes = samples->mask_planes;
    return (frame * planes + (planes > 1 ? band : 0)) * pixels + pixel_of_frame;
}
/* Unpack bits to bytes that are `stride` apart. */
static inline void unpack_bits(const uint8_t *bits, size_t bit, size_t count, uint8_t *to, size_t stride)
{
    for (; count; count--, bit++, to += stride) {
        *to = bits[bit / 8] >> (7 - bit % 8) & 1;
    }
}
/* Convert the mask to the zlib stream of a file, and back. */
aecodec_status aecodec_mask_pack(const aecodec_samples *samples, uint8_t **stream, size_t *size);
aecodec_status aecodec_mask_unpack(const aecodec_samples *samples, const uint8_t *stream, size_t size);

/* ---- repetition.c ---- */

/* Detect bands with repeated samples. repetition: output [bands][2] as in a file. Returns whether there are any. */
int aecodec_detect_repetition(const aecodec_samples *samples, uint8_t *repetition);
void aecodec_average_blocks(const aecodec_samples *samples, const uint8_t *repetition, uint16_t *values);

/* ---- geometry.c ---- */

/* The planes that the networks process. */
typedef struct {
    uint32_t width, height; /* of the coded pictures, in pixels */
    uint32_t planes;        /* number of pictures, times three for colour pictures and a grey codec */
    uint32_t rows, columns; /* tiles of a plane */
} geometry;

static inline uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Whether a file may hold pictures of a size. */
static inline int sides_fit(uint32_t width, uint32_t height, uint32_t frames)
{
    return width - 1u < MAX_SIDE && height - 1u < MAX_SIDE && frames - 1u < MAX_FRAMES &&
           (uint64_t)width * height <= MAX_PIXELS / frames;
}

uint32_t aecodec_divide_up(uint32_t a, uint32_t b);
uint32_t aecodec_network_channels(const aecodec_codec_facts *facts);
geometry aecodec_geometry_of(const aecodec_codec_facts *facts, uint32_t width, uint32_t height, uint32_t reduction,
                             uint32_t frames, int has_colours);
uint64_t aecodec_tile_pixels(const aecodec_codec_facts *facts, const geometry *g);
uint64_t aecodec_vectors(const aecodec_codec_facts *facts, const geometry *g);
/* Whether the numbers of tiles and vectors are within the limits of the format. */
int aecodec_geometry_fits(const aecodec_codec_facts *facts, const geometry *g);
/* Whether a number of bytes fits into size_t, which may have 32 bits. */
int aecodec_memory_fits(uint64_t bytes);

typedef struct {
    uint32_t plane, top, left;
    aecodec_segment size;
} placed_segment;

uint32_t aecodec_segment_count(const aecodec_codec_facts *facts, const geometry *g);
placed_segment aecodec_segment_at(const aecodec_codec_facts *facts, const geometry *g, uint32_t number);
/* Copy the items of a segment, of some bytes each, from their places among those of all planes, or back to them. */
void aecodec_segment_copy(const geometry *g, const placed_segment *s, void *all, void *part, size_t bytes, int is_back);

/* The windows of the planes that a network processes one by one; single tiles without a receptive field. */
typedef struct {
    uint32_t down, across; /* windows of a plane */
    uint32_t margin;       /* the receptive field */
} windows;

/* One side of a window, in tiles: the network processes low to high, and its output from start to stop is used. */
typedef struct {
    uint32_t start, stop, low, high;
} span;

typedef struct {
    uint32_t plane;
    span rows, columns;
} placed_window;

/* Divide the planes into at least `parts` windows, each small enough for the network to run in `memory` bytes. If that
 * is impossible, the windows are as small as possible. network: NULL if it is absent. */
windows aecodec_windows_of(const aecodec_codec_facts *facts, const geometry *g, const aecodec_network *network,
                           int is_encoder, uint32_t parts, size_t memory);
uint32_t aecodec_window_count(const geometry *g, const windows *w);
placed_window aecodec_window_at(const geometry *g, const windows *w, uint32_t number);
/* Sizes of input and output of the network for a window. network: NULL if it is absent. */
aecodec_window aecodec_window_for(const aecodec_codec_facts *facts, const aecodec_network *network, int is_encoder,
                                  const placed_window *placed);
/* Whether the network supports a window: the bundle may be inconsistent. */
int aecodec_window_is_taken(const aecodec_network *network, const aecodec_window *w);

/* ---- resize.c ---- */

/* One channel of a picture, with a stride between pixels. */
typedef struct {
    uint8_t *pixels;
    uint32_t width, height, stride;
} channel;

/* Resample pictures with Pillow's cubic filter. from, to: the first channels; other channels and pictures follow. */
aecodec_status aecodec_resize_pictures(channel from, channel to, uint32_t channels, uint32_t frames);

/* ---- zlib.c ---- */

/* Inflate a zlib stream to exactly size bytes. */
aecodec_status aecodec_zlib_inflate(const uint8_t *stream, size_t stream_size, uint8_t *bytes, size_t size);
/* Write a zlib stream into aecodec_zlib_bound(size) bytes. Returns its size, or 0 without enough memory. */
size_t aecodec_zlib_bound(size_t size);
size_t aecodec_zlib_deflate(const uint8_t *bytes, size_t size, uint8_t *room);

/* ---- container.c ---- */

/* The bytes of a file that is being written. After an error, the status stays. */
typedef struct {
    uint8_t *bytes;
    size_t size, capacity;
    aecodec_status status;
} buffer;

/* Add `more` bytes. Returns their address, or NULL without enough memory. */
uint8_t *aecodec_buffer_room(buffer *b, size_t more);
void aecodec_buffer_append(buffer *b, const uint8_t *bytes, size_t size);
void aecodec_buffer_append_checksum(buffer *b);
void aecodec_buffer_append_number(buffer *b, uint32_t number);
/* Append the lowest bytes of a number, the lowest first. */
void aecodec_buffer_append_bits(buffer *b, uint64_t bits, uint32_t size);
/* Write the block of samples of a codec: fields of `samples`, with the repetition and mask of `block`. */
void aecodec_samples_block_write(const aecodec_bundle *bundle, const aecodec_samples *samples, const samples_block *block, buffer *b);
/* Write all fields of a header, including its block of samples and its alpha stream. */
void aecodec_buffer_append_header(buffer *b, const aecodec_header *header);
/* Give the bytes to the caller, or free them after an error. Returns the status. */
aecodec_status aecodec_buffer_give(buffer *b, uint8_t **file, size_t *size);

/* ---- adaptive.c: values within a bound ---- */

/* What the encoder chose for all segments of a refinement. */
typedef struct adaptive_choices adaptive_choices;

/* What the coder learned from a band. */
typedef struct adaptive_state adaptive_state;

/* How the values of a segment are coded. Its arrays have the shape [frames][bands][height][width]. */
typedef struct {
    uint32_t frames, bands, height, width;
    const int64_t *steps;            /* [bands] distances of two values that the bounds can tell apart: 2 E + 1 */
    const int32_t (*limits)[2];      /* [bands] lowest and highest value */
    const uint8_t *missing;          /* not 0 for samples that are not coded and get any value; NULL if there are none */
    int has_base;                    /* whether there are values of a base; otherwise `base` is NULL */
    const adaptive_choices *choices;
    const adaptive_state *primed;    /* [bands] what the coder learned before; NULL: nothing */
    uint32_t waves;                  /* of the last band and frame that a decoder needs; 0 for all */
} residual_coding;

/* Encode values within the limits to a message, which the caller frees, and to the values of the decoder. */
aecodec_status aecodec_residuals_encode(const residual_coding *coding, const int32_t *base, const int32_t *values,
                                        int32_t *decoded, uint8_t **message, size_t *size);
/* Decode values. Returns AECODEC_DAMAGED if no encoder writes the message. */
aecodec_status aecodec_residuals_decode(const residual_coding *coding, const int32_t *base, const uint8_t *message,
                                        size_t size, int32_t *values);

/* Learn from values within the limits, without a mask or a base. learned: [bands] */
aecodec_status aecodec_residuals_learn(const residual_coding *coding, const int32_t *values, adaptive_state *learned);

/* Read the block of the choices, which the caller frees. Returns AECODEC_OK, AECODEC_DAMAGED_REFINEMENT or
 * AECODEC_NO_MEMORY. */
aecodec_status aecodec_choices_read(const uint8_t *block, size_t size, uint32_t bands, const int64_t *steps,
                                    const int32_t (*limits)[2], int has_base, int has_mask, adaptive_choices **choices);
/* Whether values are coded as ranks or indices. */
int aecodec_choices_convert(const adaptive_choices *choices);
void aecodec_choices_free(adaptive_choices *choices); /* NULL is allowed */

/* An encoder sees all segments, one after the other, before it writes the block of its choices. */
typedef struct adaptive_survey adaptive_survey;
/* may_convert: whether values may become ranks. Returns NULL without enough memory. */
adaptive_survey *aecodec_survey_begin(uint32_t bands, const int64_t *steps, const int32_t (*limits)[2], int may_convert,
                                      int has_mask);
void aecodec_survey_see(adaptive_survey *survey, const residual_coding *segment, const int32_t *values);
/* Write the block to an empty buffer, and free the survey. is_stable: rounded values do not depend on each other. */
aecodec_status aecodec_survey_end(adaptive_survey *survey, int is_stable, buffer *block);

/* ---- adaptive_primer.c ---- */

/* What a primer taught, with given choices. */
typedef struct {
    adaptive_choices *choices;
    adaptive_state *states; /* [bands] */
} primed;

/* Read the section of a codec. Returns NULL if it is damaged, or without enough memory. */
primer *aecodec_primer_read(const uint8_t *section, size_t size);
void aecodec_primer_free(primer *p); /* NULL is allowed */
/* Whether a primer, which may be NULL, is of such samples. */
int aecodec_primer_fits(const primer *p, uint32_t type, uint32_t bands);
/* Show it to a survey. Files of small pictures then have the same choices, and share what the primer taught. */
void aecodec_primer_show(const primer *p, const int64_t *steps, const int32_t (*limits)[2],
                         adaptive_survey *survey);
/* Learn from the primer, or take what a file with the same choices learned last. */
aecodec_status aecodec_primed_take(primer *p, const adaptive_choices *choices, primed **taken);
/* Give it back: the primer keeps it for the next file. NULL: there is no primer any more. */
void aecodec_primed_give(primer *p, primed *given);

/* ---- execution.c ---- */

typedef aecodec_status (*loop_task)(void *argument, uint32_t number);

/* Run a task for all numbers below count, on the caller's threads if there are several. Returns the status of the first
 * task that failed. */
aecodec_status aecodec_for_each(const aecodec_execution *execution, uint32_t count, loop_task run, void *argument);
uint32_t aecodec_threads(const aecodec_execution *execution);

/* ---- encoding.c ---- */

/* Write a file without a level and without a payload. */
void aecodec_encoding_header_file(const aecodec_encoding *encoding, buffer *file);

/* ---- decoding.c and decoded.c ---- */

/* Take the samples of the selected frames, which the caller frees: of all bands, or pixels without alpha. */
aecodec_status aecodec_decoding_take(aecodec_decoding *decoding, const aecodec_execution *execution, void **samples);

/* ---- within_error.c ---- */

/* Compress a picture, or samples: the other is NULL. The target has bounds, unless the codec is `samples`. */
aecodec_status aecodec_within_error(const aecodec_bundle *bundle, const aecodec_image *picture,
                                    const aecodec_samples *samples, const aecodec_target *target,
                                    const aecodec_execution *execution, aecodec_compressed *made);

/* ---- running.c ---- */

/* Minimum number of windows of a picture, so that all threads have work. */
uint32_t aecodec_parts_for(const aecodec_bundle *bundle, const aecodec_execution *execution, uint32_t width,
                           uint32_t height);

#endif
