/* SPDX-License-Identifier: Apache-2.0 */
/* Loops whose tasks may fail. Private. */
#pragma once

#include "base/common.h"

typedef aecodec_status (*loop_task)(void *argument, uint32_t number);

/* Run a task for all numbers below count, on the caller's threads if there are several. Returns the status of
 * a task that failed. */
aecodec_status aecodec_for_each(const aecodec_execution *execution, uint32_t count, loop_task run,
                                void *argument);
uint32_t aecodec_threads(const aecodec_execution *execution);
