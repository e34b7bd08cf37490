/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and samples that are refined: their bases, and the messages of refinements. */
#include <stdlib.h>
#include <string.h>

#include "encoding.h"
#include "refined.h"

/* ---- originals ---- */

size_t aecodec_refiner_pixel_bytes(const refiner *r)
{
    return (size_t)r->original.bands * sample_size(r->original.type);
}

void aecodec_refiner_close(refiner *r)
{
    aecodec_encoding_free(r->encoding);
    aecodec_samples_free(&r->original);
}

/* Copy the channels that are coded. */
static aecodec_status take_picture(refiner *r, const aecodec_image *picture)
{
    const uint32_t bands = aecodec_encoding_header(r->encoding)->mode & 1 ? 3 : 1;
    const uint8_t *from = picture->pixels;
    uint8_t *to;
    size_t n;
    r->original.width = picture->width;
    r->original.height = picture->height;
    r->original.frames = picture->frames;
    r->original.bands = bands;
    r->original.type = AECODEC_UINT8;
    r->original.samples = to = malloc(pixels_of_samples(&r->original) * bands);
    for (n = 0; to && n < pixels_of_samples(&r->original); n++, from += picture->channels, to += bands) {
        memcpy(to, from, bands);
    }
    return to ? AECODEC_OK : AECODEC_NO_MEMORY;
}

/* Take the limits of the file, so that parts have them. */
static void take_limits(refiner *r)
{
    const aecodec_header *header = aecodec_encoding_header(r->encoding);
    samples_block block;
    r->original.limits = NULL;
    if (aecodec_samples_block_read(header->samples, header->samples_size, header->frames, &block) && block.limits) {
        aecodec_samples_block_limits(&block, r->limits);
        r->original.limits = r->limits;
    }
}

static aecodec_status take_samples(refiner *r, const aecodec_samples *samples)
{
    aecodec_status status;
    r->original = *samples;
    r->has_nodata = samples->has_nodata != 0;
    r->nodata = samples->nodata;
    status = aecodec_find_missing(&r->original);
    r->original.samples = malloc(pixels_of_samples(&r->original) * aecodec_refiner_pixel_bytes(r));
    r->original.has_nodata = 0;
    r->original.layout = 3; /* for parts */
    r->original.metadata = NULL;
    r->original.metadata_size = 0;
    take_limits(r);
    if (!r->original.samples) {
        return AECODEC_NO_MEMORY;
    }
    memcpy(r->original.samples, samples->samples, pixels_of_samples(&r->original) * aecodec_refiner_pixel_bytes(r));
    aecodec_set_missing(&r->original, 0);
    return status;
}

aecodec_status aecodec_refiner_open(refiner *r, const aecodec_bundle *bundle, const aecodec_execution *execution,
                                    const aecodec_image *picture, const aecodec_samples *samples, int is_part)
{
    aecodec_status status;
    memset(r, 0, sizeof *r);
    r->bundle = bundle;
    r->execution = execution;
    r->is_picture = picture != NULL;
    status = aecodec_begin_encoding(bundle, execution, picture, samples, is_part, r->clipped, &r->encoding);
    if (status != AECODEC_OK) {
        return status;
    }
    return picture ? take_picture(r, picture) : take_samples(r, samples);
}

/* ---- bases ---- */

/* Decode the codes of a level as the file would be decoded. */
static aecodec_status decode_base(const refiner *r, uint32_t units, const aecodec_codes *codes, void **samples)
{
    aecodec_decoding *d = NULL;
    aecodec_status status = aecodec_decode_codes(r->encoding, units, codes, &d);
    if (status == AECODEC_OK) {
        status = aecodec_decoding_run(d, r->execution);
    }
    if (status == AECODEC_OK) {
        status = aecodec_decoding_take(d, r->execution, samples);
    }
    aecodec_decoding_free(d);
    return status;
}

/* Make the file of a level, and decode it. */
static aecodec_status make_base(refiner *r, uint32_t units, buffer *file, void **samples)
{
    aecodec_codes codes;
    aecodec_status status = r->is_run ? AECODEC_OK : aecodec_encoding_run(r->encoding, r->execution);
    if (status != AECODEC_OK) {
        return status;
    }
    r->is_run = 1;
    status = aecodec_encode_level(r->encoding, units, r->execution, file, &codes);
    if (status == AECODEC_OK) {
        status = decode_base(r, units, &codes, samples);
    }
    free(codes.codes);
    return status;
}

