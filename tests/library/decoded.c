/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the pixels or samples of .aec files. Arguments, three for each: the file, its bundle (or -), the output. */
#include <aecodec_library.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FILE = 1 << 24 };

static const size_t SIZES[] = {1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8}; /* of samples, by their types */

static size_t write_samples(const aecodec_bundle *codec, const uint8_t *file, size_t size,
                            const aecodec_limits *limits, FILE *output)
{
    aecodec_samples samples;
    if (aecodec_decompress_samples(codec, file, size, limits, NULL, &samples) != AECODEC_OK) {
        return 0;
    }
    size_t count = (size_t)samples.frames * samples.height * samples.width * samples.bands;
    return fwrite(samples.samples, SIZES[samples.type], count, output);
}

static size_t write_pixels(const aecodec_bundle *codec, const uint8_t *file, size_t size,
                           const aecodec_limits *limits, FILE *output)
{
    aecodec_image picture;
    if (aecodec_decompress(codec, file, size, limits, NULL, &picture) != AECODEC_OK) {
        return 0;
    }
    const size_t frame = (size_t)picture.width * picture.height * picture.channels;
    return fwrite(picture.pixels, frame, picture.frames, output);
}

static int decode(const char *path, const char *bundle, FILE *output) /* whether it failed */
{
    static uint8_t file[MAX_FILE];
    aecodec_limits limits = {0};
    const aecodec_bundle *codec = aecodec_samples_codec();
    aecodec_bundle *opened = NULL;
    FILE *input = fopen(path, "rb");
    size_t size = input ? fread(file, 1, sizeof file, input) : 0;
    if (!input || fclose(input)) {
        return 1;
    }
    if (strcmp(bundle, "-")) {
        if (aecodec_bundle_open(bundle, &opened) != AECODEC_OK) {
            return 1;
        }
        codec = opened;
    }
    limits.max_pixels = 1 << 30;
    limits.max_frames = 1 << 24;
    size = write_samples(codec, file, size, &limits, output) || write_pixels(codec, file, size, &limits, output);
    aecodec_bundle_close(opened);
    return !size;
}

int main(int count, char **arguments)
{
    for (int i = 1; i + 2 < count; i += 3) {
        FILE *output = fopen(arguments[i + 2], "wb");
        if (!output || decode(arguments[i], arguments[i + 1], output) || fclose(output)) {
            return 1;
        }
    }
    return 0;
}
