/* SPDX-License-Identifier: Apache-2.0 */
/* What JavaScript needs beside the library: memory, and networks that run on windows. */
#include <stdlib.h>

#include "private.h"

/* Memory at a multiple of 64; NULL if there is none. Freed with aecodec_free. */
void *aecodec_web_allocate(size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    return aligned_alloc(ALIGNMENT, (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
}

/* The network of a plan, which has to stay. */
aecodec_status aecodec_web_network(const void *plan, size_t size, aecodec_network **network)
{
    aecodec_network *opened = malloc(sizeof *opened);
    aecodec_status status = opened ? aecodec_network_open(opened, plan, size) : AECODEC_NO_MEMORY;

    if (status == AECODEC_OK)
        *network = opened;
    else
        free(opened);
    return status;
}

/* Run a network on a window, with working memory of its own. */
aecodec_status aecodec_web_run(const aecodec_network *network, const aecodec_window *window, const int8_t *input,
                               int8_t *output)
{
    aecodec_status status = AECODEC_NO_MEMORY;
    size_t size;
    void *work;

    if (!aecodec_window_is_taken(network, window))
        return AECODEC_BAD_BUNDLE;
    size = aecodec_network_work_size(network, window->rows, window->columns);
    work = aecodec_web_allocate(size);
    if (work)
        status = aecodec_network_run(network, window->rows, window->columns, input, output, work, size);
    free(work);
    return status;
}
