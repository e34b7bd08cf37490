/* SPDX-License-Identifier: Apache-2.0 */
/* Whole pictures: the network runs on all windows, one after the other. */
#include <stdlib.h>

#include "private.h"

/* One side of the step-by-step functions, whichever it is. */
typedef struct {
    const aecodec_bundle *bundle;
    int is_encoder;
    void *state; /* aecodec_encoding or aecodec_decoding */
} run;

static uint32_t count_of(const run *r)
{
    return r->is_encoder ? aecodec_encoding_windows(r->state) : aecodec_decoding_windows(r->state);
}

static aecodec_window window_of(const run *r, uint32_t number)
{
    aecodec_window w;
    if (r->is_encoder) {
        aecodec_encoding_window(r->state, number, &w);
    } else {
        aecodec_decoding_window(r->state, number, &w);
    }
    return w;
}

/* The memory that a window takes: all windows are of one size. */
typedef struct {
    int8_t *input, *output;
    void *work;
    size_t work_size;
} memory;

static aecodec_status run_window(const run *r, uint32_t number, const memory *m)
{
    const aecodec_network *network = aecodec_network_of(r->bundle, r->is_encoder);
    aecodec_window w = window_of(r, number);
    if (r->is_encoder) {
        aecodec_encoding_input(r->state, number, m->input);
    } else {
        aecodec_decoding_input(r->state, number, m->input);
    }
    if (aecodec_network_run(network, w.rows, w.columns, m->input, m->output, m->work, m->work_size) != AECODEC_OK) {
        return AECODEC_BAD_BUNDLE;
    }
    if (r->is_encoder) {
        aecodec_encoding_output(r->state, number, m->output);
    } else {
        aecodec_decoding_output(r->state, number, m->output);
    }
    return AECODEC_OK;
}

static aecodec_status report(const aecodec_progress *progress, uint32_t done, uint32_t of)
{
    return progress && progress->report(progress->context, done, of) ? AECODEC_CANCELLED : AECODEC_OK;
}

static aecodec_status run_all(const run *r, const memory *m, const aecodec_progress *progress)
{
    uint32_t count = count_of(r), n;
    aecodec_status status = report(progress, 0, count);
    for (n = 0; n < count && status == AECODEC_OK; n++) {
        status = run_window(r, n, m);
        if (status == AECODEC_OK) {
            status = report(progress, n + 1, count);
        }
    }
    return status;
}

/* Run the network on all windows of an aecodec_encoding or aecodec_decoding. */
static aecodec_status run_windows(const aecodec_bundle *bundle, int is_encoder, void *state,
                                  const aecodec_progress *progress)
{
    const run r = {bundle, is_encoder, state};
    const aecodec_network *network = aecodec_network_of(bundle, is_encoder);
    aecodec_window w;
    aecodec_status status = AECODEC_NO_MEMORY;
    memory m;
    if (!count_of(&r)) {
        return report(progress, 0, 0);
    }
    w = window_of(&r, 0);
    if (!aecodec_window_is_taken(network, &w)) {
        return AECODEC_BAD_BUNDLE;
    }
    m.work_size = aecodec_network_work_size(network, w.rows, w.columns);
    m.input = malloc(w.input_size);
    m.output = malloc(w.output_size);
    m.work = malloc(m.work_size + 1);
    if (m.input && m.output && m.work) {
        status = run_all(&r, &m, progress);
    }
    free(m.input);
    free(m.output);
    free(m.work);
    return status;
}

aecodec_status aecodec_run_encoding(const aecodec_bundle *bundle, aecodec_encoding *encoding,
                                    const aecodec_progress *progress)
{
    return bundle->has_encoder ? run_windows(bundle, 1, encoding, progress) : AECODEC_ABSENT;
}

/* Decode a file, and run the network on all windows. *decoding is freed by the caller in any case. */
static aecodec_status decode_windows(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                     const aecodec_limits *limits, const aecodec_progress *progress,
                                     aecodec_decoding **decoding)
{
    aecodec_status status = aecodec_decoding_begin(bundle, file, size, limits, 0, decoding);
    if (status == AECODEC_OK) {
        const int is_able = bundle->has_decoder || !aecodec_decoding_windows(*decoding);
        status = is_able ? run_windows(bundle, 0, *decoding, progress) : AECODEC_ABSENT;
    }
    return status;
}

aecodec_status aecodec_decode_file_base(const aecodec_bundle *bundle, const uint8_t *file, size_t size, void **samples)
{
    static const aecodec_limits any = {UINT32_MAX, UINT32_MAX, 0};
    aecodec_decoding *d = NULL;
    aecodec_status status = decode_windows(bundle, file, size, &any, NULL, &d);
    if (status == AECODEC_OK) {
        status = aecodec_decoding_take_base(d, samples);
    }
    aecodec_decoding_free(d);
    return status;
}

aecodec_status aecodec_decompress(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                  const aecodec_limits *limits, const aecodec_progress *progress,
                                  aecodec_image *picture)
{
    aecodec_decoding *d = NULL;
    aecodec_status status = bundle->facts.phases
                                ? AECODEC_OTHER_KIND
                                : decode_windows(bundle, file, size, limits, progress, &d);
    if (status == AECODEC_OK) {
        status = aecodec_decoding_finish(d, picture);
    }
    aecodec_decoding_free(d);
    return status;
}

aecodec_status aecodec_decompress_samples(const aecodec_bundle *bundle, const uint8_t *file, size_t size,
                                          const aecodec_limits *limits, const aecodec_progress *progress,
                                          aecodec_samples *samples)
{
    aecodec_decoding *d = NULL;
    aecodec_status status = bundle->facts.phases
                                ? decode_windows(bundle, file, size, limits, progress, &d)
                                : AECODEC_OTHER_KIND;
    if (status == AECODEC_OK) {
        status = aecodec_decoding_finish_samples(d, samples);
    }
    aecodec_decoding_free(d);
    return status;
}
