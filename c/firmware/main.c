/* SPDX-License-Identifier: Apache-2.0 */
/* A picture to an .aec file and back, as firmware does it. On a computer, files take the place of a camera
 * and a radio:
 *
 *     main encode PICTURE FILE     a picture to an .aec file, if the encoder is here
 *     main decode FILE PICTURE     an .aec file to a picture, if the decoder is here
 *
 * A picture is raw: row by row, with the colours of a pixel together. A board defines BOARD, and
 * implements `receive` and `transmit`. */
#include "codec.h"

enum {
    DEVICE_WORK = CODEC_WORK_SIZE > CODEC_NETWORK_WORK_SIZE ? CODEC_WORK_SIZE : CODEC_NETWORK_WORK_SIZE,
#if defined(BOARD) || defined(AECODEC_PORTABLE)
    WORK = DEVICE_WORK
#else
    WORK = (1 << 22) + 2 * DEVICE_WORK /* kernels of a computer take more */
#endif
};

static int8_t pixels[CODEC_WIDTH * CODEC_HEIGHT * CODEC_CHANNELS];
static int8_t latents[CODEC_LATENTS_SIZE], codes[CODEC_CODES_SIZE];
static uint8_t file[CODEC_FILE_BOUND];
static uint32_t work[(WORK + 3) / 4]; /* of the network, then of the codes */

#ifdef BOARD

/* Wait for bytes. Returns how many came. */
size_t receive(void *content, size_t size);

/* Send bytes. Returns 0 if that fails. */
int transmit(const void *content, size_t size);

#else

#include <stdio.h>
#include <string.h>

/* One byte more than asked for stands for all that follow. */
static size_t receive(void *content, size_t size)
{
    size_t count = fread(content, 1, size, stdin);
    return count + (getchar() != EOF);
}

static int transmit(const void *content, size_t size)
{
    return fwrite(content, 1, size, stdout) == size && fclose(stdout) == 0;
}

#endif

/* Networks take pixels - 128, and return them. */
static void flip_pixels(void)
{
    for (size_t n = 0; n < sizeof pixels; n++) {
        pixels[n] = (int8_t)(pixels[n] ^ -128);
    }
}

#ifdef CODEC_ENCODER_SIZE

/* Write the picture in `pixels` to `file`. Returns the size of the file, or 0 if a call failed. */
static size_t write_file(void)
{
    const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                     CODEC_CHANNELS == 3 ? AECODEC_RGB : AECODEC_GREY};
    aecodec_network network;
    size_t size = 0;
    flip_pixels();
    if (aecodec_network_open(&network, aecodec_device_encoder, CODEC_ENCODER_SIZE) != AECODEC_OK ||
        aecodec_network_run(&network, CODEC_ENCODER_ROWS, CODEC_ENCODER_COLUMNS, pixels, latents, work,
                            sizeof work) != AECODEC_OK) {
        return 0;
    }
    aecodec_quantize(&aecodec_device_codec, latents, CODEC_VECTORS, codes);
    if (aecodec_encode(&aecodec_device_codec, &picture, codes, work, sizeof work, file, sizeof file, &size) !=
        AECODEC_OK) {
        return 0;
    }
    return size;
}

/* Returns what is wrong, or NULL. */
static const char *encode(void)
{
    if (receive(pixels, sizeof pixels) != sizeof pixels) {
        return "this is not a raw picture of the codec's size";
    }
    size_t size = write_file();
    return size && transmit(file, size) ? NULL : "the file cannot be written";
}

#else
static const char *encode(void) { return "the encoder is not in this program"; }
#endif

#ifdef CODEC_DECODER_SIZE

/* Read a picture from `file` into `pixels`. Returns 0 if a call failed. */
static int read_file(size_t size)
{
    aecodec_network network;
    size_t vectors = 0;
    if (aecodec_decode(&aecodec_device_codec, file, size, work, sizeof work, codes, sizeof codes, &vectors) !=
            AECODEC_OK ||
        vectors != CODEC_VECTORS) {
        return 0;
    }
    aecodec_dequantize(&aecodec_device_codec, codes, vectors, latents);
    if (aecodec_network_open(&network, aecodec_device_decoder, CODEC_DECODER_SIZE) != AECODEC_OK ||
        aecodec_network_run(&network, CODEC_DECODER_ROWS, CODEC_DECODER_COLUMNS, latents, pixels, work,
                            sizeof work) != AECODEC_OK) {
        return 0;
    }
    flip_pixels();
    return 1;
}

/* A file with metadata or alpha is larger than `file`. */
static const char *decode(void)
{
    size_t size = receive(file, sizeof file);
    if (size > sizeof file || !read_file(size)) {
        return "this is not a file with a picture of the codec's size";
    }
    return transmit(pixels, sizeof pixels) ? NULL : "the picture cannot be written";
}

#elif !defined(BOARD)
static const char *decode(void) { return "the decoder is not in this program"; }
#endif

#ifdef BOARD

int main(void)
{
    return encode() != NULL;
}

#else

int main(int argc, char **argv)
{
    if (argc != 4 || (strcmp(argv[1], "encode") != 0 && strcmp(argv[1], "decode") != 0)) {
        fprintf(stderr, "usage: %s encode PICTURE FILE | decode FILE PICTURE\n", argv[0]);
        return 2;
    }
    if (!freopen(argv[2], "rb", stdin) || !freopen(argv[3], "wb", stdout)) {
        perror(argv[0]);
        return 1;
    }
    const char *problem = strcmp(argv[1], "encode") == 0 ? encode() : decode();
    if (problem) {
        fprintf(stderr, "%s: %s\n", argv[2], problem);
    }
    return problem != NULL;
}

#endif
