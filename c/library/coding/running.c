/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of a codec on all windows, and whole files. */
#include <stdlib.h>

#include "base/execution.h"
#include "coding/decoding.h"
#include "coding/encoding.h"

enum {
    BATCH = 24,             /* tiles that a network takes at once */
    TILES = 4 * BATCH,      /* tiles of a task */
    TILES_OF_PART = 1 << 12 /* tiles of a window that is worth a thread: margins are computed twice */
};

/* ---- windows ---- */

/* One side of the step-by-step functions, whichever it is. */
typedef struct {
    const aecodec_bundle *bundle;
    int is_encoder;
    void *state; /* aecodec_encoding or aecodec_decoding */
    uint32_t count;
    uint32_t windows_of_task, batch;
    aecodec_window window; /* all windows are of one size */
} run;

/* A call of the function of that side. */
#define STEP(r, what, ...)                                                                                   \
    ((r)->is_encoder ? aecodec_encoding_##what((r)->state, __VA_ARGS__)                                      \
                     : aecodec_decoding_##what((r)->state, __VA_ARGS__))

typedef struct {
    int8_t *input, *output;
    void *work;
    size_t work_size;
} memory;

static aecodec_status run_batch(const run *r, uint32_t first, uint32_t count, const memory *m)
{
    const aecodec_window *w = &r->window;
    for (uint32_t n = 0; n < count; n++) {
        STEP(r, input, first + n, m->input + (size_t)n * w->input_size);
    }
    if (aecodec_network_run_batch(aecodec_network_of(r->bundle, r->is_encoder), count, w->rows, w->columns,
                                  m->input, m->output, m->work, m->work_size) != AECODEC_OK) {
        return AECODEC_BAD_BUNDLE;
    }
    for (uint32_t n = 0; n < count; n++) {
        STEP(r, output, first + n, m->output + (size_t)n * w->output_size);
    }
    return AECODEC_OK;
}

static aecodec_status run_task(void *argument, uint32_t number)
{
    const run *r = argument;
    const aecodec_window *w = &r->window;
    uint32_t at = number * r->windows_of_task;
    const uint32_t stop = at + least(r->windows_of_task, r->count - at), batch = least(r->batch, stop - at);
    const size_t ends = (size_t)batch * (w->input_size + w->output_size);
    aecodec_status status = AECODEC_OK;
    memory m;
    m.work_size = aecodec_network_batch_work_size(aecodec_network_of(r->bundle, r->is_encoder), batch,
                                                  w->rows, w->columns);
    m.work = malloc(m.work_size + ends);
    if (!m.work) {
        return AECODEC_NO_MEMORY;
    }
    m.input = (int8_t *)m.work + m.work_size;
    m.output = m.input + (size_t)batch * w->input_size;
    for (; at < stop && status == AECODEC_OK; at += batch) {
        status = run_batch(r, at, least(batch, stop - at), &m);
    }
    free(m.work);
    return status;
}

static aecodec_status run_windows(run *r, const aecodec_execution *execution)
{
    const aecodec_network *network = aecodec_network_of(r->bundle, r->is_encoder);
    const int is_tiled = !r->bundle->facts.receptive_field;
    if (!r->count) {
        return AECODEC_OK;
    }
    if (!network) {
        return AECODEC_ABSENT;
    }
    STEP(r, window, 0, &r->window);
    if (!aecodec_window_is_taken(network, &r->window)) {
        return AECODEC_BAD_BUNDLE;
    }
    r->windows_of_task = is_tiled ? TILES : 1;
    r->batch = is_tiled ? BATCH : 1;
    return aecodec_for_each(execution, divide_up(r->count, r->windows_of_task), run_task, r);
}

aecodec_status aecodec_encoding_run(aecodec_encoding *e, const aecodec_execution *execution)
{
    run r = {.bundle = e->bundle, .is_encoder = 1, .state = e, .count = aecodec_encoding_windows(e)};
    return run_windows(&r, execution);
}

aecodec_status aecodec_decoding_run(aecodec_decoding *d, const aecodec_execution *execution)
{
    run r = {.bundle = d->file.bundle, .state = d, .count = aecodec_decoding_windows(d)};
    const aecodec_status status = aecodec_decoding_codes(d, execution, NULL);
    return status == AECODEC_OK ? run_windows(&r, execution) : status;
}

uint32_t aecodec_parts_for(const aecodec_bundle *bundle, const aecodec_execution *execution, uint32_t width,
                           uint32_t height)
{
    const aecodec_codec_facts *facts = &bundle->facts;
    const uint64_t tiles = (uint64_t)width * height / ((uint64_t)facts->tile_width * facts->tile_height);
    const uint32_t threads = aecodec_threads(execution);
    return threads > 1 ? least(threads, (uint32_t)(tiles / TILES_OF_PART)) : 0;
}

/* ---- whole files ---- */

/* The minimum number of windows of a file; 0 if it is damaged, which is found out later. */
static uint32_t parts_of(const aecodec_bundle *bundle, const aecodec_execution *execution,
                         const uint8_t *file, size_t size)
{
    aecodec_file_info info;
    if (aecodec_threads(execution) < 2 || aecodec_beginning_of(file, size, &info) != AECODEC_OK) {
        return 0;
    }
    return aecodec_parts_for(bundle, execution, info.width, info.height);
}

static aecodec_status decode(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                             const aecodec_limits *limits, const aecodec_execution *execution,
                             int has_samples, aecodec_decoding **decoding)
{
    const uint32_t parts = parts_of(bundle, execution, file, size);
    const aecodec_status status = aecodec_decoding_begin(bundle, file, size, limits, parts, decoding);
    if (status == AECODEC_OK && (*decoding)->has_samples != has_samples) {
        return AECODEC_OTHER_KIND;
    }
    return status == AECODEC_OK ? aecodec_decoding_run(*decoding, execution) : status;
}

aecodec_status aecodec_decompress(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                  const aecodec_limits *limits, const aecodec_execution *execution,
                                  aecodec_image *picture)
{
    aecodec_decoding *d = NULL;
    aecodec_status status = decode(bundle, file, size, limits, execution, 0, &d);
    status = status == AECODEC_OK ? aecodec_decoding_finish(d, execution, picture) : status;
    aecodec_decoding_free(d);
    return status;
}

aecodec_status aecodec_decompress_samples(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                          const aecodec_limits *limits, const aecodec_execution *execution,
                                          aecodec_samples *samples)
{
    aecodec_decoding *d = NULL;
    aecodec_status status = decode(bundle, file, size, limits, execution, 1, &d);
    status = status == AECODEC_OK ? aecodec_decoding_finish_samples(d, execution, samples) : status;
    aecodec_decoding_free(d);
    return status;
}

aecodec_status aecodec_check(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                             const aecodec_limits *limits, const aecodec_execution *execution)
{
    aecodec_decoding *d = NULL;
    void *content;
    aecodec_status status = aecodec_decoding_begin(bundle, file, size, limits, 0, &d);
    if (status == AECODEC_OK) {
        status = d->file.refined.count ? aecodec_decoding_run(d, execution)
                                       : aecodec_decoding_codes(d, execution, NULL);
    }
    if (status == AECODEC_OK && d->file.refined.count) {
        status = aecodec_decoding_take(d, execution, &content);
        free(content);
    }
    aecodec_decoding_free(d);
    return status;
}
