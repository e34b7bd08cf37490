/* SPDX-License-Identifier: Apache-2.0 */
/* A picture to an .aec file and back, as firmware does it; here on a computer, with files.
 *
 *     main encode PICTURE FILE     a PNM picture to an .aec file, if the encoder is here
 *     main decode FILE PICTURE     an .aec file to a PNM picture, if the decoder is here
 *
 * The picture has CODEC_WIDTH by CODEC_HEIGHT pixels, and its header has no comments. With bands, it is not a PNM picture
 * but all samples, the bands of a pixel together, in the byte order of this machine. */
#include <stdio.h>
#include <string.h>

#include "aecodec.h"
#include "codec.h"
#include "networks.h"

#ifndef CODEC_PHASES
#define CODEC_PHASES 1
#endif

enum {
    PIXELS = CODEC_WIDTH * CODEC_HEIGHT,
    PIXELS_SIZE = PIXELS * CODEC_CHANNELS * CODEC_PHASES,
    MOST_WORK = CODEC_WORK_SIZE > CODEC_NETWORK_WORK_SIZE ? CODEC_WORK_SIZE : CODEC_NETWORK_WORK_SIZE,
    COMPUTER_WORK = (1 << 22) + 2 * MOST_WORK /* kernels of a computer take more than a device's */
};

static int8_t pixels[PIXELS_SIZE]; /* less 128 */
#ifdef CODEC_BANDS
static int32_t samples[PIXELS * CODEC_CHANNELS * CODEC_SAMPLE_SIZE / 4 + 1];
enum { SAMPLES_SIZE = PIXELS * CODEC_CHANNELS * CODEC_SAMPLE_SIZE };
#endif
static int8_t latents[CODEC_LATENTS_SIZE];
static int8_t codes[CODEC_CODES_SIZE];
static uint8_t file[CODEC_FILE_BOUND];
static uint32_t work[COMPUTER_WORK / 4];

#ifndef CODEC_BANDS

/* Pixels are less 128 where networks see them. */
static void flip(int8_t *values, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        values[n] = (int8_t)(values[n] ^ -128);
    }
}

#endif

static int run_network(const uint32_t *plan, size_t size, uint32_t rows, uint32_t columns, const int8_t *input,
                       int8_t *output)
{
    aecodec_network network;
    aecodec_status status = aecodec_network_open(&network, plan, size);
    if (status == AECODEC_OK) {
        status = aecodec_network_run(&network, rows, columns, input, output, work, sizeof work);
    }
    return status == AECODEC_OK;
}

/* Returns NULL if the file cannot be opened. */
static FILE *open_file(const char *name)
{
    FILE *in = fopen(name, "rb");
    if (!in) {
        fprintf(stderr, "%s: cannot be opened\n", name);
    }
    return in;
}

/* Returns the exit status: 1 if the file cannot be written. */
static int write_file(const char *name, const char *head, const void *content, size_t size)
{
    FILE *out = fopen(name, "wb");
    size_t count = out ? fwrite(head, 1, strlen(head), out) + fwrite(content, 1, size, out) : 0;
    if (!out || fclose(out) != 0 || count != strlen(head) + size) {
        fprintf(stderr, "%s: cannot be written\n", name);
        return 1;
    }
    return 0;
}

#ifdef CODEC_ENCODER

#ifdef CODEC_BANDS
#define PICTURE_KIND "file of samples"
#elif CODEC_CHANNELS == 1
#define PICTURE_KIND "PGM file (P5, 8 bits, without comments)"
#else
#define PICTURE_KIND "PPM file (P6, 8 bits, without comments)"
#endif

/* Fill the input of the network. Returns 0 if the file is not a picture of this codec's size and channels. */
#ifdef CODEC_BANDS
static int read_picture(FILE *in)
{
    size_t count = fread(samples, 1, SAMPLES_SIZE, in);
    aecodec_bands_input(&CODEC_BANDS, CODEC_SAMPLE_TYPE, samples, PIXELS, pixels);
    return count == SAMPLES_SIZE && fgetc(in) == EOF;
}
#else
static int read_picture(FILE *in)
{
    int width = 0, height = 0, most = 0;
    char kind = 0;
    size_t count = 0;
    if (fscanf(in, "P%c %d %d %d", &kind, &width, &height, &most) == 4 && fgetc(in) != EOF) {
        count = fread(pixels, 1, sizeof pixels, in);
    }
    flip(pixels, sizeof pixels);
    return kind == (CODEC_CHANNELS == 1 ? '5' : '6') && width == CODEC_WIDTH && height == CODEC_HEIGHT &&
           most == 255 && count == sizeof pixels;
}
#endif

