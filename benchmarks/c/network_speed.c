/* SPDX-License-Identifier: Apache-2.0 */
/* Milliseconds that a network takes, and with which kernels.
 *
 *     network_speed PLAN ROWS COLUMNS ROUNDS */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aecodec_network.h"

static void *content_of(const char *name, size_t *size)
{
    FILE *in = fopen(name, "rb");
    void *content = NULL;
    if (in && fseek(in, 0, SEEK_END) == 0) {
        *size = (size_t)ftell(in);
        rewind(in);
        content = malloc(*size);
        if (content && fread(content, 1, *size, in) != *size) {
            content = NULL;
        }
        fclose(in);
    }
    return content;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Time of the fastest round, or a negative number if the network does not run. */
static double fastest(const aecodec_network *network, uint32_t rows, uint32_t columns, int rounds)
{
    const size_t size = aecodec_network_work_size(network, rows, columns);
    double least = 1e9;
    uint32_t in[3], out[3];
    int8_t *input, *output;
    void *work = malloc(size);
    size_t n;
    aecodec_network_input(network, in);
    aecodec_network_output(network, rows, columns, out);
    input = malloc((size_t)rows * columns * in[2]);
    output = malloc((size_t)out[0] * out[1] * out[2]);
    for (n = 0; n < (size_t)rows * columns * in[2]; n++) {
        input[n] = (int8_t)(n * 37 % 41) - 20;
    }
    while (rounds-- > 0) {
        const double start = now();
        if (aecodec_network_run(network, rows, columns, input, output, work, size) != AECODEC_OK) {
            return -1;
        }
        least = now() - start < least ? now() - start : least;
    }
    return least;
}

int main(int argc, char **argv)
{
    aecodec_network network;
    size_t size = 0;
    void *plan = argc == 5 ? content_of(argv[1], &size) : NULL;
    if (!plan || aecodec_network_open(&network, plan, size) != AECODEC_OK) {
        return 1;
    }
    printf("%s,%f\n", aecodec_network_kernels(&network),
           fastest(&network, (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]), atoi(argv[4])));
    return 0;
}
