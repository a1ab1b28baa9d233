/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/append.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include "relay/chunk.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPECTED_LAST "Nats-Expected-Last-Sequence"

enum {
    /* Bytes in flight. With the least, the slowest network that will do is what WRITE_MS allows for. */
    WINDOW_LEAST = 1 << 20,
    WINDOW_MOST = 32 << 20,
    /* Each message is acknowledged or given up by then, so waiting for all of them ends: this, and
       what the slowest network needs for the bytes that are in flight. */
    ACKNOWLEDGE_MS = 5000,
    SLOWEST_BYTES_PER_MS = 64,
    ACKNOWLEDGE_MOST_MS = 30000,
    KNOWN_TO_LIBNATS_MOST = 4096, /* with those that were given up, until it gives them up too */
    LOOK_MS = 100,
};
#define PATIENCE_NS UINT64_C(2000000000) /* after a signal */
/* An acknowledgement within the first lets the window grow; one after the second has it shrink. */
#define SOON_NS UINT64_C(250000000)
#define LATE_NS UINT64_C(1000000000)

/* ---- In libnats' threads ---- */

static enum append_result result_of(const jsPubAckErr *error)
{
    switch ((int)error->ErrCode) {
    case JSStreamWrongLastSequenceErr:
    case JSStreamNotMatchErr: return APPEND_REFUSED;
    case JSAccountResourcesExceededErr:
    case JSInsufficientResourcesErr:
    case JSMemoryResourcesExceededErr:
    case JSStorageResourcesExceededErr:
    case JSStreamStoreFailedErr: return APPEND_FULL;
    default: return APPEND_UNKNOWN;
    }
}

static const char *text_of(const jsPubAckErr *error)
{
    if (error->Err == NATS_TIMEOUT && *nats_refusal())
        return nats_refusal();
    return error->ErrText ? error->ErrText : natsStatus_GetText(error->Err);
}

static void note_failure(struct appender *appender, enum append_result result, const char *text)
{
    if (appender->result)
        return;
    appender->result = result;
    snprintf(appender->problem, sizeof appender->problem, "%s", text ? text : "");
}

/* The sequence that the message was to have. */
static uint64_t wanted_sequence(natsMsg *message)
{
    const char *text;

    return natsMsgHeader_Get(message, EXPECTED_LAST, &text) ? 0 : strtoull(text, NULL, 10) + 1;
}

/* The message is no longer in flight. Returns when it was sent; 0 if it was given up before, or never was. */
static uint64_t forget(struct appender *appender, natsMsg *message)
{
    for (size_t i = 0; i < IN_FLIGHT_MOST; i++)
        if (message && appender->waiting[i].message == message) {
            appender->waiting[i].message = NULL;
            appender->in_flight--;
            appender->bytes_in_flight -= (size_t)natsMsg_GetDataLength(message);
            return appender->waiting[i].sent_ns;
        }
    return 0;
}

/* In proportion to the bytes that were acknowledged, so a window that is full doubles or goes to
   nearly nothing in the time that it takes. */
static void adapt_window(struct appender *appender, uint64_t took_ns, size_t size)
{
    if (took_ns < SOON_NS)
        appender->window += size;
    else if (took_ns > LATE_NS)
        appender->window -= size < appender->window ? size : appender->window;
    if (appender->window < WINDOW_LEAST)
        appender->window = WINDOW_LEAST;
    if (appender->window > WINDOW_MOST)
        appender->window = WINDOW_MOST;
}

static void on_answer(jsCtx *js, natsMsg *message, jsPubAck *stored, jsPubAckErr *error, void *context)
{
    struct appender *appender = context;
    uint64_t sent_ns;

    (void)js;
    pthread_mutex_lock(&appender->lock);
    sent_ns = forget(appender, message);
    if (sent_ns == 0)
        error = NULL, stored = NULL;
    else
        adapt_window(appender, monotonic_ns() - sent_ns, (size_t)natsMsg_GetDataLength(message));
    if (error)
        note_failure(appender, result_of(error), text_of(error));
    else if (stored && stored->Sequence != wanted_sequence(message)) /* into an empty stream, together with another */
        note_failure(appender, APPEND_REFUSED, "another message was faster");
    pthread_cond_broadcast(&appender->changed);
    pthread_mutex_unlock(&appender->lock);
    natsMsg_Destroy(message);
}

/* ---- In the pusher's thread ---- */

int appender_open(struct appender *appender, const struct connection *connection)
{
    *appender = (struct appender){.connection = connection, .window = WINDOW_LEAST};
    pthread_mutex_init(&appender->lock, NULL);
    pthread_cond_init(&appender->changed, NULL);
    return appender_reopen(appender);
}

/* A late answer to the context before may still be on its way to on_answer, so the lock stays. */
int appender_reopen(struct appender *appender)
{
    const struct connection *connection = appender->connection;
    jsOptions options;
    natsStatus status;

    jsOptions_Init(&options);
    options.Domain = connection->domain;
    options.PublishAsync.MaxPending = KNOWN_TO_LIBNATS_MOST;
    options.PublishAsync.AckHandler = on_answer;
    options.PublishAsync.AckHandlerClosure = appender;
    status = natsConnection_JetStream(&appender->js, connection->nats, &options);
    if (status)
        return fail("cannot use JetStream at %s: %s", connection->url, nats_detail(status));
    return EXIT_OK;
}

void appender_close(struct appender *appender)
{
    jsCtx_Destroy(appender->js);
    appender->js = NULL;
}

