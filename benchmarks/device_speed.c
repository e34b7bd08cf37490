/* Microseconds that aec.c takes for the codes of one picture: device_speed OUTPUTS, of many pictures. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>

#include "aec.h"
#include "codec.h"

enum { PICTURES = 1000, ROUNDS = 20 };

static int8_t outputs[PICTURES * CODEC_VECTORS * CODEC_OUTPUTS];
static int8_t codes[PICTURES][CODEC_VECTORS * CODEC_DIMENSION];
static uint32_t work[(CODEC_WORK_SIZE + 3) / 4];
static uint8_t file[CODEC_FILE_BOUND];

static double microseconds_a_picture(void)
{
    const aec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT, CODEC_CHANNELS == 1 ? AEC_GREY : AEC_RGB};
    struct timespec start, end;
    size_t n, size;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (n = 0; n < PICTURES; n++) {
        if (aec_encode(&codec, &picture, codes[n], work, sizeof work, file, sizeof file, &size) != AEC_OK) {
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
    if (!in || fread(outputs, 1, sizeof outputs, in) != sizeof outputs) {
        return 1;
    }
    fclose(in);
    aec_codes(&codec, outputs, PICTURES * CODEC_VECTORS, codes[0]);
    for (round = 0; round < ROUNDS; round++) {
        double now = microseconds_a_picture();
        least = now < least ? now : least;
    }
    printf("%.2f\n", least);
    return 0;
}
