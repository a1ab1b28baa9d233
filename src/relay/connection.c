/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/connection.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include "relay/record.h"
#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 5000,
    RECONNECT_WAIT_MS = 100, /* doubles with each try, up to this: */
    RECONNECT_MOST_MS = 5000,
    PING_MS = 5000, /* a server that is gone without a word is noticed after two of them */
    PINGS_OUT = 2,
    /* Without a limit, sending to a server that hangs never returns, and holds the lock that pings need. */
    WRITE_MS = 10000,
    KEY_LENGTH = 56, /* of a public NKEY */
    SIGNED_ATTEMPTS = 3,
    /* A record with its NATS headers. */
    PAYLOAD_LEAST = RECORD_SIZE_MOST + 1024,
};

/* ---- URLs ---- */

/* Copies the list of servers without user names and passwords. */
static void copy_without_secrets(char *out, size_t size, const char *url)
{
    size_t used = 0;

    while (*url && used + 1 < size) {
        const size_t length = strcspn(url, ",");
        const char *scheme = strstr(url, "://"), *at = memchr(url, '@', length);
        const char *host = scheme && scheme < url + length ? scheme + 3 : url;

        used += (size_t)snprintf(out + used, size - used, "%.*s%.*s", (int)(host - url), url,
                                 (int)(url + length - (at ? at + 1 : host)), at ? at + 1 : host);
        url += length;
        if (*url == ',' && used + 1 < size) {
            out[used++] = ',';
            out[used] = '\0';
            url++;
        }
    }
    out[size - 1] = '\0';
}

enum { SERVERS_MOST = 32 };

/* The list of servers, each of which libnats wants alone. */
static natsStatus set_servers(natsOptions *options, const char *url)
{
    char copy[4096], *rest = copy, *server;
    const char *servers[SERVERS_MOST];
    const size_t size = strlen(url) + 1;
    int count = 0;

    if (size > sizeof copy)
        return NATS_INVALID_ARG;
    memcpy(copy, url, size);
    while ((server = strsep(&rest, ",")) != NULL)
        if (*server && count < SERVERS_MOST)
            servers[count++] = server;
    return count > 0 ? natsOptions_SetServers(options, servers, count) : NATS_INVALID_ARG;
}

/* Whatever is tried again is refused again. */
#define REFUSAL_NS UINT64_C(30000000000)

static struct {
    pthread_mutex_t lock;
    char text[256];
    uint64_t ns; /* when it came; 0: never */
} refusal = {.lock = PTHREAD_MUTEX_INITIALIZER};

const char *nats_refusal(void)
{
    static _Thread_local char text[sizeof refusal.text];

    pthread_mutex_lock(&refusal.lock);
    snprintf(text, sizeof text, "%s", refusal.ns != 0 && monotonic_ns() - refusal.ns < REFUSAL_NS ? refusal.text : "");
    pthread_mutex_unlock(&refusal.lock);
    return text;
}

/* What libnats has to say, without the place in its source. */
const char *nats_detail(natsStatus status)
{
    const char *detail = nats_GetLastError(NULL), *end = detail ? strstr(detail, "): ") : NULL;

    if (status == NATS_TIMEOUT && *nats_refusal())
        return nats_refusal();
    if (!detail || !*detail)
        return natsStatus_GetText(status);
    return *detail == '(' && end ? end + 3 : detail;
}

/* ---- Credentials ---- */

/* The line of the file that is a user's public key. */
static bool read_public_key(const char *file, char key[KEY_LENGTH + 1])
{
    char line[256];
    FILE *in = fopen(file, "re");
    bool found = false;

    while (in && !found && fgets(line, sizeof line, in)) {
        line[strcspn(line, " \r\n")] = '\0';
        found = line[0] == 'U' && strlen(line) == KEY_LENGTH;
    }
    if (in)
        fclose(in);
    if (found)
        memcpy(key, line, KEY_LENGTH + 1);
    return found;
}

static natsStatus set_nkey(natsOptions *options, const char *file)
{
    char key[KEY_LENGTH + 1];

    if (!read_public_key(file, key)) {
        fail("%s: no line is the public key of a user, U...; add it: nk -inkey FILE -pubout >>FILE", file);
        return NATS_INVALID_ARG;
    }
    return natsOptions_SetNKeyFromSeed(options, key, file);
}

/* NATS_INVALID_ARG: has been reported. */
static natsStatus set_credentials(natsOptions *nats, const struct connection_options *options)
{
    natsStatus status = NATS_OK;

    if (options->user)
        status = natsOptions_SetUserInfo(nats, options->user, options->password ? options->password : "");
    if (!status && options->token)
        status = natsOptions_SetToken(nats, options->token);
    if (!status && options->creds)
        status = natsOptions_SetUserCredentialsFromFiles(nats, options->creds, NULL);
    if (!status && options->nkey)
        status = set_nkey(nats, options->nkey);
    return status;
}

