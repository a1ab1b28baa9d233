/* SPDX-License-Identifier: Apache-2.0 */
/* load URL SUBJECT SIZE PAUSE_US: the neutral load of script/bench-fleet. It makes a stream with that
   subject, and stores a message of SIZE bytes in it after each pause, waiting for the answer, until it is
   killed. It knows nothing of regions: what it costs a writer, any program that sends as much does. */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void expect(natsStatus status, const char *what)
{
    if (status == NATS_OK)
        return;
    fprintf(stderr, "load: %s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static void rest(long us)
{
    nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

static jsCtx *open_stream(const char *url, const char *subject)
{
    const char *subjects[] = {subject};
    natsConnection *connection;
    jsStreamConfig config;
    jsCtx *js;

    expect(natsConnection_ConnectTo(&connection, url), url);
    expect(natsConnection_JetStream(&js, connection, NULL), "JetStream");
    jsStreamConfig_Init(&config);
    config.Name = subject;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.MaxMsgs = 1000;
    (void)js_AddStream(NULL, js, &config, NULL, NULL); /* it may be there from the round before */
    return js;
}

int main(int argc, char **argv)
{
    char *message;
    size_t size;
    jsCtx *js;

    if (argc != 5)
        return 2;
    size = (size_t)strtoull(argv[3], NULL, 10);
    js = open_stream(argv[1], argv[2]);
    message = calloc(size + 1, 1);
    for (size_t i = 0; message && i < size; i++)
        message[i] = (char)rand(); /* NOLINT(cert-msc30-c): any bytes */
    puts("ready");
    fflush(stdout);
    for (;;) {
        expect(js_Publish(NULL, js, argv[2], message, (int)size, NULL, NULL), "a message");
        rest(strtol(argv[4], NULL, 10));
    }
}