/* What was in flight then may never be answered. */
static bool connection_broke(const struct appender *appender)
{
    return !connection_is_up(appender->connection) ||
           connection_reconnects(appender->connection) != appender->reconnects;
}

/* A signal came a while ago: what was begun is abandoned. */
static bool patience_is_over(struct appender *appender)
{
    if (!interrupted())
        return false;
    if (appender->interrupted_ns == 0)
        appender->interrupted_ns = monotonic_ns();
    return monotonic_ns() - appender->interrupted_ns > PATIENCE_NS;
}

/* For one more message of that size. The first may be larger than the window. */
static bool has_room(const struct appender *appender, size_t size)
{
    return appender->in_flight == 0 || (appender->in_flight < IN_FLIGHT_MOST && size <= appender->window &&
                                        appender->bytes_in_flight <= appender->window - size);
}

/* Until there is room, or a failure. `size` SIZE_MAX: until nothing is in flight. With the lock. */
static void wait_for_room(struct appender *appender, size_t size)
{
    if (patience_is_over(appender))
        note_failure(appender, APPEND_UNKNOWN, "interrupted");
    while (!appender->result && !has_room(appender, size)) {
        struct timespec until;

        if (patience_is_over(appender))
            note_failure(appender, APPEND_UNKNOWN, "interrupted");
        else if (connection_broke(appender))
            note_failure(appender, APPEND_UNKNOWN, "the connection broke");
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&appender->changed, &appender->lock, &until);
    }
}

void append_begin(struct appender *appender, enum stream_kind kind, uint64_t last)
{
    pthread_mutex_lock(&appender->lock);
    memset(appender->waiting, 0, sizeof appender->waiting);
    appender->in_flight = 0;
    appender->bytes_in_flight = 0;
    appender->result = APPEND_OK;
    pthread_mutex_unlock(&appender->lock);
    appender->stream = kind == LOG_STREAM ? appender->connection->log_stream : appender->connection->value_stream;
    appender->next = last + 1;
    appender->reconnects = connection_reconnects(appender->connection);
}

static natsStatus make_message(natsMsg **message, const char *subject, const char *chunk_header, uint64_t last,
                               const void *data, size_t size)
{
    char expected[24];
    natsStatus status = natsMsg_Create(message, subject, NULL, data, (int)size);

    snprintf(expected, sizeof expected, "%" PRIu64, last);
    if (!status)
        status = natsMsgHeader_Set(*message, EXPECTED_LAST, expected);
    if (!status && chunk_header)
        status = natsMsgHeader_Set(*message, CHUNK_HEADER, chunk_header);
    return status;
}

static enum append_result fail_to_send(struct appender *appender, natsMsg *message, natsStatus status)
{
    enum append_result result;

    pthread_mutex_lock(&appender->lock);
    (void)forget(appender, message);
    note_failure(appender, APPEND_UNKNOWN, nats_detail(status));
    result = appender->result;
    pthread_mutex_unlock(&appender->lock);
    return result;
}

static int64_t patience_with(size_t bytes)
{
    const int64_t ms = ACKNOWLEDGE_MS + (int64_t)bytes / SLOWEST_BYTES_PER_MS;

    return ms < ACKNOWLEDGE_MOST_MS ? ms : ACKNOWLEDGE_MOST_MS;
}

/* Waits for room for one more message, and notes it. `patience_ms`: when it is given up. */
static enum append_result enter(struct appender *appender, natsMsg *message, int64_t *patience_ms)
{
    const size_t size = (size_t)natsMsg_GetDataLength(message);
    enum append_result result;
    size_t place = 0;

    pthread_mutex_lock(&appender->lock);
    wait_for_room(appender, size);
    result = appender->result;
    if (!result) {
        while (appender->waiting[place].message)
            place++;
        appender->waiting[place] = (struct in_flight){message, monotonic_ns()};
        appender->in_flight++;
        appender->bytes_in_flight += size;
    }
    *patience_ms = patience_with(appender->bytes_in_flight);
    pthread_mutex_unlock(&appender->lock);
    return result;
}

static enum append_result send_message(struct appender *appender, natsMsg *message)
{
    natsMsg *const sent = message;
    jsPubOptions options;
    int64_t patience_ms;
    enum append_result result = enter(appender, message, &patience_ms);
    natsStatus status;

    if (result) {
        natsMsg_Destroy(message);
        return result;
    }
    jsPubOptions_Init(&options);
    options.MaxWait = patience_ms;
    options.ExpectStream = appender->stream;
    status = js_PublishMsgAsync(appender->js, &message, &options);
    if (status)
        result = fail_to_send(appender, sent, status);
    natsMsg_Destroy(message);
    return result;
}

enum append_result append(struct appender *appender, const char *subject, const char *chunk_header, const void *data,
                          size_t size)
{
    natsMsg *message = NULL;
    natsStatus status = make_message(&message, subject, chunk_header, append_last(appender), data, size);
    enum append_result result;

    if (status) {
        natsMsg_Destroy(message);
        return fail_to_send(appender, NULL, status);
    }
    result = send_message(appender, message);
    if (result)
        return result;
    appender->next++;
    appender->bytes += size;
    return APPEND_OK;
}

enum append_result append_finish(struct appender *appender)
{
    enum append_result result;

    pthread_mutex_lock(&appender->lock);
    wait_for_room(appender, SIZE_MAX);
    result = appender->result;
    pthread_mutex_unlock(&appender->lock);
    return result;
}
