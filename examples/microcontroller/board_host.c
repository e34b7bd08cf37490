/* SPDX-License-Identifier: Apache-2.0 */
/* A computer instead of a board: standard input and output are the serial line. */
#include <stdio.h>

#include "board.h"

int board_receive(void *content, size_t size)
{
    return fread(content, 1, size, stdin) == size;
}

int board_send(const void *content, size_t size)
{
    return fwrite(content, 1, size, stdout) == size && fflush(stdout) == 0;
}