aecodec_status aecodec_refiner_base(refiner *r, uint32_t units, buffer *file, void **samples)
{
    *samples = NULL;
    if (units != NO_LEVEL) {
        return make_base(r, units, file, samples);
    }
    aecodec_encoding_header_file(r->encoding, file);
    *samples = calloc(pixels_of_samples(&r->original), aecodec_refiner_pixel_bytes(r));
    return *samples ? file->status : AECODEC_NO_MEMORY;
}

/* ---- refinements ---- */

/* What comes of a segment. */
typedef struct {
    uint8_t *message;
    size_t size;
    comparison comparison;
} coded_segment;

typedef struct {
    const refinement *bounds;
    refining to;
    aecodec_samples decoded; /* the samples before the refinement, which become those of a decoder */
    coded_segment *segments;
} refinement_coding;

/* Encode the values of a segment, and replace its samples by those of a decoder. */
static aecodec_status encode_values(const refinement_coding *c, const refining *to, coded_segment *result)
{
    const size_t values = (size_t)aecodec_refining_rows(to) * to->coding.width;
    int64_t *decoded = malloc(values * sizeof *decoded);
    aecodec_status status = AECODEC_NO_MEMORY;
    if (decoded) {
        aecodec_refining_read(to, c->decoded.samples, to->before);
        aecodec_refining_read(to, to->samples->samples, to->after);
        status = aecodec_residuals_encode(&to->coding, to->before, to->after, decoded, &result->message, &result->size);
    }
    if (status == AECODEC_OK) {
        aecodec_refining_write(to, decoded, c->decoded.samples);
    }
    free(decoded);
    return status;
}

static aecodec_status encode_segment(void *argument, uint32_t number)
{
    const refinement_coding *c = argument;
    coded_segment *result = &c->segments[number];
    refining to;
    aecodec_status status = aecodec_refining_enter(&c->to, number, &to);
    if (status != AECODEC_OK) {
        return status;
    }
    status = encode_values(c, &to, result);
    if (status == AECODEC_OK) {
        status = aecodec_compare_segment(&to, c->bounds, &c->decoded, &result->comparison);
    }
    aecodec_refining_leave(&to);
    return status;
}

/* Append the message of a segment. */
static void join(refiner *r, const coded_segment *segment, int is_last, buffer *messages, uint64_t *total)
{
    const comparison *c = &segment->comparison;
    if (!is_last) {
        aecodec_buffer_append_number(messages, (uint32_t)segment->size);
    }
    aecodec_buffer_append(messages, segment->message, segment->size);
    *total += segment->size;
    r->last.max_error = c->max_error > r->last.max_error ? c->max_error : r->last.max_error;
    r->last.nodata += c->nodata;
}

/* Encode all segments. total: set to the size of all messages. */
static aecodec_status encode_segments(refiner *r, refinement_coding *c, buffer *messages, uint64_t *total)
{
    const uint32_t count = aecodec_refining_count(&r->original, REFINED_SIDE);
    aecodec_status status;
    uint32_t n;
    c->segments = calloc(count, sizeof *c->segments);
    if (!c->segments) {
        return AECODEC_NO_MEMORY;
    }
    memset(&r->last, 0, sizeof r->last);
    *total = 0;
    status = aecodec_for_each(r->execution, count, encode_segment, c);
    for (n = 0; n < count; n++) {
        if (status == AECODEC_OK) {
            join(r, &c->segments[n], n + 1 == count, messages, total);
        }
        free(c->segments[n].message);
    }
    free(c->segments);
    return status == AECODEC_OK ? messages->status : status;
}

aecodec_status aecodec_refiner_encode(refiner *r, refinement *to, void *samples, buffer *messages, uint64_t *total)
{
    const uint8_t *sha256;
    const residual_networks *networks =
        aecodec_residuals_for(r->bundle, r->original.bands, to->has_base, NULL, &sha256);
    refinement_coding c = {.bounds = to, .decoded = r->original};
    aecodec_status status;
    if (!networks) {
        return AECODEC_ABSENT;
    }
    c.decoded.samples = samples;
    c.decoded.has_nodata = (uint32_t)r->has_nodata;
    c.decoded.nodata = r->nodata;
    memcpy(to->id, sha256, ID_SIZE);
    to->checksum = aecodec_samples_checksum(&c.decoded);
    status = aecodec_refining_open(&c.to, &r->original, networks, to);
    if (status == AECODEC_OK) {
        status = encode_segments(r, &c, messages, total);
    }
    aecodec_refining_close(&c.to);
    to->messages = messages->bytes;
    to->size = messages->size;
    return status;
}
