/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    IDLE = 4,
    MOST_IDLE_BYTES = 64 << 20,
    BATCH = 24 /* pictures that a network takes at once */
};

/* Working memory that is kept for the next call: the system clears new pages, which takes longer than a digit. */
typedef struct {
    size_t size;
    uint64_t memory[]; /* of this size, in bytes */
} scratch;

struct aecodec_parts {
    aecodec_bundle *bundle;
    void *allocated;
    scratch *idle[IDLE]; /* taken and returned with atomic exchanges */
};

static void scratch_return(aecodec_parts *parts, scratch *s)
{
    int n;
    for (n = 0; n < IDLE && s && s->size <= MOST_IDLE_BYTES; n++) {
        scratch *none = NULL;
        if (__atomic_compare_exchange_n(&parts->idle[n], &none, s, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            return;
        }
    }
    free(s);
}

/* Take memory of at least a size, or allocate it; NULL without enough memory. */
static scratch *scratch_take(aecodec_parts *parts, size_t size)
{
    scratch *s;
    int n;
    for (n = 0; n < IDLE; n++) {
        s = __atomic_exchange_n(&parts->idle[n], NULL, __ATOMIC_ACQ_REL);
        if (s && s->size >= size) {
            return s;
        }
        scratch_return(parts, s);
    }
    s = malloc(sizeof *s + size);
    if (s) {
        s->size = size;
    }
    return s;
}

void aecodec_parts_close(aecodec_parts *parts)
{
    int n;
    for (n = 0; parts && n < IDLE; n++) {
        free(parts->idle[n]);
    }
    if (parts) {
        aecodec_bundle_close(parts->bundle);
        free(parts->allocated);
    }
    free(parts);
}

aecodec_status aecodec_parts_open(const void *bundle, size_t size, aecodec_parts **parts)
{
    aecodec_parts *p = calloc(1, sizeof *p);
    aecodec_status status = AECODEC_NO_MEMORY;
    if (p) {
        p->allocated = malloc(size + ALIGNMENT);
    }
    if (p && p->allocated) {
        void *content = (uint8_t *)p->allocated + (ALIGNMENT - (uintptr_t)p->allocated % ALIGNMENT);
        status = aecodec_bundle_from_memory(memcpy(content, bundle, size), size, &p->bundle);
    }
    if (status != AECODEC_OK) {
        aecodec_parts_close(p);
        return status;
    }
    *parts = p;
    return AECODEC_OK;
}

/* ---- networks ---- */

static aecodec_status run_all(const aecodec_network *network, uint32_t pictures, const uint32_t in[3],
                              const uint32_t out[3], const int8_t *input, int8_t *output, scratch *work)
{
    const size_t from = (size_t)in[0] * in[1] * in[2], to = (size_t)out[0] * out[1] * out[2];
    aecodec_status status = AECODEC_OK;
    while (pictures && status == AECODEC_OK) {
        const uint32_t count = least(pictures, BATCH);
        status = aecodec_network_run_batch(network, count, in[0], in[1], input, output, work->memory, work->size);
        input += count * from;
        output += count * to;
        pictures -= count;
    }
    return status;
}

/* Find the shapes of a network's input and output, and check the sizes of both arrays. */
static aecodec_status find_shapes(const aecodec_network *network, uint32_t pictures, uint32_t rows, uint32_t columns,
                                  size_t input_size, size_t output_size, uint32_t in[3], uint32_t out[3])
{
    aecodec_status status;
    aecodec_network_input(network, in);
    in[0] = in[0] ? in[0] : rows;
    in[1] = in[1] ? in[1] : columns;
    status = aecodec_network_output(network, in[0], in[1], out);
    if (status == AECODEC_OK && ((size_t)pictures * in[0] * in[1] * in[2] != input_size ||
                                 (size_t)pictures * out[0] * out[1] * out[2] != output_size)) {
        return AECODEC_BAD_ARGUMENT;
    }
    return status;
}

aecodec_status aecodec_parts_run(aecodec_parts *parts, int is_encoder, uint32_t pictures, uint32_t rows,
                                 uint32_t columns, const int8_t *input, size_t input_size, int8_t *output,
                                 size_t output_size)
{
    const aecodec_network *network = aecodec_network_of(parts->bundle, is_encoder);
    uint32_t in[3], out[3];
    scratch *work;
    size_t bytes;
    aecodec_status status =
        network ? find_shapes(network, pictures, rows, columns, input_size, output_size, in, out) : AECODEC_ABSENT;
    if (status != AECODEC_OK) {
        return status;
    }
    bytes = aecodec_network_batch_work_size(network, least(pictures, BATCH), in[0], in[1]);
    if (pictures && !bytes) {
        return AECODEC_OTHER_SIZE;
    }
    work = scratch_take(parts, bytes);
    status = work ? run_all(network, pictures, in, out, input, output, work) : AECODEC_NO_MEMORY;
    scratch_return(parts, work);
    return status;
}

/* ---- messages ---- */

/* Open a level for arrays of codes and latents. */
static aecodec_status open_level(const aecodec_parts *parts, uint32_t units, size_t vectors, size_t codes_size,
                                 size_t latents_size, coding_level *level)
{
    aecodec_status status = aecodec_level_open(parts->bundle, units, level);
    if (status == AECODEC_OK && (vectors * level->codec.code_dimension != codes_size ||
                                 vectors * level->codec.latent_channels != latents_size)) {
        free(level->factors);
        status = AECODEC_BAD_ARGUMENT;
    }
    return status;
}

aecodec_status aecodec_parts_encode(aecodec_parts *parts, uint32_t level, uint32_t planes, uint32_t rows,
                                    uint32_t columns, const int8_t *latents, size_t latents_size, int8_t *codes,
                                    size_t codes_size, uint8_t **message, size_t *message_size)
{
    const aecodec_segment sides = {planes, rows, columns};
    const size_t vectors = (size_t)planes * rows * columns;
    /* A symbol takes at most 16 bits, an escaped one twice as many, and the coder's rounding costs each less than an
     * eighth of a byte. Pages that stay unused cost nothing. */
    const size_t bound = 40 + 3 * vectors + 4 * codes_size + codes_size / 8;
    coding_level opened;
    scratch *work;
    uint8_t *room;
    aecodec_status status = open_level(parts, level, vectors, codes_size, latents_size, &opened);
    if (status != AECODEC_OK) {
        return status;
    }
    room = malloc(bound);
    work = scratch_take(parts, aecodec_message_work_size(&opened.codec, &sides));
    status = room && work ? aecodec_encode_message(&opened.codec, &sides, latents, parts->bundle->rate_weight, codes,
                                                   (uint32_t *)work->memory, room, bound, message_size)
                          : AECODEC_NO_MEMORY;
    scratch_return(parts, work);
    free(opened.factors);
    if (status == AECODEC_OK) {
        *message = room;
    } else {
        free(room);
    }
    return status;
}

aecodec_status aecodec_parts_decode(aecodec_parts *parts, uint32_t level, uint32_t planes, uint32_t rows,
                                    uint32_t columns, const uint8_t *message, size_t message_size, int8_t *codes,
                                    size_t codes_size)
{
    const aecodec_segment sides = {planes, rows, columns};
    const size_t vectors = (size_t)planes * rows * columns;
    coding_level opened;
    scratch *work;
    aecodec_status status = aecodec_level_open(parts->bundle, level, &opened);
    if (status != AECODEC_OK) {
        return status;
    }
    work = scratch_take(parts, aecodec_message_work_size(&opened.codec, &sides));
    if (vectors * opened.codec.code_dimension != codes_size) {
        status = AECODEC_BAD_ARGUMENT;
    } else {
        status = work ? aecodec_decode_message(&opened.codec, &sides, message, message_size, codes,
                                                (uint32_t *)work->memory)
                      : AECODEC_NO_MEMORY;
    }
    scratch_return(parts, work);
    free(opened.factors);
    return status;
}

aecodec_status aecodec_parts_dequantize(aecodec_parts *parts, uint32_t level, uint32_t vectors, const int8_t *codes,
                                        size_t codes_size, int8_t *latents, size_t latents_size)
{
    coding_level opened;
    aecodec_status status = open_level(parts, level, vectors, codes_size, latents_size, &opened);
    if (status == AECODEC_OK) {
        aecodec_dequantize(&opened.codec, codes, vectors, latents);
        free(opened.factors);
    }
    return status;
}

/* ---- residuals ---- */

aecodec_status aecodec_parts_refine(const uint8_t *networks, size_t networks_size, uint32_t frames, uint32_t bands,
                                    uint32_t height, uint32_t width, const int64_t *steps, const int64_t *limits,
                                    const int64_t *base, const uint8_t *missing, const int64_t *values,
                                    int64_t *decoded, uint8_t **message, size_t *message_size)
{
    residual_coding coding = {NULL, frames, bands, height, width, steps, (const int64_t (*)[2])limits, missing};
    residual_networks *opened;
    aecodec_status status = aecodec_residual_networks_open(networks, networks_size, &opened);
    if (status != AECODEC_OK) {
        return status;
    }
    coding.networks = opened;
    status = values ? aecodec_residuals_encode(&coding, base, values, decoded, message, message_size)
                    : aecodec_residuals_decode(&coding, base, *message, *message_size, decoded);
    free(opened);
    return status;
}
