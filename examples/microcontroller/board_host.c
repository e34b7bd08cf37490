/* SPDX-License-Identifier: Apache-2.0 */
/* A computer instead of a board: files go to standard output. */
#include <stdio.h>

#include "board.h"

int board_send(const void *content, size_t size)
{
    return fwrite(content, 1, size, stdout) == size && fflush(stdout) == 0;
}
