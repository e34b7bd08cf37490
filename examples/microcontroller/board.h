/* What a board offers to the firmware. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>

/* Hands a file to whoever listens: a radio, a card, here a debugger or a terminal. 0: it did not go. */
int board_send(const void *content, size_t size);

#endif
