/* SPDX-License-Identifier: Apache-2.0 */
/* Included before all else in the sources of the shared library, which exports the functions of its public
 * headers and no others (-fvisibility=hidden). Private. */
#pragma GCC visibility push(default)
#include "aecodec_library.h"
#include "aecodec_network.h"
#ifdef AECODEC_FITTING /* Python's library, which no other program uses */
#include "aecodec_fitting.h"
#endif
#pragma GCC visibility pop
