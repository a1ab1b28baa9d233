/* SPDX-License-Identifier: Apache-2.0 */
/* Pushers of a name answer to each other, so that a second one does not begin by mistake. That only
   one succeeds does not depend on it: the sequences see to that. */
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include "relay/push_state.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MS = 1500, SILENT_MOST = 10, FIND_MS = 1000 };

/* Of two pushers that are in each other's way, the one of the higher rank goes on: one that was told
   to take over, before one that has begun, before others. */
static int own_rank(const struct push *push)
{
    if (atomic_load(&push->has_begun))
        return RANK_BEGUN;
    return push->take_over ? RANK_TAKE_OVER : 0;
}

static void describe_self(const struct push *push, char *text, size_t size)
{
    char id[24], when[TEXT_SIZE];
    json_t *self;
    char *dumped;

    snprintf(id, sizeof id, "%016" PRIx64, push->pusher);
    self = json_pack("{s:s, s:s, s:i, s:s, s:s, s:i}", "pusher", id, "host", push->host, "pid", (int)getpid(), "region",
                     push->source.path, "since", format_time(when, push->started_ns), "rank", own_rank(push));
    dumped = self ? json_dumps(self, JSON_COMPACT) : NULL;
    snprintf(text, size, "%s", dumped ? dumped : "{}");
    free(dumped);
    json_decref(self);
}

/* Who answered: its random number, and words for a message. 0: not a pusher, but a stream of others
   with a wide subject, say. */
static uint64_t read_ranked(natsMsg *message, int *rank, char *text, size_t size)
{
    const char *id = "", *host = "another host", *region = "?";
    int pid = 0;
    json_t *answer = json_loadb(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), 0, NULL);
    uint64_t pusher;

    if (answer)
        (void)json_unpack(answer, "{s?s, s?s, s?i, s?s, s?i}", "pusher", &id, "host", &host, "pid", &pid, "region",
                          &region, "rank", rank);
    snprintf(text, size, "%s, process %d (%s)", host, pid, region);
    pusher = strtoull(id, NULL, 16);
    json_decref(answer);
    return pusher;
}

static uint64_t read_answer(natsMsg *message, char *text, size_t size)
{
    int rank;

    return read_ranked(message, &rank, text, size);
}

/* "again", and the chunk that the follower found to be damaged, if there is one: that, and 1 more. */
static bool wants_again(natsMsg *message, uint64_t *chunk)
{
    char text[32];
    int length = natsMsg_GetDataLength(message);

    if (length < 5 || length >= (int)sizeof text || memcmp(natsMsg_GetData(message), "again", 5) != 0)
        return false;
    memcpy(text, natsMsg_GetData(message), (size_t)length);
    text[length] = '\0';
    *chunk = text[5] == ' ' ? strtoull(text + 6, NULL, 10) + 1 : 0;
    return true;
}

static bool wants_look(natsMsg *message)
{
    return natsMsg_GetDataLength(message) == 4 && memcmp(natsMsg_GetData(message), "look", 4) == 0;
}

/* A question, a follower's wish to begin anew, or another pusher's word that it has begun. */
static void on_question(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *context)
{
    struct push *push = context;
    char text[RECORD_TEXT_MOST + 512];
    uint64_t chunk = 0;

    (void)subscription;
    if (interrupted()) {
        /* It is about to end: whoever asks may wait for that. */
    } else if (natsMsg_GetReply(message) && wants_again(message, &chunk)) {
        if (chunk > 0)
            atomic_store(&push->damaged, chunk);
        atomic_store(&push->again_asked, true);
        (void)natsConnection_PublishString(connection, natsMsg_GetReply(message), "ok");
    } else if (natsMsg_GetReply(message) && wants_look(message)) {
        atomic_store(&push->look_asked, true);
        (void)natsConnection_PublishString(connection, natsMsg_GetReply(message), "ok");
    } else if (natsMsg_GetReply(message)) {
        describe_self(push, text, sizeof text);
        (void)natsConnection_PublishString(connection, natsMsg_GetReply(message), text);
    } else {
        const uint64_t id = read_answer(message, text, sizeof text);

        if (id != 0 && id != push->pusher)
            atomic_store(&push->rival_heard, true);
    }
    natsMsg_Destroy(message);
}

