/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exporter/http.h"
#include "cli/cmd.h"
#include "cli/exporter/metrics.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 16, IDLE_SECONDS = 10 };

/* Loaded when it is needed: it brings a library for TLS, which brings a dozen more, and no other
   verb should wait for them to start. */
#define LIBRARY "libmicrohttpd.so.12"

/* clang-format off */
static struct {
    __typeof__(MHD_add_response_header) *add_response_header;
    __typeof__(MHD_create_response_from_buffer) *create_response_from_buffer;
    __typeof__(MHD_destroy_response) *destroy_response;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_start_daemon) *start_daemon;
    __typeof__(MHD_stop_daemon) *stop_daemon;
} mhd;
/* clang-format on */

/* Stores the address of a function of the library; false if it has none of that name. */
static bool find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);

    memcpy(function, &found, sizeof found);
    return found != NULL;
}

/* An exit status; a failure has been reported. */
static int load_library(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (library && find(library, "MHD_add_response_header", &mhd.add_response_header) &&
        find(library, "MHD_create_response_from_buffer", &mhd.create_response_from_buffer) &&
        find(library, "MHD_destroy_response", &mhd.destroy_response) &&
        find(library, "MHD_queue_response", &mhd.queue_response) &&
        find(library, "MHD_start_daemon", &mhd.start_daemon) && find(library, "MHD_stop_daemon", &mhd.stop_daemon))
        return EXIT_OK;
    return fail("cannot serve HTTP: %s (Debian: apt install libmicrohttpd12); or use --textfile", dlerror());
}

/* Requests come one at a time: the daemon has one thread. */
struct server {
    char *const *directories;
    int count;
    struct survey survey;
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              struct MHD_Response *response)
{
    enum MHD_Result queued;

    if (!response)
        return MHD_NO; /* closes the connection */
    mhd.add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        mhd.add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    queued = mhd.queue_response(connection, status, response);
    mhd.destroy_response(response);
    return queued;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    char *copy = strdup(text);

    return answer(connection, status, "text/plain; charset=utf-8",
                  copy ? mhd.create_response_from_buffer(strlen(copy), copy, MHD_RESPMEM_MUST_FREE) : NULL);
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection, struct server *server)
{
    struct metrics metrics = {.text = NULL};

    if (!metrics_write(&metrics, &server->survey, server->directories, server->count)) {
        free(metrics.text);
        return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
    }
    return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
                  mhd.create_response_from_buffer(metrics.size, metrics.text, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    static char seen;

    (void)version, (void)upload;
    if (!*state || *upload_size > 0) { /* the answer is for when all of the request has been read */
        *state = &seen;
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    if (!strcmp(url, "/metrics"))
        return answer_metrics(connection, context);
    if (!strcmp(url, "/"))
        return answer_text(connection, MHD_HTTP_OK, "mmsync exporter: see /metrics\n");
    return answer_text(connection, MHD_HTTP_NOT_FOUND, "not found: see /metrics\n");
}

/* Split "host:port", "[host]:port" or ":port" in place. NULL: no port. */
static char *split_address(char *host)
{
    char *colon = strrchr(host, ':');
    size_t length;

    if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
        strtol(colon + 1, NULL, 10) > UINT16_MAX) /* getaddrinfo would cut it */
        return NULL;
    *colon = '\0';
    length = strlen(host);
    if (*host == '[' && host[length - 1] == ']' && length > 2) { /* in "[]" nobody asked for all addresses */
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    } else if (strpbrk(host, ":[]")) {
        return NULL; /* 2001:db8::1:80 could be read in two ways */
    }
    return colon + 1;
}

/* A listening socket, or -1; the failure has been reported. */
static int listen_on(const char *address)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    char *host = strdup(address), *port = host ? split_address(host) : NULL;
    int fd = -1, error, on = 1;

    if (!port) {
        fail("--listen %s: not of the form HOST:PORT, [IPV6-ADDRESS]:PORT or :PORT", address);
        free(host);
        return -1;
    }
    error = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (!error) {
        fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
            bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
            fail_errno("cannot listen on %s", address);
            if (fd >= 0)
                close(fd);
            fd = -1;
        }
        freeaddrinfo(found);
    } else {
        fail("cannot listen on %s: %s", address, gai_strerror(error));
    }
    free(host);
    return fd;
}

static void print_url(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    printf(wants_json() ? "{\"url\": \"http://%s%s%s:%s/metrics\"}\n" : "http://%s%s%s:%s/metrics\n",
           strchr(host, ':') ? "[" : "", host, strchr(host, ':') ? "]" : "", port);
}

int http_serve(const char *address, char *const *directories, int count)
{
    struct server server = {directories, count, {.is_repeated = true}};
    struct MHD_Daemon *daemon;
    int fd = load_library() ? -1 : listen_on(address);

    if (fd < 0)
        return EXIT_FAILED;
    interrupt_catch();
    daemon = mhd.start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, handle, &server, MHD_OPTION_LISTEN_SOCKET,
                              fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                              (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    if (!daemon) {
        close(fd);
        return fail_errno("cannot start the HTTP server on %s", address);
    }
    print_url(fd);
    if (flush_output())
        interrupt_wait();
    mhd.stop_daemon(daemon); /* closes fd */
    survey_free(&server.survey);
    return interrupt_finish(EXIT_OK);
}
