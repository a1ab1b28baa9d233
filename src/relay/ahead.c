/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/ahead.h"
#include "relay/chunk.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool open_inbox(struct ahead *ahead, const struct connection *connection)
{
    char all[sizeof ahead->inbox + 2];
    natsInbox *inbox = NULL;
    int length;

    if (ahead->answers)
        return true;
    if (natsInbox_Create(&inbox))
        return false;
    length = snprintf(ahead->inbox, sizeof ahead->inbox, "%s", inbox);
    natsInbox_Destroy(inbox);
    if (length < 0 || (size_t)length >= sizeof ahead->inbox)
        return false;
    snprintf(all, sizeof all, "%s.*", ahead->inbox);
    return natsConnection_SubscribeSync(&ahead->answers, connection->nats, all) == NATS_OK;
}

/* What js_DirectGetMsg asks. */
static bool request(const struct ahead *ahead, const struct connection *connection, uint64_t chunk)
{
    char subject[CHUNK_SUBJECT_SIZE], question[CHUNK_SUBJECT_SIZE + 32], to[300], reply[sizeof ahead->inbox + 24];
    const char *domain = connection->domain;
    int length;

    subject_of_chunk(connection, chunk, subject);
    snprintf(question, sizeof question, "{\"last_by_subj\":\"%s\"}", subject);
    snprintf(reply, sizeof reply, "%s.%" PRIu64, ahead->inbox, chunk);
    length = snprintf(to, sizeof to, "$JS.%s%sAPI.DIRECT.GET.%s", domain ? domain : "", domain ? "." : "",
                      connection->value_stream);
    return length < (int)sizeof to &&
           natsConnection_PublishRequestString(connection->nats, to, reply, question) == NATS_OK;
}

bool ahead_ask(struct ahead *ahead, const struct connection *connection, uint64_t chunk)
{
    if (ahead->failed || ahead->count == AHEAD_MOST)
        return false;
    if (!open_inbox(ahead, connection) || !request(ahead, connection, chunk)) {
        ahead->failed = true;
        return false;
    }
    ahead->asked[(ahead->first + ahead->count++) % AHEAD_MOST].chunk = chunk;
    return true;
}

static void keep(struct ahead *ahead, natsMsg *message)
{
    const uint64_t chunk = strtoull(natsMsg_GetSubject(message) + strlen(ahead->inbox) + 1, NULL, 10);

    for (unsigned i = 0; i < ahead->count; i++) {
        const unsigned at = (ahead->first + i) % AHEAD_MOST;

        if (ahead->asked[at].chunk == chunk && !ahead->asked[at].answer) {
            ahead->asked[at].answer = message;
            return;
        }
    }
    natsMsg_Destroy(message);
}

natsMsg *ahead_take(struct ahead *ahead, uint64_t chunk, int64_t ms)
{
    const unsigned at = ahead->first;
    const char *status;
    natsMsg *answer;

    if (ahead->failed || ahead->count == 0 || ahead->asked[at].chunk != chunk)
        return NULL;
    while (!ahead->asked[at].answer && !ahead->failed) {
        natsMsg *message = NULL;

        ahead->failed = natsSubscription_NextMsg(&message, ahead->answers, ms) != NATS_OK;
        if (!ahead->failed)
            keep(ahead, message);
    }
    answer = ahead->asked[at].answer;
    ahead->asked[at].answer = NULL;
    ahead->first = (at + 1) % AHEAD_MOST;
    ahead->count--;
    if (answer && natsMsgHeader_Get(answer, "Status", &status) == NATS_OK) { /* an error, not a message */
        natsMsg_Destroy(answer);
        return NULL;
    }
    return answer;
}

void ahead_end(struct ahead *ahead)
{
    for (unsigned i = 0; i < AHEAD_MOST; i++)
        natsMsg_Destroy(ahead->asked[i].answer);
    natsSubscription_Destroy(ahead->answers);
    *ahead = (struct ahead){.answers = NULL};
}
