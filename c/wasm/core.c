/* SPDX-License-Identifier: Apache-2.0 */
/* What JavaScript needs beside the library: memory, and networks that run on windows. */
#include <stdlib.h>

#include "aecodec_library.h"
#include "aecodec_network.h"

enum { ALIGNMENT = 64 };

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

/* Whether a network takes a window's input and gives its output: a bundle may lie about its networks. */
static int fits(const aecodec_network *network, const aecodec_window *window)
{
    uint32_t input[3], output[3];

    aecodec_network_input(network, input);
    if ((uint64_t)window->rows * window->columns * input[2] != window->input_size)
        return 0;
    if (aecodec_network_output(network, window->rows, window->columns, output) != AECODEC_OK)
        return 0;
    return (uint64_t)output[0] * output[1] * output[2] == window->output_size;
}

/* Run a network on a window, with working memory of its own. */
aecodec_status aecodec_web_run(const aecodec_network *network, const aecodec_window *window, const int8_t *input,
                               int8_t *output)
{
    aecodec_status status = AECODEC_NO_MEMORY;
    size_t size;
    void *work;

    if (!fits(network, window))
        return AECODEC_BAD_BUNDLE;
    size = aecodec_network_work_size(network, window->rows, window->columns);
    work = aecodec_web_allocate(size);
    if (work)
        status = aecodec_network_run(network, window->rows, window->columns, input, output, work, size);
    free(work);
    return status;
}