void peer_announce(struct push *push)
{
    char text[RECORD_TEXT_MOST + 512];

    describe_self(push, text, sizeof text);
    (void)natsConnection_PublishString(push->connection.nats, push->connection.pusher_subject, text);
}

/* One that is ending does not answer. One that was killed is there until the server notices: at once, or
   minutes later if its network was cut. */
static natsStatus ask_patiently(struct push *push, natsMsg **answer)
{
    natsStatus status = NATS_TIMEOUT;

    for (int i = 0; i < SILENT_MOST && status == NATS_TIMEOUT && !*nats_refusal() && !interrupted(); i++) {
        if (i == 1)
            note("a pusher of %s is connected, but does not answer; waiting %d s for it to end", push->name,
                 (SILENT_MOST - 1) * ANSWER_MS / 1000);
        status =
            natsConnection_RequestString(answer, push->connection.nats, push->connection.pusher_subject, "", ANSWER_MS);
    }
    return status;
}

enum push_result peer_ask(struct push *push)
{
    natsMsg *answer = NULL;
    char who[512];
    natsStatus status = push->take_over ? NATS_OK : ask_patiently(push, &answer);

    if (interrupted()) {
        natsMsg_Destroy(answer);
        return PUSH_STOPPED;
    }
    if (status == NATS_NO_RESPONDERS || push->take_over) {
        natsMsg_Destroy(answer);
        return PUSH_OK;
    }
    if (status == NATS_OK) {
        const bool is_pusher = read_answer(answer, who, sizeof who) != 0;

        natsMsg_Destroy(answer);
        if (!is_pusher)
            return PUSH_OK;
        fail("%s is being pushed by %s; end that one, or give --take-over or another --name", push->name, who);
        return PUSH_FAILED;
    }
    if (status != NATS_TIMEOUT || *nats_refusal())
        return push_fail(push, PUSH_AGAIN, "%s: %s", push->connection.url, nats_detail(status));
    fail("a pusher of %s is connected, but still does not answer; end it, or give --take-over", push->name);
    return PUSH_FAILED;
}

enum push_result peer_listen(struct push *push)
{
    natsStatus status = natsConnection_Subscribe(&push->questions, push->connection.nats,
                                                 push->connection.pusher_subject, on_question, push);

    if (!status)
        return PUSH_OK;
    fail("cannot subscribe to %s at %s: %s", push->connection.pusher_subject, push->connection.url,
         natsStatus_GetText(status));
    return PUSH_FAILED;
}

/* All answers that come within a second, but for this one's own. */
static void collect(const struct push *push, natsSubscription *answers, struct peer *out)
{
    const uint64_t end = monotonic_ns() + (uint64_t)FIND_MS * 1000000;
    uint64_t now;

    while ((now = monotonic_ns()) < end) {
        struct peer peer = {.rank = 0};
        natsMsg *answer = NULL;

        if (natsSubscription_NextMsg(&answer, answers, (int64_t)((end - now) / 1000000) + 1))
            return;
        if (!natsMsg_IsNoResponders(answer))
            peer.id = read_ranked(answer, &peer.rank, peer.text, sizeof peer.text);
        natsMsg_Destroy(answer);
        if (peer.id == 0 || peer.id == push->pusher)
            continue;
        if (out->id == 0 || peer.rank > out->rank || (peer.rank == out->rank && peer.id > out->id))
            *out = peer;
    }
}

void peer_find_first(struct push *push, struct peer *out)
{
    natsConnection *nats = push->connection.nats;
    natsSubscription *answers = NULL;
    natsInbox *inbox = NULL;

    *out = (struct peer){.id = 0};
    if (!natsInbox_Create(&inbox) && !natsConnection_SubscribeSync(&answers, nats, inbox) &&
        !natsConnection_PublishRequestString(nats, push->connection.pusher_subject, inbox, ""))
        collect(push, answers, out);
    natsSubscription_Destroy(answers);
    natsInbox_Destroy(inbox);
}

bool peer_is_before(const struct push *push, const struct peer *peer)
{
    const int rank = own_rank(push);

    return peer->id != 0 && (peer->rank > rank || (peer->rank == rank && peer->id > push->pusher));
}
