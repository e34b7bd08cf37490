/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the pixels or samples of an .aec file to standard output; its codec is a bundle, or `samples`. */
#include <aecodec_library.h>
#include <stdio.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

enum { MAX_FILE = 1 << 24 };

static const size_t SIZES[] = {1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8}; /* of samples, by their types */

static size_t write_samples(const aecodec_bundle *codec, const uint8_t *file, size_t size,
                            const aecodec_limits *limits)
{
    aecodec_samples samples;
    if (aecodec_decompress_samples(codec, file, size, limits, NULL, &samples) != AECODEC_OK) {
        return 0;
    }
    size_t count = (size_t)samples.frames * samples.height * samples.width * samples.bands;
    return fwrite(samples.samples, SIZES[samples.type], count, stdout);
}

static size_t write_pixels(const aecodec_bundle *codec, const uint8_t *file, size_t size,
                           const aecodec_limits *limits)
{
    aecodec_image picture;
    if (aecodec_decompress(codec, file, size, limits, NULL, &picture) != AECODEC_OK) {
        return 0;
    }
    const size_t frame = (size_t)picture.width * picture.height * picture.channels;
    return fwrite(picture.pixels, frame, picture.frames, stdout);
}

int main(int count, char **arguments)
{
    static uint8_t file[MAX_FILE];
    size_t size;
    aecodec_limits limits = {0};
    const aecodec_bundle *codec = aecodec_samples_codec();
    aecodec_bundle *opened;
#ifdef _WIN32
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    size = fread(file, 1, sizeof file, stdin);
    if (count == 2) {
        if (aecodec_bundle_open(arguments[1], &opened) != AECODEC_OK) {
            return 1;
        }
        codec = opened;
    }
    limits.max_pixels = 1 << 30;
    limits.max_frames = 1 << 24;
    return !write_samples(codec, file, size, &limits) && !write_pixels(codec, file, size, &limits);
}
