/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a network on standard input, for tests on other processors.
 *
 *     run_network PLAN ROWS COLUMNS
 */
#include <stdio.h>
#include <stdlib.h>

#include "aecodec_network.h"

enum { MOST = 1 << 22 };

static uint32_t plan[MOST / 4], work[MOST / 4];
static int8_t input[MOST], output[MOST];

int main(int argc, char **argv)
{
    aecodec_network network;
    uint32_t shape[3], rows, columns;
    FILE *in = argc == 4 ? fopen(argv[1], "rb") : NULL;
    size_t size = in ? fread(plan, 1, sizeof plan, in) : 0;
    if (!in || aecodec_network_open(&network, plan, size) != AECODEC_OK) {
        return 1;
    }
    rows = (uint32_t)atoi(argv[2]), columns = (uint32_t)atoi(argv[3]);
    if (fread(input, 1, sizeof input, stdin) == 0 ||
        aecodec_network_output(&network, rows, columns, shape) != AECODEC_OK ||
        aecodec_network_run(&network, rows, columns, input, output, work, sizeof work) != AECODEC_OK) {
        return 2;
    }
    fprintf(stderr, "%s", aecodec_network_kernels(&network));
    size = (size_t)shape[0] * shape[1] * shape[2];
    return fwrite(output, 1, size, stdout) == size && fclose(in) == 0 ? 0 : 3;
}
