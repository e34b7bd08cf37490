/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware: takes pictures from a serial line, in the place of a camera, and sends an .aec file of each.
 *
 * It receives the byte P, and the pixels of a picture row by row, and sends the size of the file in two bytes, the
 * lower one first, and the file. The byte Q ends it, as no device would. Beside this folder it needs one that
 * `aecodec export digits --format c --half encoder` made. */
#include "aecodec.h"
#include "board.h"
#include "codec.h"
#include "networks.h"

enum { MOST_WORK = CODEC_WORK_SIZE > CODEC_NETWORK_WORK_SIZE ? CODEC_WORK_SIZE : CODEC_NETWORK_WORK_SIZE };

static uint8_t pixels[CODEC_ENCODER_INPUT_SIZE];
static int8_t latents[CODEC_LATENTS_SIZE];
static uint32_t work[(MOST_WORK + 3) / 4]; /* of the network, then of the codes */
static uint8_t message[2 + CODEC_FILE_BOUND];

/* Pixels less 128, where they lie. */
static int8_t *as_input(void)
{
    size_t n;
    for (n = 0; n < sizeof pixels; n++) {
        pixels[n] ^= 0x80;
    }
    return (int8_t *)pixels;
}

/* Returns the size of the file, or 0. */
static size_t write_file(const aecodec_network *network)
{
    static const aecodec_picture picture = {CODEC_WIDTH, CODEC_HEIGHT,
                                            CODEC_CHANNELS == 1 ? AECODEC_GREY : AECODEC_RGB};
    int8_t *codes = latents; /* which are quantized where they lie, or to the front */
    size_t size = 0;
    if (aecodec_network_run(network, CODEC_ENCODER_ROWS, CODEC_ENCODER_COLUMNS, as_input(), latents, work,
                            sizeof work) != AECODEC_OK) {
        return 0;
    }
    aecodec_quantize(&CODEC, latents, CODEC_VECTORS, codes);
    aecodec_encode(&CODEC, &picture, codes, work, sizeof work, message + 2, sizeof message - 2, &size);
    return size;
}

/* Returns 0 if the line is closed, or a picture cannot be coded. */
static int answer(const aecodec_network *network)
{
    size_t size;
    if (!board_receive(pixels, sizeof pixels)) {
        return 0;
    }
    size = write_file(network);
    message[0] = (uint8_t)(size & 0xff);
    message[1] = (uint8_t)(size >> 8 & 0xff);
    return size && board_send(message, size + 2);
}

int main(void)
{
    aecodec_network network;
    char command = 0;
    if (aecodec_network_open(&network, CODEC_ENCODER, CODEC_ENCODER_SIZE) != AECODEC_OK) {
        return 1;
    }
    while (board_receive(&command, 1) && command == 'P') {
        if (!answer(&network)) {
            return 1;
        }
    }
    return command == 'Q' ? 0 : 1;
}
