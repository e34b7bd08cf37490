/* SPDX-License-Identifier: Apache-2.0 */
/* Included before all else in the sources of the shared library, which exports the functions of its public headers and
 * no others (-fvisibility=hidden). Private. */
#define _POSIX_C_SOURCE 200809L /* must precede all headers of the system; file_open.c needs it */
#pragma GCC visibility push(default)
#include "aecodec_library.h"
#include "aecodec_network.h"
#ifdef AECODEC_FITTING /* Python's library, which no other program uses */
#include "aecodec_fitting.h"
#endif
#pragma GCC visibility pop
