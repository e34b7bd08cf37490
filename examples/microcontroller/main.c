/* Firmware: capture a picture, run the encoder network, send an .aec file.
 *
 * What it needs besides this folder is one that `aecodec export digits --format c --half encoder` made. */
#include "aec.h"
#include "board.h"
#include "codec.h"
#include "sample.h"

static int8_t outputs[CODEC_VECTORS * CODEC_OUTPUTS];
static int8_t codes[CODEC_VECTORS * CODEC_DIMENSION];
static uint32_t work[(CODEC_WORK_SIZE + 3) / 4];
static uint8_t file[CODEC_FILE_BOUND];

/* THE ONE PLACE FOR TENSORFLOW LITE MICRO: pixels - 128 that a camera captured to run_encoder_network, which
 * the README.md of the exported folder has, and its output here. Without a camera, what the network gave
 * for a sample picture comes from the exported folder. */
static int capture_and_run_network(void)
{
    size_t n;
    for (n = 0; n < sizeof outputs; n++) {
        outputs[n] = sample_outputs[n];
    }
    return 1;
}

int main(void)
{
    static const aec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                        CODEC_CHANNELS == 1 ? AEC_GREY : AEC_RGB};
    size_t size;
    if (!capture_and_run_network()) {
        return 1;
    }
    aec_codes(&codec, outputs, CODEC_VECTORS, codes);
    if (aec_encode(&codec, &picture, codes, work, sizeof work, file, sizeof file, &size) != AEC_OK) {
        return 1;
    }
    return board_send(file, size) ? 0 : 1;
}