/* Returns an exit status. */
static int set_tls(natsOptions *nats, const struct connection_options *options)
{
    if (options->ca && natsOptions_LoadCATrustedCertificates(nats, options->ca))
        return fail("cannot use the certificates in %s (--tlscacert): %s", options->ca, nats_detail(NATS_ERR));
    if (!options->cert != !options->key)
        return fail("--tlscert and --tlskey belong together");
    if (options->cert && natsOptions_LoadCertificatesChain(nats, options->cert, options->key))
        return fail("cannot use the certificate %s with the key %s: %s", options->cert, options->key,
                    nats_detail(NATS_ERR));
    if ((options->ca || options->cert) && natsOptions_SetSecure(nats, true))
        return fail("cannot use TLS: %s", nats_detail(NATS_ERR));
    return EXIT_OK;
}

/* ---- Connecting ---- */

static int64_t reconnect_delay(natsConnection *connection, int attempts, void *unused)
{
    int64_t delay = RECONNECT_WAIT_MS;

    (void)connection, (void)unused;
    for (int i = 1; i < attempts && delay < RECONNECT_MOST_MS; i++)
        delay *= 2;
    return delay < RECONNECT_MOST_MS ? delay : RECONNECT_MOST_MS;
}

/* libnats prints asynchronous errors otherwise. What matters is seen where it is waited for, but for what the server refuses
   without an answer. */
static void note_error(natsConnection *connection, natsSubscription *subscription, natsStatus status, void *unused)
{
    const char *text = NULL;

    (void)subscription, (void)unused;
    if (status != NATS_NOT_PERMITTED)
        return;
    (void)natsConnection_GetLastError(connection, &text);
    pthread_mutex_lock(&refusal.lock);
    snprintf(refusal.text, sizeof refusal.text, "%s", text && *text ? text : natsStatus_GetText(status));
    refusal.ns = monotonic_ns();
    pthread_mutex_unlock(&refusal.lock);
}

static natsStatus set_behaviour(natsOptions *options)
{
    natsStatus status = natsOptions_SetTimeout(options, CONNECT_MS);

    if (!status)
        status = natsOptions_SetName(options, "mmsync");
    if (!status)
        status = natsOptions_SetMaxReconnect(options, -1);
    if (!status)
        status = natsOptions_SetCustomReconnectDelay(options, reconnect_delay, NULL);
    if (!status)
        status = natsOptions_SetPingInterval(options, PING_MS);
    if (!status)
        status = natsOptions_SetMaxPingsOut(options, PINGS_OUT);
    if (!status)
        status = natsOptions_SetWriteDeadline(options, WRITE_MS);
    if (!status) /* what was sent meanwhile is sent anew, from a known state */
        status = natsOptions_SetFailRequestsOnDisconnect(options, true);
    if (!status)
        status = natsOptions_SetErrorHandler(options, note_error, NULL);
    if (!status)
        status = natsOptions_SetIOBufSize(options, 256 << 10);
    return status;
}

static int report_connect(const struct connection *connection, natsStatus status)
{
    switch (status) {
    case NATS_NO_SERVER:
        return fail("no NATS server answers at %s; is it running, and is the URL right?", connection->url);
    case NATS_CONNECTION_AUTH_FAILED:
        return fail("%s refuses the credentials; see --user, --creds, --nkey and --token", connection->url);
    case NATS_SECURE_CONNECTION_REQUIRED:
        return fail("%s wants TLS; give the certificate of its authority with --tlscacert", connection->url);
    case NATS_SECURE_CONNECTION_WANTED:
        return fail("%s has no TLS, which --tlscacert, --tlscert or tls:// ask for", connection->url);
    case NATS_TIMEOUT: return fail("%s accepts connections, but does not speak NATS in time", connection->url);
    case NATS_ADDRESS_MISSING:
    case NATS_INVALID_ARG: return fail("'%s' is not the URL of a NATS server; write nats://HOST:PORT", connection->url);
    case NATS_SSL_ERROR:
        return fail("cannot connect to %s by TLS: %s; see --tlscacert, --tlscert and --tlskey", connection->url,
                    nats_detail(status));
    default: return fail("cannot connect to %s: %s", connection->url, nats_detail(status));
    }
}

static void set_names(struct connection *connection, const char *url, const char *name)
{
    copy_without_secrets(connection->url, sizeof connection->url, url);
    snprintf(connection->name, sizeof connection->name, "%s", name);
    snprintf(connection->log_stream, sizeof connection->log_stream, "mmsync-%s-log", connection->name);
    snprintf(connection->value_stream, sizeof connection->value_stream, "mmsync-%s-value", connection->name);
    snprintf(connection->log_subject, sizeof connection->log_subject, "mmsync.%s.log", connection->name);
    snprintf(connection->head_subject, sizeof connection->head_subject, "mmsync.%s.head", connection->name);
    snprintf(connection->pusher_subject, sizeof connection->pusher_subject, "mmsync.%s.pusher", connection->name);
}

