/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware for previews: takes frames of a camera from a serial line, and sends payloads for radio messages.
 *
 * It answers each request with a size in two bytes, the lower one first, and the result:
 *
 *     E, the maximum size, a frame of 160x120 pixels in RGB565    the payload, with a checksum
 *     D, the size of a payload without checksum, the payload      32x32 RGBA pixels
 *
 * The byte Q ends it, as no device would. */
#include "aecodec_preview.h"
#include "board.h"

enum { WIDTH = 160, HEIGHT = 120, MOST_BYTES = 255 };

extern const uint8_t _binary_tables_bin_start[]; /* the name that objcopy and ESP-IDF give it */
static const uint8_t *const tables = _binary_tables_bin_start;

static uint8_t frame[2 * WIDTH * HEIGHT];
static aecodec_preview_encoder work;
static uint8_t pixels[32 * 32 * 4];
static uint8_t payload[MOST_BYTES];

static int answer(const uint8_t *content, size_t size)
{
    const uint8_t start[2] = {(uint8_t)(size & 0xff), (uint8_t)(size >> 8)};
    return board_send(start, 2) && board_send(content, size);
}

static int encode(uint8_t max_bytes)
{
    int shape;
    if (!board_receive(frame, sizeof frame)) {
        return 0;
    }
    shape = aecodec_preview_reduce(frame, AECODEC_PREVIEW_RGB565, WIDTH, HEIGHT, pixels);
    return answer(payload, aecodec_preview_encode(tables, pixels, shape, 1, &work, payload, max_bytes));
}

static int decode(uint8_t size)
{
    int shape;
    return board_receive(payload, size)
        && aecodec_preview_decode(tables, payload, size, &work.decoder, pixels, &shape) == 0
        && answer(pixels, sizeof pixels);
}

/* Returns 1 if an answer could not be sent. */
int main(void)
{
    uint8_t command = 0, size;
    while (board_receive(&command, 1) && command != 'Q') {
        if (!board_receive(&size, 1) || !(command == 'E' ? encode(size) : decode(size))) {
            return 1;
        }
    }
    return 0;
}
