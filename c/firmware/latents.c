/* SPDX-License-Identifier: Apache-2.0 */
/* Latents of a TFLite model to an .aec file and back, for programs that run the networks with LiteRT.
 *
 *     latents encode LATENTS FILE     the encoder's output, int8, to an .aec file
 *     latents decode FILE LATENTS     an .aec file to the decoder's input, int8
 *
 * The picture has CODEC_WIDTH by CODEC_HEIGHT pixels. */
#include <stdio.h>
#include <string.h>

#include "aecodec.h"
#include "codec.h"

static int8_t latents[CODEC_LATENTS_SIZE];
static int8_t codes[CODEC_CODES_SIZE];
static uint8_t file[CODEC_FILE_BOUND];
static uint32_t work[CODEC_WORK_SIZE / 4 + 1];

/* The number of bytes; one more than the room if the file is larger, 0 if it cannot be read. */
static size_t read_file(const char *name, void *content, size_t room)
{
    FILE *in = fopen(name, "rb");
    size_t size = in ? fread(content, 1, room, in) : 0;
    if (in) {
        size += fgetc(in) != EOF;
        fclose(in);
    }
    return size;
}

static int write_file(const char *name, const void *content, size_t size)
{
    FILE *out = fopen(name, "wb");
    size_t count = out ? fwrite(content, 1, size, out) : 0;
    return out && fclose(out) == 0 && count == size;
}

static int encode(const char *from, const char *to)
{
    const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                     CODEC_CHANNELS == 3 && !CODEC.samples ? AECODEC_RGB : AECODEC_GREY};
    size_t size;
    if (read_file(from, latents, sizeof latents) != sizeof latents) {
        return 0;
    }
    aecodec_quantize(&CODEC, latents, CODEC_VECTORS, codes);
    return aecodec_encode(&CODEC, &picture, codes, work, sizeof work, file, sizeof file, &size) == AECODEC_OK &&
           write_file(to, file, size);
}

static int decode(const char *from, const char *to)
{
    size_t vectors, size = read_file(from, file, sizeof file);
    if (size > sizeof file ||
        aecodec_decode(&CODEC, file, size, work, sizeof work, codes, sizeof codes, &vectors) != AECODEC_OK ||
        vectors != CODEC_VECTORS) {
        return 0;
    }
    aecodec_dequantize(&CODEC, codes, vectors, latents);
    return write_file(to, latents, sizeof latents);
}

int main(int argc, char **argv)
{
    const int encodes = argc == 4 && strcmp(argv[1], "encode") == 0;
    if (!encodes && (argc != 4 || strcmp(argv[1], "decode") != 0)) {
        fprintf(stderr, "usage: %s encode LATENTS FILE | decode FILE LATENTS\n", argv[0]);
        return 2;
    }
    if (!(encodes ? encode : decode)(argv[2], argv[3])) {
        fprintf(stderr, "%s: damaged, or not for a picture of %d by %d pixels\n", argv[2], CODEC_WIDTH, CODEC_HEIGHT);
        return 1;
    }
    return 0;
}
