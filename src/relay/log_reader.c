/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/log_reader.h"
#include "cli/now.h"
#include "relay/stream_problem.h"

/* The server sends a heartbeat in a silence of that length. Losses at the end of the log are
   noticed by looking at the stream: soon after the last message, and then less and less often. */
#define HEARTBEAT_NS INT64_C(10000000000)
#define PATIENCE_LEAST_NS UINT64_C(1000000000)
#define PATIENCE_MOST_NS UINT64_C(30000000000)

static void unsubscribe(struct log_reader *log)
{
    natsSubscription_Unsubscribe(log->subscription);
    natsSubscription_Destroy(log->subscription);
    log->subscription = NULL;
}

void log_close(struct log_reader *log)
{
    if (log->subscription)
        unsubscribe(log);
}

void log_seek(struct log_reader *log, uint64_t sequence)
{
    if (log->subscription && log->next == sequence)
        return;
    log_close(log);
    log->next = sequence > 0 ? sequence : 1;
    log->patience_ns = PATIENCE_LEAST_NS;
}

/* LOG_QUIET: the stream is there, and `state` is how far it is. */
static enum log_result look(struct log_reader *log, struct stream_state *state)
{
    log->asked_ns = monotonic_ns();
    switch (stream_look(log->connection, LOG_STREAM, state)) {
    case STREAM_OK: return state->last + 1 < log->next ? LOG_LOST : LOG_QUIET;
    case STREAM_MISSING: return LOG_MISSING;
    case STREAM_UNAVAILABLE: return LOG_UNAVAILABLE;
    case STREAM_REFUSED: break;
    }
    return LOG_REFUSED;
}

/* Nothing was sent, and nothing is left to be. */
static bool has_nothing(natsSubscription *subscription)
{
    jsConsumerInfo *info = NULL;
    bool nothing = false;

    if (natsSubscription_GetConsumerInfo(&info, subscription, NULL, NULL) == NATS_OK)
        nothing = info->NumPending == 0 && info->Delivered.Consumer == 0;
    jsConsumerInfo_Destroy(info);
    return nothing;
}

/* A consumer that lives in memory, at one server, for as long as this subscription: it is made
   anew where and when it is lost. Flow control bounds what the server sends ahead. */
static enum log_result subscribe(struct log_reader *log)
{
    struct stream_state state;
    enum log_result result = look(log, &state);
    jsSubOptions options;
    natsStatus status;

    if (result != LOG_QUIET)
        return result;
    log->reconnects = connection_reconnects(log->connection);
    jsSubOptions_Init(&options);
    options.Stream = log->connection->log_stream;
    options.Config.DeliverPolicy = js_DeliverByStartSequence;
    options.Config.OptStartSeq = log->next;
    options.Config.AckPolicy = js_AckNone;
    options.Config.MaxDeliver = 1;
    options.Config.FlowControl = true;
    options.Config.Heartbeat = HEARTBEAT_NS;
    options.Config.Replicas = 1;
    options.Config.MemoryStorage = true;
    status =
        js_SubscribeSync(&log->subscription, log->connection->js, log->connection->log_subject, NULL, &options, NULL);
    if (status != NATS_OK) {
        stream_note_problem(status);
        return LOG_UNAVAILABLE;
    }
    log->fresh = true;
    if (state.last < log->next || !has_nothing(log->subscription))
        return LOG_QUIET;
    log->next = state.last + 1; /* what was there until now is not any more */
    return LOG_LOST;
}

/* Called when nothing has come for a while. */
static enum log_result check_silence(struct log_reader *log)
{
    struct stream_state state;
    enum log_result result;

    if (connection_reconnects(log->connection) != log->reconnects) {
        unsubscribe(log);
        return LOG_QUIET;
    }
    if (monotonic_ns() - log->asked_ns < log->patience_ns)
        return LOG_QUIET;
    log->patience_ns = log->patience_ns < PATIENCE_MOST_NS / 2 ? 2 * log->patience_ns : PATIENCE_MOST_NS;
    result = look(log, &state);
    if (result == LOG_QUIET && state.last >= log->next) { /* it has grown, and nobody told */
        unsubscribe(log);
        log->patience_ns = PATIENCE_LEAST_NS;
    }
    return result;
}

/* Whether it is the one that was wanted. What was left out comes when subscribed anew, if the
   stream still has it. */
static bool accept(struct log_reader *log, natsMsg *message)
{
    jsMsgMetaData *meta = NULL;
    uint64_t sequence;

    if (natsMsg_GetMetaData(&meta, message))
        return false; /* nothing that a stream has sent */
    sequence = meta->Sequence.Stream;
    log->pending = meta->NumPending;
    jsMsgMetaData_Destroy(meta);
    if (sequence < log->next)
        return false;
    if (sequence > log->next && !log->fresh) {
        unsubscribe(log);
        return false;
    }
    log->fresh = false;
    log->next = sequence + 1;
    log->asked_ns = monotonic_ns();
    log->patience_ns = PATIENCE_LEAST_NS;
    return true;
}

enum log_result log_next(struct log_reader *log, int64_t timeout_ms, natsMsg **message)
{
    const uint64_t until = monotonic_ns() + (uint64_t)timeout_ms * 1000000;

    for (;;) {
        enum log_result result = log->subscription ? LOG_QUIET : subscribe(log);
        const uint64_t now = monotonic_ns();
        natsStatus status;

        if (result != LOG_QUIET)
            return result;
        status = natsSubscription_NextMsg(message, log->subscription,
                                          now < until ? (int64_t)((until - now) / 1000000) + 1 : 1);
        if (status == NATS_TIMEOUT)
            return check_silence(log);
        if (status != NATS_OK) { /* lost messages, heartbeats or the consumer */
            unsubscribe(log);
            if (monotonic_ns() >= until)
                return LOG_QUIET;
            continue;
        }
        if (accept(log, *message))
            return LOG_MESSAGE;
        natsMsg_Destroy(*message);
        *message = NULL;
    }
}
