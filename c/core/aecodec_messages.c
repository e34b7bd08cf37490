/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of their own, from which the library builds files of any size. */
#include "aecodec_coding.h"

#include <string.h>

#ifdef AECODEC_LIBRARY

static uint32_t vectors_of(const aecodec_segment *segment)
{
    return segment->planes * segment->rows * segment->columns;
}

/* The vectors that are coded together: those of a segment, or as many as a pass takes. */
static shape shape_of_segment(const aecodec_codec *codec, const aecodec_segment *segment)
{
    shape s = {segment->planes, segment->rows, segment->columns, vectors_of(segment)};
    if (!codec->is_convolutional && s.vectors > AECODEC_MAX_VECTORS) {
        s.vectors = AECODEC_MAX_VECTORS;
    }
    return s;
}

/* Bytes of the working memory before p->all, p->order and p->weights. */
static size_t size_of_pass(const aecodec_codec *codec, shape s)
{
    return (aecodec_pass_size(codec, s) + 3) / 4 * 4;
}

/* Whether the context network may run for all vectors of a pass at once: if they are many, or codes are
 * decided. */
static int may_run_together(const aecodec_codec *codec, uint32_t vectors)
{
    return codec->context && (codec->factors || vectors >= MANY);
}

static size_t size_of_context(const aecodec_codec *codec, shape s)
{
    return may_run_together(codec, s.vectors) ? aecodec_context_work_size(codec, aecodec_max_pass(codec, s))
                                              : 0;
}

size_t aecodec_message_work_size(const aecodec_codec *codec, const aecodec_segment *segment)
{
    shape s = shape_of_segment(codec, segment);
    return size_of_pass(codec, s) + size_of_context(codec, s) +
           aecodec_max_pass(codec, s) * (codec->max_slice * sizeof(uint32_t) + 1);
}

static void start_message_pass(pass *p, const aecodec_codec *codec, shape s, int8_t *codes, uint32_t *work)
{
    aecodec_start_pass(p, codec, s, codes, work);
    work += size_of_pass(codec, s) / 4;
    if (may_run_together(codec, s.vectors)) {
        aecodec_context_open(&p->all, codec, aecodec_max_pass(codec, s), work);
        p->inputs = p->all.inputs;
    }
    p->order = work + size_of_context(codec, s) / 4;
    p->weights = (uint8_t *)(p->order + aecodec_max_pass(codec, s) * codec->max_slice);
}

/* Code all vectors: a segment at once, vectors without neighbours in passes. */
static void code_message(const aecodec_codec *codec, const aecodec_segment *segment, const int8_t *latents,
                         aecodec_rate_weight weight, int8_t *codes, uint32_t *work, range_coder *c)
{
    shape s = shape_of_segment(codec, segment);
    size_t left = vectors_of(segment);
    pass p;
    for (; left; left -= s.vectors) {
        s.vectors = left < s.vectors ? (uint32_t)left : s.vectors;
        start_message_pass(&p, codec, s, codes, work);
        p.latents = latents;
        p.weight = weight;
        if (!codec->is_convolutional) {
            p.columns = s.vectors;
        }
        aecodec_code_vectors(&p, c);
        codes += (size_t)s.vectors * codec->code_dimension;
        latents = latents ? latents + (size_t)s.vectors * codec->latent_channels : NULL;
    }
}

aecodec_status aecodec_encode_message(const aecodec_codec *codec, const aecodec_segment *segment,
                                      const int8_t *latents, aecodec_rate_weight weight, int8_t *codes,
                                      uint32_t *work, uint8_t *message, size_t capacity, size_t *size)
{
    range_coder c;
    aecodec_quantize_all(codec, latents, vectors_of(segment), 0, codes); /* codes are still decided by rate */
    start_coder(&c, NULL, message, capacity);
    code_message(codec, segment, codec->factors ? latents : NULL, weight, codes, work, &c);
    pad_message(&c, aecodec_shortest_message(codec, vectors_of(segment)));
    *size = c.length;
    return c.status;
}

/* ---- choices without messages, for fitting ---- */

void aecodec_choose(const aecodec_codec *codec, const aecodec_segment *segment, const int8_t *latents,
                    aecodec_rate_weight weight, int8_t *codes, uint32_t *work, const aecodec_choices *choices)
{
    shape s = shape_of_segment(codec, segment);
    range_coder c;
    pass p;
    if (latents) {
        aecodec_quantize_all(codec, latents, s.vectors, 0, codes);
    }
    start_coder(&c, NULL, NULL, 0);
    start_message_pass(&p, codec, s, codes, work);
    p.columns = s.columns;
    p.latents = codec->factors ? latents : NULL;
    p.weight = weight;
    p.choices = choices;
    aecodec_code_vectors(&p, &c);
}

void aecodec_find_neighbours(const aecodec_segment *segment, uint16_t *members, int8_t *kinds,
                             uint32_t (*neighbours)[4])
{
    static const aecodec_spatial_weights spatial;
    static const aecodec_context_network context = {.spatial = &spatial};
    static const aecodec_codec codec = {
        .is_convolutional = 1, .first_step = AECODEC_FAR_STEP, .context = &context};
    range_coder c;
    pass p;
    memset(&p, 0, sizeof p);
    start_coder(&c, NULL, NULL, 0);
    p.codec = &codec;
    p.planes = 1;
    p.rows = segment->rows;
    p.columns = segment->columns;
    p.members = members;
    p.kinds = kinds;
    p.around = neighbours;
    aecodec_code_vectors(&p, &c);
}

aecodec_status aecodec_decode_message(const aecodec_codec *codec, const aecodec_segment *segment,
                                      const uint8_t *message, size_t size, int8_t *codes, uint32_t *work)
{
    static const aecodec_rate_weight none = {0, 0};
    size_t shortest = aecodec_shortest_message(codec, vectors_of(segment));
    range_coder c;
    if (size < shortest) {
        return AECODEC_DAMAGED;
    }
    memset(codes, 0, (size_t)vectors_of(segment) * codec->code_dimension);
    start_coder(&c, message, NULL, size);
    code_message(codec, segment, NULL, none, codes, work, &c);
    return check_end(&c, shortest);
}

int aecodec_are_codes(const aecodec_codec *codec, const int8_t *codes, size_t vectors)
{
    for (; vectors; vectors--, codes += codec->code_dimension) {
        for (size_t channel = 0; channel < codec->code_dimension; channel++) {
            if (codes[channel] < aecodec_quantized(codec, -128, channel, 0) ||
                codes[channel] > aecodec_quantized(codec, 127, channel, 0)) {
                return 0;
            }
        }
    }
    return 1;
}

#else
typedef int aecodec_no_messages; /* C has no empty files */
#endif
