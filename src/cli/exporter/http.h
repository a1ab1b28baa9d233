/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server for one page: /metrics. */
#ifndef MMS_CLI_EXPORTER_HTTP_H
#define MMS_CLI_EXPORTER_HTTP_H

/* Serve the metrics of the regions in `directories` at `address`, "127.0.0.1:9979", "[::1]:9979"
   or ":9979" for every address of the machine, until a signal comes. Prints a line with the URL
   when it is ready. Returns an exit status. */
int http_serve(const char *address, char *const *directories, int count);

#endif
