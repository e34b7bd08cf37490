/* SPDX-License-Identifier: Apache-2.0 */
/* What JavaScript needs beside the library: memory, and networks that run on windows. */
#include <stdlib.h>
#include <string.h>

#include "codec_files/bundle.h"
#include "pictures/geometry.h"

/* Memory at a multiple of 64; NULL if there is none. Freed with aecodec_free. */
void *aecodec_web_allocate(size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    return aligned_alloc(ALIGNMENT, (size + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
}

/* A codec of which only the first bytes of its hash are known, for bare payloads. Freed with aecodec_free. */
aecodec_bundle *aecodec_web_codec(const uint8_t id[4])
{
    aecodec_bundle *bundle = calloc(1, sizeof *bundle);

    if (bundle)
        memcpy(bundle->facts.sha256, id, 4);
    return bundle;
}

/* Run the network of a plan on a window, with working memory of its own. */
aecodec_status aecodec_web_run(const void *plan, size_t plan_size, const aecodec_window *window,
                               const int8_t *input, int8_t *output)
{
    aecodec_network network;
    aecodec_status status = aecodec_network_open(&network, plan, plan_size);

    if (status != AECODEC_OK)
        return status;
    if (!aecodec_window_is_taken(&network, window))
        return AECODEC_BAD_BUNDLE;
    size_t size = aecodec_network_work_size(&network, window->rows, window->columns);
    void *work = aecodec_web_allocate(size);
    status = work ? aecodec_network_run(&network, window->rows, window->columns, input, output, work, size)
                  : AECODEC_NO_MEMORY;
    free(work);
    return status;
}
