/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware: capture a picture, run the encoder network, send an .aec file.
 *
 * Beside this folder it needs one that `aecodec export digits --format c --half encoder` made. */
#include "aecodec.h"
#include "board.h"
#include "codec.h"
#include "sample.h"

static int8_t latents[CODEC_LATENTS_SIZE];
static int8_t codes[CODEC_CODES_SIZE];
static uint32_t work[(CODEC_WORK_SIZE + 3) / 4];
static uint8_t file[CODEC_FILE_BOUND];

/* THE ONE PLACE FOR TENSORFLOW LITE MICRO: capture a picture, give its pixels - 128 to the function that the
 * README.md of the exported folder has, and put its output into latents. Without a camera, the latents of a
 * sample picture come from the exported folder. Returns 0 if that fails. */
static int capture_and_run_network(void)
{
    size_t n;
    for (n = 0; n < sizeof latents; n++) {
        latents[n] = sample_latents[n];
    }
    return 1;
}

int main(void)
{
    static const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                            CODEC_CHANNELS == 1 ? AECODEC_GREY : AECODEC_RGB};
    size_t size;
    if (!capture_and_run_network()) {
        return 1;
    }
    aecodec_quantize(&CODEC, latents, CODEC_VECTORS, codes);
    if (aecodec_encode(&CODEC, &picture, codes, work, sizeof work, file, sizeof file, &size) != AECODEC_OK) {
        return 1;
    }
    return board_send(file, size) ? 0 : 1;
}
