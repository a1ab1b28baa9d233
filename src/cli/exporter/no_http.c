/* SPDX-License-Identifier: Apache-2.0 */
/* In place of http.c where there is no libmicrohttpd. */
#include "cli/exporter/http.h"
#include "cli/message.h"

int http_serve(const char *address, char *const *directories, int count)
{
    (void)directories, (void)count;
    return fail("cannot listen on %s: this mmsync was built without libmicrohttpd; use --textfile", address);
}
