/* SPDX-License-Identifier: Apache-2.0 */
/* Latents to codes and files at any level. */
#include <stdlib.h>
#include <string.h>

#include "base/execution.h"
#include "codec_files/levels.h"
#include "coding/encoding.h"

enum { MIN_MESSAGE_ROOM = 4096, CODES_PER_BYTE = 8 /* more than most messages have */ };

typedef struct {
    const aecodec_encoding *encoding;
    coding_level level;
    uint32_t count;
    buffer *messages; /* of the segments */
    int8_t *codes;    /* of all vectors; NULL if they are not needed */
} level_coding;

/* ---- a segment ---- */

typedef struct {
    placed_segment place;
    size_t vectors;
    int8_t *latents, *codes;
    uint32_t *work;
} segment_memory;

/* A message that needs more room than there is, which is rare, is encoded again with more. */
static aecodec_status encode(const level_coding *c, const segment_memory *m, buffer *message)
{
    const aecodec_codec *codec = &c->level.codec;
    size_t room = MIN_MESSAGE_ROOM + m->vectors * codec->code_dimension / CODES_PER_BYTE;
    aecodec_status status = AECODEC_BUFFER_TOO_SMALL;
    for (; status == AECODEC_BUFFER_TOO_SMALL; room *= 4) {
        message->size = 0; /* a message that did not fit has set it beyond the buffer */
        if (!aecodec_buffer_room(message, room)) {
            return message->status;
        }
        status = aecodec_encode_message(codec, &m->place.size, m->latents, c->encoding->bundle->rate_weight,
                                        m->codes, m->work, message->bytes, room, &message->size);
    }
    return status;
}

static aecodec_status encode_segment(void *argument, uint32_t number)
{
    const level_coding *c = argument;
    const aecodec_encoding *e = c->encoding;
    const aecodec_codec_facts *facts = &e->bundle->facts;
    const size_t dimension = c->level.codec.code_dimension;
    segment_memory m = {.place = aecodec_segment_at(facts, &e->geometry, number)};
    aecodec_status status = AECODEC_NO_MEMORY;
    m.vectors = (size_t)m.place.size.planes * m.place.size.rows * m.place.size.columns;
    m.latents = malloc(m.vectors * facts->latent_channels);
    m.codes = malloc(m.vectors * dimension);
    m.work = malloc(aecodec_message_work_size(&c->level.codec, &m.place.size));
    if (m.latents && m.codes && m.work) {
        aecodec_segment_copy(&e->geometry, &m.place, e->latents, m.latents, facts->latent_channels, 0);
        status = encode(c, &m, &c->messages[number]);
        if (c->codes) {
            aecodec_segment_copy(&e->geometry, &m.place, c->codes, m.codes, dimension, 1);
        }
    }
    free(m.latents);
    free(m.codes);
    free(m.work);
    return status;
}

/* ---- a level ---- */

void aecodec_encoding_header_file(const aecodec_encoding *e, buffer *file)
{
    aecodec_buffer_append_header(file, &e->header);
    aecodec_buffer_append_checksum(file);
}

static void append_file(const level_coding *c, buffer *file)
{
    const aecodec_encoding *e = c->encoding;
    aecodec_header header = e->header;
    header.level = c->level.codec.is_default ? 0 : c->level.codec.level;
    aecodec_buffer_append_header(file, &header);
    for (uint32_t n = 0; n < c->count; n++) {
        if (n + 1 < c->count) {
            aecodec_buffer_append_number(file, (uint32_t)c->messages[n].size);
        }
        aecodec_buffer_append(file, c->messages[n].bytes, c->messages[n].size);
    }
    aecodec_buffer_append_checksum(file);
}

static aecodec_status encode_segments(level_coding *c, const aecodec_execution *execution, buffer *file)
{
    c->messages = calloc(c->count, sizeof *c->messages);
    if (!c->messages) {
        return AECODEC_NO_MEMORY;
    }
    aecodec_status status = aecodec_for_each(execution, c->count, encode_segment, c);
    if (status == AECODEC_OK && file) {
        append_file(c, file);
        status = file->status;
    }
    for (uint32_t n = 0; n < c->count; n++) {
        free(c->messages[n].bytes);
    }
    free(c->messages);
    return status;
}

static aecodec_status make_codes(const level_coding *c, aecodec_codes *codes)
{
    const uint64_t vectors = aecodec_vectors(&c->encoding->bundle->facts, &c->encoding->geometry);
    codes->vectors = (size_t)vectors;
    codes->dimension = c->level.codec.code_dimension;
    codes->codes = malloc(codes->vectors * codes->dimension);
    return codes->codes ? AECODEC_OK : AECODEC_NO_MEMORY;
}

aecodec_status aecodec_encode_level(const aecodec_encoding *e, uint32_t units,
                                    const aecodec_execution *execution, buffer *file, aecodec_codes *codes)
{
    level_coding c = {.encoding = e, .count = aecodec_segment_count(&e->bundle->facts, &e->geometry)};
    units = units ? units : aecodec_default_units(e->bundle);
    if (codes) {
        codes->codes = NULL;
    }
    aecodec_status status = aecodec_level_open(e->bundle, units, &c.level);
    if (status != AECODEC_OK) {
        return status;
    }
    if (codes) {
        status = make_codes(&c, codes);
        c.codes = codes->codes;
    }
    status = status == AECODEC_OK ? encode_segments(&c, execution, file) : status;
    free(c.level.factors);
    return status;
}

/* ---- the results ---- */

int8_t *aecodec_encoding_latents(aecodec_encoding *e, size_t *vectors)
{
    if (vectors) {
        *vectors = (size_t)aecodec_vectors(&e->bundle->facts, &e->geometry);
    }
    return e->latents;
}

aecodec_status aecodec_encoding_file(const aecodec_encoding *e, uint32_t level,
                                     const aecodec_execution *execution, uint8_t **file, size_t *size)
{
    buffer b = {NULL, 0, 0, AECODEC_OK};
    aecodec_status status = e->is_raw ? AECODEC_BAD_ARGUMENT
                                      : aecodec_encode_level(e, level, execution, &b, NULL);
    b.status = status;
    return aecodec_buffer_give(&b, file, size);
}

aecodec_status aecodec_encoding_codes(const aecodec_encoding *e, uint32_t level,
                                      const aecodec_execution *execution, aecodec_codes *codes)
{
    aecodec_codes result;
    const aecodec_status status = aecodec_encode_level(e, level, execution, NULL, &result);
    if (status == AECODEC_OK) {
        *codes = result;
    } else {
        free(result.codes);
    }
    return status;
}
