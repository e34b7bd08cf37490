/* A picture to an .aec file and back, as firmware would do it; here on a computer, with files.
 *
 *     main encode OUTPUTS FILE     the encoder network's output, int8, to an .aec file
 *     main decode FILE INPUTS      an .aec file to the decoder network's input, int8
 *
 * The picture has CODEC_WIDTH by CODEC_HEIGHT pixels. */
#include <stdio.h>
#include <string.h>

#include "aec.h"
#include "codec.h"

static int8_t integers[CODEC_VECTORS * CODEC_OUTPUTS];
static int8_t codes[CODEC_VECTORS * CODEC_DIMENSION];
static uint32_t work[(CODEC_WORK_SIZE + 3) / 4];
static uint8_t file[CODEC_FILE_BOUND];

/* On a device, this is the one place where TensorFlow Lite Micro is called: README.md has the function.
 * Here what the network gives comes from a file. */
static int outputs_of_network(const char *name)
{
    FILE *in = fopen(name, "rb");
    size_t count = in ? fread(integers, 1, sizeof integers, in) : 0;
    return in && fclose(in) == 0 && count == sizeof integers;
}

/* 0 for a file that is larger than any of codes alone: metadata and alpha are not for devices. */
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

/* The exit status: 1 if it cannot be written. */
static int written(const char *name, const void *content, size_t size)
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
    const aec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT, CODEC_CHANNELS == 1 ? AEC_GREY : AEC_RGB};
    size_t size;
    aec_status status;
    if (!outputs_of_network(from)) {
        fprintf(stderr, "%s: no file of %u bytes\n", from, (unsigned)sizeof integers);
        return 1;
    }
    aec_codes(&codec, integers, CODEC_VECTORS, codes);
    status = aec_encode(&codec, &picture, codes, work, sizeof work, file, sizeof file, &size);
    if (status != AEC_OK) {
        fprintf(stderr, "%s: status %d\n", from, (int)status);
        return 1;
    }
    return written(to, file, size);
}

static int decode(const char *from, const char *to)
{
    size_t size = read_file(from), vectors;
    aec_status status = aec_decode(&codec, file, size, work, sizeof work, codes, sizeof codes, &vectors);
    if (!size) {
        fprintf(stderr, "%s: no file of 1 to %u bytes\n", from, (unsigned)sizeof file);
        return 1;
    }
    if (status != AEC_OK || vectors != CODEC_VECTORS) {
        fprintf(stderr, "%s: status %d, or of another size\n", from, (int)status);
        return 1;
    }
    aec_integers(&codec, codes, CODEC_VECTORS, integers);
    return written(to, integers, sizeof integers);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "encode") == 0) {
        return encode(argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(argv[1], "decode") == 0) {
        return decode(argv[2], argv[3]);
    }
    fprintf(stderr, "usage: %s encode OUTPUTS FILE | decode FILE INPUTS\n", argv[0]);
    return 2;
}
