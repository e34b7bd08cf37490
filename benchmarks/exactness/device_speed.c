/* SPDX-License-Identifier: Apache-2.0 */
/* Microseconds that aecodec.c takes from the codes of one picture to a file.
 *
 *     device_speed LATENTS
 *
 * LATENTS is a file with the latents of 1,000 pictures. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>

#include "aecodec.h"
#include "codec.h"

enum { PICTURES = 1000, ROUNDS = 20 };

static int8_t latents[PICTURES * CODEC_LATENTS_SIZE];
static int8_t codes[PICTURES][CODEC_CODES_SIZE];
static uint32_t work[(CODEC_WORK_SIZE + 3) / 4];
static uint8_t file[CODEC_FILE_BOUND];

static double microseconds_per_picture(void)
{
    const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                     CODEC_CHANNELS == 1 ? AECODEC_GREY : AECODEC_RGB};
    struct timespec start, end;
    size_t n, size;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (n = 0; n < PICTURES; n++) {
        if (aecodec_encode(&CODEC, &picture, codes[n], work, sizeof work, file, sizeof file, &size)
            != AECODEC_OK) {
            return -1;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / 1e3 / PICTURES;
}

int main(int argc, char **argv)
{
    FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
    double least = 1e9;
    int round;
    if (!in || fread(latents, 1, sizeof latents, in) != sizeof latents) {
        return 1;
    }
    fclose(in);
    aecodec_quantize(&CODEC, latents, PICTURES * CODEC_VECTORS, codes[0]);
    for (round = 0; round < ROUNDS; round++) {
        double now = microseconds_per_picture();
        least = now < least ? now : least;
    }
    printf("%.2f\n", least);
    return 0;
}
