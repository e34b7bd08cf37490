/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aecc.h"

static int open_path(const char *path, aecodec_bundle **bundle)
{
    aecodec_status status;
    errno = 0; /* pipes are rejected without an error of the system */
    status = aecodec_bundle_open(path, bundle);
    if (status == AECODEC_UNREADABLE && errno) {
        return fail(path, strerror(errno));
    }
    return status == AECODEC_OK ? 0 : fail(path, aecodec_status_text(status));
}

int open_bundle(const options *o, const uint8_t *id, aecodec_bundle **bundle)
{
    const char *folder = getenv("AECODEC_PATH");
    char *path;
    int status;
    if (o->bundle) {
        return open_path(o->bundle, bundle);
    }
    if (!folder) {
        return fail(o->input, "name its codec with --bundle, or a folder of bundles in AECODEC_PATH");
    }
    path = malloc(strlen(folder) + sizeof "/01234567.bundle");
    if (!path) {
        return fail(o->input, aecodec_status_text(AECODEC_NO_MEMORY));
    }
    sprintf(path, "%s/%02x%02x%02x%02x.bundle", folder, id[0], id[1], id[2], id[3]);
    status = open_path(path, bundle);
    free(path);
    return status;
}