static int encode(const char *from, const char *to)
{
    const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                     CODEC_CHANNELS == 3 && !CODEC.samples ? AECODEC_RGB : AECODEC_GREY};
    FILE *in = open_file(from);
    size_t size;
    if (!in) {
        return 1;
    }
    int is_picture = read_picture(in);
    fclose(in);
    if (!is_picture) {
        fprintf(stderr, "%s: not a %s with %d by %d pixels\n", from, PICTURE_KIND, CODEC_WIDTH, CODEC_HEIGHT);
        return 1;
    }
    if (!run_network(CODEC_ENCODER, CODEC_ENCODER_SIZE, CODEC_ENCODER_ROWS, CODEC_ENCODER_COLUMNS, pixels, latents)) {
        fprintf(stderr, "%s: the network does not run\n", from);
        return 1;
    }
    aecodec_quantize(&CODEC, latents, CODEC_VECTORS, codes);
    if (aecodec_encode(&CODEC, &picture, codes, work, sizeof work, file, sizeof file, &size) != AECODEC_OK) {
        fprintf(stderr, "%s: cannot be encoded\n", from);
        return 1;
    }
    return write_file(to, "", file, size);
}

#endif

#ifdef CODEC_DECODER

/* Returns the size, or 0 for a file that does not fit: metadata and alpha are not for devices. */
static size_t read_file(FILE *in)
{
    size_t count = fread(file, 1, sizeof file, in);
    return fgetc(in) == EOF ? count : 0;
}

/* Write the output of the network as a picture. */
static int write_picture(const char *to)
{
#ifdef CODEC_BANDS
    aecodec_bands_output(&CODEC_BANDS, CODEC_SAMPLE_TYPE, pixels, PIXELS, samples);
    return write_file(to, "", samples, SAMPLES_SIZE);
#else
    char head[64];
    flip(pixels, sizeof pixels);
    sprintf(head, "P%c\n%d %d\n255\n", CODEC_CHANNELS == 1 ? '5' : '6', CODEC_WIDTH, CODEC_HEIGHT);
    return write_file(to, head, pixels, sizeof pixels);
#endif
}

static int decode(const char *from, const char *to)
{
    FILE *in = open_file(from);
    size_t vectors = 0;
    if (!in) {
        return 1;
    }
    size_t size = read_file(in);
    fclose(in);
    if (aecodec_decode(&CODEC, file, size, work, sizeof work, codes, sizeof codes, &vectors) != AECODEC_OK ||
        vectors != CODEC_VECTORS) {
        fprintf(stderr, "%s: not a file of a picture with %d by %d pixels\n", from, CODEC_WIDTH, CODEC_HEIGHT);
        return 1;
    }
    aecodec_dequantize(&CODEC, codes, vectors, latents);
    if (!run_network(CODEC_DECODER, CODEC_DECODER_SIZE, CODEC_DECODER_ROWS, CODEC_DECODER_COLUMNS, latents, pixels)) {
        fprintf(stderr, "%s: the network does not run\n", from);
        return 1;
    }
    return write_picture(to);
}

#endif

int main(int argc, char **argv)
{
#ifdef CODEC_ENCODER
    if (argc == 4 && strcmp(argv[1], "encode") == 0) {
        return encode(argv[2], argv[3]);
    }
#endif
#ifdef CODEC_DECODER
    if (argc == 4 && strcmp(argv[1], "decode") == 0) {
        return decode(argv[2], argv[3]);
    }
#endif
#ifdef CODEC_ENCODER
    fprintf(stderr, "usage: %s encode PICTURE FILE\n", argv[0]);
#endif
#ifdef CODEC_DECODER
    fprintf(stderr, "usage: %s decode FILE PICTURE\n", argv[0]);
#endif
    return 2;
}
