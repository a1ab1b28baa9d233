/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/follower.h"
#include <inttypes.h>
#include <stdio.h>

enum { ANSWER_MS = 2000 };

static void ask(const struct follower *follower, const char *question)
{
    const struct connection *connection = &follower->connection;
    natsMsg *answer = NULL;

    (void)natsConnection_RequestString(&answer, connection->nats, connection->pusher_subject, question, ANSWER_MS);
    natsMsg_Destroy(answer);
}

void ask_to_look(const struct follower *follower)
{
    ask(follower, "look");
}

void ask_to_begin(const struct follower *follower, const uint64_t *damaged)
{
    char question[32] = "again";

    if (damaged)
        snprintf(question, sizeof question, "again %" PRIu64, *damaged);
    ask(follower, question);
}
