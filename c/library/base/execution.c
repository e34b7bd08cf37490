/* SPDX-License-Identifier: Apache-2.0 */
/* Loops whose tasks may fail, on the caller's threads. */
#include "base/execution.h"

typedef struct {
    loop_task run;
    void *argument;
    int status; /* of a task that failed */
} loop;

static void run_task(void *argument, uint32_t number)
{
    loop *l = argument;
    const int status = __atomic_load_n(&l->status, __ATOMIC_RELAXED) == AECODEC_OK
                           ? (int)l->run(l->argument, number)
                           : AECODEC_OK;
    if (status != AECODEC_OK) {
        __atomic_store_n(&l->status, status, __ATOMIC_RELAXED);
    }
}

aecodec_status aecodec_for_each(const aecodec_execution *x, uint32_t count, loop_task run, void *argument)
{
    loop l = {run, argument, AECODEC_OK};
    int is_cancelled = 0;
    if (count > 1 && x && x->for_each) {
        is_cancelled = x->for_each(x->context, count, run_task, &l);
    } else {
        for (uint32_t n = 0; n < count; n++) {
            run_task(&l, n);
        }
    }
    return l.status == AECODEC_OK && is_cancelled ? AECODEC_CANCELLED : (aecodec_status)l.status;
}

uint32_t aecodec_threads(const aecodec_execution *x)
{
    return x && x->for_each && x->threads ? x->threads : 1;
}
