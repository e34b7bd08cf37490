/* SPDX-License-Identifier: Apache-2.0 */
/* What a board does for the firmware: a serial line. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>

/* Wait for size bytes. Returns 0 if none come any more. */
int board_receive(void *content, size_t size);

/* Send bytes. Returns 0 if that fails. */
int board_send(const void *content, size_t size);

#endif
