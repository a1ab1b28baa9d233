/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the server, and the two streams of a name. */
#ifndef MMS_RELAY_CONNECTION_H
#define MMS_RELAY_CONNECTION_H

#include "cli/arguments.h"
#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
enum {
    CONNECTION_USER = LONG_ONLY + 64, /* writer_arguments.h counts from LONG_ONLY */
    CONNECTION_PASSWORD,
    CONNECTION_TOKEN,
    CONNECTION_CREDS,
    CONNECTION_NKEY,
    CONNECTION_CA,
    CONNECTION_CERT,
    CONNECTION_KEY,
    CONNECTION_DOMAIN,
    CONNECTION_OPTIONS_END /* options of the verb's own may be numbered from here */
};

#define CONNECTION_OPTIONS \
    {"user", required_argument, NULL, CONNECTION_USER}, \
    {"password", required_argument, NULL, CONNECTION_PASSWORD}, \
    {"token", required_argument, NULL, CONNECTION_TOKEN}, \
    {"creds", required_argument, NULL, CONNECTION_CREDS}, \
    {"nkey", required_argument, NULL, CONNECTION_NKEY}, \
    {"tlscacert", required_argument, NULL, CONNECTION_CA}, \
    {"tlscert", required_argument, NULL, CONNECTION_CERT}, \
    {"tlskey", required_argument, NULL, CONNECTION_KEY}, \
    {"domain", required_argument, NULL, CONNECTION_DOMAIN}
/* clang-format on */

struct connection_options {
    const char *user, *password, *token, *creds, *nkey, *ca, *cert, *key, *domain; /* NULL: none */
    bool patient; /* a JetStream that is not there may come: STREAM_UNAVAILABLE, not STREAM_REFUSED */
};

/* From the environment, as the nats tool does. */
void connection_options_init(struct connection_options *options);
/* One of CONNECTION_OPTIONS, with its value in optarg. */
void set_connection_option(struct connection_options *options, int option);

enum { NAME_MOST = 64, URL_MOST = 512, STREAM_NAME_SIZE = NAME_MOST + 16, CHUNK_SUBJECT_SIZE = NAME_MOST + 40 };

/* True if it may be the name of what is pushed: letters, digits, _ and -, NAME_MOST at most. */
bool is_relay_name(const char *name);

struct connection {
    natsConnection *nats;
    jsCtx *js;
    const struct connection_options *options;
    const char *domain; /* of JetStream; NULL: none */
    char url[URL_MOST]; /* as given, without what is secret */
    char name[NAME_MOST + 1];
    /* Of the streams, and of what is in them. A chunk's subject is subject_of_chunk's. */
    char log_stream[STREAM_NAME_SIZE], value_stream[STREAM_NAME_SIZE];
    char log_subject[STREAM_NAME_SIZE], head_subject[STREAM_NAME_SIZE], pusher_subject[STREAM_NAME_SIZE];
};

void subject_of_chunk(const struct connection *connection, uint64_t chunk, char subject[CHUNK_SUBJECT_SIZE]);
/* The other way round. False: no chunk has this subject. */
bool chunk_of_subject(const struct connection *connection, const char *subject, uint64_t *chunk);

/* Connect, once; later breaks are mended in the background, until connection_is_closed. The options stay in use. An exit status; anything but
   EXIT_OK has been reported, here and below, unless a signal has ended it. */
int connection_open(struct connection *connection, const struct connection_options *options, const char *url,
                    const char *name);
void connection_close(struct connection *connection);
bool connection_is_up(const struct connection *connection);
/* True if libnats has given it up, and only connection_close and connection_open help: it does so when
   the same server refuses it twice in a row. True of one that was closed, too. */
bool connection_is_closed(const struct connection *connection);
/* How often it was lost and found again. */
uint64_t connection_reconnects(const struct connection *connection);
/* For messages: what ended it. */
const char *connection_problem(const struct connection *connection);

/* What to make a stream with. */
struct stream_options {
    int replicas;
    bool memory;
};

enum stream_kind { LOG_STREAM, VALUE_STREAM };

struct stream_state {
    uint64_t first, last; /* sequences; an empty stream's first is last + 1 */
    uint64_t messages;
    uint64_t bytes;
    bool replicated;
};

enum stream_result {
    STREAM_OK,
    STREAM_MISSING,
    STREAM_UNAVAILABLE, /* the server does not answer, or not now: try again later */
    STREAM_REFUSED, /* not one of ours, a newer one, no JetStream (unless options.patient), no right: has been reported */
};

/* Check that the stream is one of mmsync's, and look how far it is; `state` may be NULL. */
enum stream_result stream_look(const struct connection *connection, enum stream_kind kind, struct stream_state *state);
/* The same for both, and make those that are missing. */
enum stream_result streams_make(const struct connection *connection, const struct stream_options *options);
/* For messages: what libnats says of a call of this thread that failed. */
const char *nats_detail(natsStatus status);
/* Why nothing answers, if the server has just said that this user may not send or subscribe there; "" if not. A server says so
   beside the answer that does not come. In this thread. */
const char *nats_refusal(void);
/* For STREAM_UNAVAILABLE: what the server said last, without a newline. In this thread. */
const char *stream_problem(void);

#endif
