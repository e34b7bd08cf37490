/* SPDX-License-Identifier: Apache-2.0 */
/* Loops whose tasks may fail, on the caller's threads. */
#include <stdlib.h>

#include "private.h"

typedef struct {
    loop_task run;
    void *argument;
    aecodec_status *statuses; /* of each task; AECODEC_CANCELLED until it is finished */
} loop;

static void run_task(void *argument, uint32_t number)
{
    const loop *l = argument;
    l->statuses[number] = l->run(l->argument, number);
}

static aecodec_status run_in_order(uint32_t count, loop_task run, void *argument)
{
    aecodec_status status = AECODEC_OK;
    for (uint32_t n = 0; n < count && status == AECODEC_OK; n++) {
        status = run(argument, n);
    }
    return status;
}

/* The status of the first task that failed; only then that of one that was left out. */
static aecodec_status first_failure(const loop *l, uint32_t count, int is_cancelled)
{
    for (uint32_t n = 0; n < count; n++) {
        if (l->statuses[n] != AECODEC_OK && l->statuses[n] != AECODEC_CANCELLED) {
            return l->statuses[n];
        }
    }
    return is_cancelled ? AECODEC_CANCELLED : AECODEC_OK;
}

aecodec_status aecodec_for_each(const aecodec_execution *x, uint32_t count, loop_task run, void *argument)
{
    loop l = {run, argument, NULL};
    if (count < 2 || !x || !x->for_each) {
        return run_in_order(count, run, argument);
    }
    l.statuses = malloc(count * sizeof *l.statuses);
    if (!l.statuses) {
        return AECODEC_NO_MEMORY;
    }
    for (uint32_t n = 0; n < count; n++) {
        l.statuses[n] = AECODEC_CANCELLED;
    }
    aecodec_status status = first_failure(&l, count, x->for_each(x->context, count, run_task, &l));
    free(l.statuses);
    return status;
}

uint32_t aecodec_threads(const aecodec_execution *x)
{
    return x && x->for_each && x->threads ? x->threads : 1;
}