void subject_of_chunk(const struct connection *connection, uint64_t chunk, char subject[CHUNK_SUBJECT_SIZE])
{
    snprintf(subject, CHUNK_SUBJECT_SIZE, "mmsync.%s.chunk.%" PRIu64, connection->name, chunk);
}

bool chunk_of_subject(const struct connection *connection, const char *subject, uint64_t *chunk)
{
    const char *last = strrchr(subject, '.');
    char wanted[CHUNK_SUBJECT_SIZE];

    *chunk = last ? strtoull(last + 1, NULL, 10) : 0;
    subject_of_chunk(connection, *chunk, wanted);
    return strcmp(subject, wanted) == 0; /* "-1" and "007" are numbers, too */
}

/* libnats before 3.8.0 leaves a signature out when its first byte is 0, as it is one time in 256. The next attempt signs
   another nonce. */
static natsStatus connect_patiently(struct connection *connection, natsOptions *nats, bool with_signature)
{
    int attempts = with_signature ? SIGNED_ATTEMPTS : 1;
    natsStatus status;

    do
        status = natsConnection_Connect(&connection->nats, nats);
    while (status == NATS_CONNECTION_AUTH_FAILED && --attempts > 0);
    return status;
}

/* With options that are ready. */
static int connect_with(struct connection *connection, natsOptions *nats, bool with_signature)
{
    jsOptions js;
    natsStatus status = connect_patiently(connection, nats, with_signature);

    if (status)
        return interrupted() ? EXIT_FAILED : report_connect(connection, status);
    if (natsConnection_GetMaxPayload(connection->nats) < PAYLOAD_LEAST)
        return fail("%s takes messages of at most %" PRId64
                    " bytes, but mmsync sends up to %d; raise max_payload there",
                    connection->url, natsConnection_GetMaxPayload(connection->nats), (int)PAYLOAD_LEAST);
    jsOptions_Init(&js);
    js.Domain = connection->domain;
    status = natsConnection_JetStream(&connection->js, connection->nats, &js);
    if (status)
        return fail("cannot use JetStream at %s: %s", connection->url, nats_detail(NATS_ERR));
    return EXIT_OK;
}

int connection_open(struct connection *connection, const struct connection_options *options, const char *url,
                    const char *name)
{
    natsOptions *nats = NULL;
    natsStatus status;
    int result;

    *connection = (struct connection){.options = options, .domain = options->domain};
    set_names(connection, url, name);
    if (natsOptions_Create(&nats) || set_behaviour(nats)) {
        natsOptions_Destroy(nats);
        return fail("cannot start the NATS client: %s", nats_detail(NATS_ERR));
    }
    status = set_servers(nats, url);
    if (status) {
        result = report_connect(connection, status);
    } else {
        result = set_tls(nats, options);
        status = result ? NATS_OK : set_credentials(nats, options);
        if (status && !(status == NATS_INVALID_ARG && options->nkey))
            fail("cannot use these credentials: %s", nats_detail(NATS_ERR));
        if (status)
            result = EXIT_FAILED;
    }
    if (!result)
        result = connect_with(connection, nats, options->creds || options->nkey);
    natsOptions_Destroy(nats);
    if (result)
        connection_close(connection);
    return result;
}

void connection_close(struct connection *connection)
{
    jsCtx_Destroy(connection->js);
    natsConnection_Close(connection->nats);
    natsConnection_Destroy(connection->nats);
    connection->js = NULL;
    connection->nats = NULL;
}

bool connection_is_up(const struct connection *connection)
{
    return natsConnection_Status(connection->nats) == NATS_CONN_STATUS_CONNECTED;
}

bool connection_is_closed(const struct connection *connection)
{
    return natsConnection_Status(connection->nats) == NATS_CONN_STATUS_CLOSED;
}

uint64_t connection_reconnects(const struct connection *connection)
{
    natsStatistics *statistics = NULL;
    uint64_t reconnects = 0;

    if (!natsStatistics_Create(&statistics) && !natsConnection_GetStats(connection->nats, statistics))
        (void)natsStatistics_GetCounts(statistics, NULL, NULL, NULL, NULL, &reconnects);
    natsStatistics_Destroy(statistics);
    return reconnects;
}

const char *connection_problem(const struct connection *connection)
{
    const char *text = NULL;

    (void)natsConnection_GetLastError(connection->nats, &text);
    return text && *text ? text : "it gave no reason";
}
