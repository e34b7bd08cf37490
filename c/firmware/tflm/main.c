/* SPDX-License-Identifier: Apache-2.0 */
/* A picture to an .aec file and back, as firmware does it; here on a computer, with files.
 *
 *     main encode LATENTS FILE     the encoder network's int8 output to an .aec file
 *     main decode FILE LATENTS     an .aec file to the decoder network's int8 input
 *
 * The picture has CODEC_WIDTH by CODEC_HEIGHT pixels. */
#include <stdio.h>
#include <string.h>

#include "aecodec.h"
#include "codec.h"

static int8_t latents[CODEC_LATENTS_SIZE];
static int8_t codes[CODEC_CODES_SIZE];
static uint32_t work[(CODEC_WORK_SIZE + 3) / 4];
static uint8_t file[CODEC_FILE_BOUND];

/* On a device, this is the one place that calls TensorFlow Lite Micro: README.md has the function. Here the
 * output of the network comes from a file. Returns 0 if the file has another size. */
static int run_encoder(const char *name)
{
    FILE *in = fopen(name, "rb");
    size_t count = in ? fread(latents, 1, sizeof latents, in) : 0;
    return in && fclose(in) == 0 && count == sizeof latents;
}

/* Returns the size, or 0 for a file that does not fit: metadata and alpha are not for devices. */
static size_t read_file(const char *name)
{
    FILE *in = fopen(name, "rb");
    size_t count = in ? fread(file, 1, sizeof file, in) : 0;
    if (in) {
        count = fgetc(in) == EOF ? count : 0;
        fclose(in);
    }
    return count;
}

/* Returns the exit status: 1 if the file cannot be written. */
static int write_file(const char *name, const void *content, size_t size)
{
    FILE *out = fopen(name, "wb");
    size_t count = out ? fwrite(content, 1, size, out) : 0;
    if (!out || fclose(out) != 0 || count != size) {
        fprintf(stderr, "%s: cannot be written\n", name);
        return 1;
    }
    return 0;
}

static int encode(const char *from, const char *to)
{
    const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                     CODEC_CHANNELS == 1 ? AECODEC_GREY : AECODEC_RGB};
    size_t size;
    aecodec_status status;
    if (!run_encoder(from)) {
        fprintf(stderr, "%s: not a file of %u bytes\n", from, (unsigned)sizeof latents);
        return 1;
    }
    aecodec_quantize(&CODEC, latents, CODEC_VECTORS, codes);
    status = aecodec_encode(&CODEC, &picture, codes, work, sizeof work, file, sizeof file, &size);
    if (status != AECODEC_OK) {
        fprintf(stderr, "%s: status %d\n", from, (int)status);
        return 1;
    }
    return write_file(to, file, size);
}

static int decode(const char *from, const char *to)
{
    size_t size = read_file(from), vectors = 0;
    aecodec_status status;
    if (!size) {
        fprintf(stderr, "%s: not a file of 1 to %u bytes\n", from, (unsigned)sizeof file);
        return 1;
    }
    status = aecodec_decode(&CODEC, file, size, work, sizeof work, codes, sizeof codes, &vectors);
    if (status != AECODEC_OK || vectors != CODEC_VECTORS) {
        fprintf(stderr, "%s: status %d, %u code vectors\n", from, (int)status, (unsigned)vectors);
        return 1;
    }
    aecodec_dequantize(&CODEC, codes, vectors, latents);
    return write_file(to, latents, sizeof latents);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "encode") == 0) {
        return encode(argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(argv[1], "decode") == 0) {
        return decode(argv[2], argv[3]);
    }
    fprintf(stderr, "usage: %s encode LATENTS FILE | decode FILE LATENTS\n", argv[0]);
    return 2;
}
