/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/append.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include "relay/chunk.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPECTED_LAST "Nats-Expected-Last-Sequence"

enum {
    BYTES_IN_FLIGHT_MOST = 32 << 20,
    /* Each message is acknowledged or given up by then, so waiting for all of them ends. */
    ACKNOWLEDGE_MS = 5000,
    KNOWN_TO_LIBNATS_MOST = 4096, /* with those that were given up, until it gives them up too */
    LOOK_MS = 100,
};
#define PATIENCE_NS UINT64_C(2000000000) /* after a signal */

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

/* The message is no longer in flight; false if it was given up before, or never was. */
static bool forget(struct appender *appender, natsMsg *message)
{
    for (size_t i = 0; i < IN_FLIGHT_MOST; i++)
        if (message && appender->waiting[i] == message) {
            appender->waiting[i] = NULL;
            appender->in_flight--;
            appender->bytes_in_flight -= (size_t)natsMsg_GetDataLength(message);
            return true;
        }
    return false;
}

static void on_answer(jsCtx *js, natsMsg *message, jsPubAck *stored, jsPubAckErr *error, void *context)
{
    struct appender *appender = context;

    (void)js;
    pthread_mutex_lock(&appender->lock);
    if (!forget(appender, message))
        error = NULL, stored = NULL;
    if (error)
        note_failure(appender, result_of(error), error->ErrText ? error->ErrText : natsStatus_GetText(error->Err));
    else if (stored && stored->Sequence != wanted_sequence(message)) /* into an empty stream, together with another */
        note_failure(appender, APPEND_REFUSED, "another message was faster");
    pthread_cond_broadcast(&appender->changed);
    pthread_mutex_unlock(&appender->lock);
    natsMsg_Destroy(message);
}

/* ---- In the pusher's thread ---- */

int appender_open(struct appender *appender, const struct connection *connection)
{
    *appender = (struct appender){.connection = connection};
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

static uint64_t count_reconnects(const struct appender *appender)
{
    natsStatistics *statistics = NULL;
    uint64_t messages, bytes, reconnects = 0;

    if (!natsStatistics_Create(&statistics) && !natsConnection_GetStats(appender->connection->nats, statistics))
        (void)natsStatistics_GetCounts(statistics, &messages, &bytes, &messages, &bytes, &reconnects);
    natsStatistics_Destroy(statistics);
    return reconnects;
}

/* What was in flight then may never be answered. */
static bool connection_broke(const struct appender *appender)
{
    return !connection_is_up(appender->connection) || count_reconnects(appender) != appender->reconnects;
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

/* Wait until at most so much is in flight, or there is a failure. With the lock. */
static void wait_for_room(struct appender *appender, unsigned messages, size_t bytes)
{
    if (patience_is_over(appender))
        note_failure(appender, APPEND_UNKNOWN, "interrupted");
    while (!appender->result && (appender->in_flight > messages || appender->bytes_in_flight > bytes)) {
        struct timespec until;

        if (patience_is_over(appender))
            note_failure(appender, APPEND_UNKNOWN, "interrupted");
        else if (connection_broke(appender))
            note_failure(appender, APPEND_UNKNOWN, "the connection broke");
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000;
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
    appender->reconnects = count_reconnects(appender);
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

/* Waits for room for one more message, and notes it. */
static enum append_result enter(struct appender *appender, natsMsg *message)
{
    const size_t size = (size_t)natsMsg_GetDataLength(message);
    enum append_result result;
    size_t place = 0;

    pthread_mutex_lock(&appender->lock);
    wait_for_room(appender, IN_FLIGHT_MOST - 1, size < BYTES_IN_FLIGHT_MOST ? BYTES_IN_FLIGHT_MOST - size : 0);
    result = appender->result;
    if (!result) {
        while (appender->waiting[place])
            place++;
        appender->waiting[place] = message;
        appender->in_flight++;
        appender->bytes_in_flight += size;
    }
    pthread_mutex_unlock(&appender->lock);
    return result;
}

static enum append_result send_message(struct appender *appender, natsMsg *message)
{
    natsMsg *const sent = message;
    jsPubOptions options;
    enum append_result result = enter(appender, message);
    natsStatus status;

    if (result) {
        natsMsg_Destroy(message);
        return result;
    }
    jsPubOptions_Init(&options);
    options.MaxWait = ACKNOWLEDGE_MS;
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
    wait_for_room(appender, 0, 0);
    result = appender->result;
    pthread_mutex_unlock(&appender->lock);
    return result;
}
