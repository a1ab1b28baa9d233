/* SPDX-License-Identifier: Apache-2.0 */
/* fetch URL NAME CHUNKS: takes the chunks of a value from the server as `mmsync follow` does, so many asked for ahead, and
   throws them away: what the server and libnats alone need for a first copy. Prints the seconds that it took, and those of a
   processor. */
#include "cost.h"
#include <malloc.h>
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>

/* As in src/relay: AHEAD_MOST, what keep_memory sets, and the buffer of the connection. */
enum { AHEAD = 32, KEEP_BELOW = 4 << 20, KEEP_MOST = 64 << 20, BUFFER = 256 << 10, WAIT_MS = 20000 };

static natsConnection *connection;
static natsSubscription *answers;
static const char *name;

static void expect(natsStatus status, const char *what)
{
    if (status == NATS_OK)
        return;
    fprintf(stderr, "fetch: %s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static void ask(unsigned long chunk, const char *inbox)
{
    char question[128], to[128];

    snprintf(question, sizeof question, "{\"last_by_subj\":\"mmsync.%s.chunk.%lu\"}", name, chunk);
    snprintf(to, sizeof to, "$JS.API.DIRECT.GET.mmsync-%s-value", name);
    expect(natsConnection_PublishRequestString(connection, to, inbox, question), "a request");
}

static void open_connection(const char *url)
{
    natsOptions *options = NULL;

    expect(natsOptions_Create(&options), "options");
    expect(natsOptions_SetURL(options, url), url);
    expect(natsOptions_SetIOBufSize(options, BUFFER), "a buffer");
    expect(natsConnection_Connect(&connection, options), url);
    natsOptions_Destroy(options);
}

int main(int argc, char **argv)
{
    const unsigned long chunks = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    const double began = cost_seconds();
    natsInbox *inbox = NULL;

    if (chunks == 0)
        return 2;
    (void)mallopt(M_MMAP_THRESHOLD, KEEP_BELOW);
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_MOST);
    name = argv[2];
    open_connection(argv[1]);
    expect(natsInbox_Create(&inbox), "an inbox");
    expect(natsConnection_SubscribeSync(&answers, connection, inbox), inbox);
    for (unsigned long asked = 0, taken = 0; taken < chunks; taken++) {
        natsMsg *message = NULL;

        while (asked < chunks && asked < taken + AHEAD)
            ask(asked++, inbox);
        expect(natsSubscription_NextMsg(&message, answers, WAIT_MS), "a chunk");
        if (natsMsg_GetDataLength(message) == 0)
            expect(NATS_NOT_FOUND, "a chunk");
        natsMsg_Destroy(message);
    }
    cost_print(began);
    natsInbox_Destroy(inbox);
    natsSubscription_Destroy(answers);
    natsConnection_Destroy(connection);
    return 0;
}
