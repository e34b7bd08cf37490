/* SPDX-License-Identifier: Apache-2.0 */
/* What a board does for the firmware. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>

/* Send a file: by radio, to a card, here to a debugger or a terminal. Returns 0 if that fails. */
int board_send(const void *content, size_t size);

#endif
