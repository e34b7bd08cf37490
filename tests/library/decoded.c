/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the pixels or samples of .aec files. Arguments, three for each: the file, its bundle (or -), the output. */
#include <aecodec_library.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FILE = 1 << 24 };

static const size_t SIZES[] = {1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8}; /* of samples, by their types */

static int write_content(const aecodec_bundle *codec, const uint8_t *file, size_t size, FILE *output)
{
    const aecodec_limits limits = {.max_pixels = 1 << 30, .max_frames = 1 << 24};
    aecodec_samples samples;
    aecodec_image picture;
    if (aecodec_decompress_samples(codec, file, size, &limits, NULL, &samples) == AECODEC_OK) {
        size = (size_t)samples.frames * samples.height * samples.width * samples.bands;
        return fwrite(samples.samples, SIZES[samples.type], size, output) == size;
    }
    if (aecodec_decompress(codec, file, size, &limits, NULL, &picture) != AECODEC_OK) {
        return 0;
    }
    size = (size_t)picture.width * picture.height * picture.channels;
    return fwrite(picture.pixels, size, picture.frames, output) == picture.frames;
}

static int decode(const char *path, const char *bundle, FILE *output) /* whether it succeeded */
{
    static uint8_t file[MAX_FILE];
    aecodec_bundle *opened = NULL;
    FILE *input = fopen(path, "rb");
    size_t size = input ? fread(file, 1, sizeof file, input) : 0;
    int is_open = !strcmp(bundle, "-") || aecodec_bundle_open(bundle, &opened) == AECODEC_OK;
    int is_written = is_open && write_content(opened ? opened : aecodec_samples_codec(), file, size, output);
    aecodec_bundle_close(opened);
    return input && !fclose(input) && is_written;
}

int main(int count, char **arguments)
{
    for (int i = 1; i + 2 < count; i += 3) {
        FILE *output = fopen(arguments[i + 2], "wb");
        if (!output || !decode(arguments[i], arguments[i + 1], output) || fclose(output)) {
            return 1;
        }
    }
    return 0;
}
