/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "relay/connection.h"
#include "relay/record.h"
#include "relay/stream_problem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { API_WAIT_MS = 5000 };

/* How a stream of ours begins its description; the format's number follows. */
#define DESCRIPTION "mmsync, format "

static _Thread_local char problem[512];

const char *stream_problem(void)
{
    return problem;
}

void stream_note_problem(natsStatus status)
{
    snprintf(problem, sizeof problem, "%s", nats_detail(status));
}

static const char *stream_name(const struct connection *connection, enum stream_kind kind)
{
    return kind == LOG_STREAM ? connection->log_stream : connection->value_stream;
}

static enum stream_result refuse_not_there(const struct connection *connection)
{
    if (connection->domain)
        fail("%s knows no JetStream domain '%s'; see --domain", connection->url, connection->domain);
    else
        fail("%s has no JetStream for this account; start nats-server with -js, or enable it there", connection->url);
    return STREAM_REFUSED;
}

/* What a failed request means. */
static enum stream_result judge(const struct connection *connection, const char *stream, natsStatus status,
                                jsErrCode code)
{
    stream_note_problem(status);
    if (status == NATS_NOT_FOUND || code == JSStreamNotFoundErr)
        return STREAM_MISSING;
    if (code == JSNotEnabledErr || code == JSNotEnabledForAccountErr || code == JSNoAccountErr ||
        (status == NATS_NO_RESPONDERS && connection_is_up(connection)))
        return connection->options->patient ? STREAM_UNAVAILABLE : refuse_not_there(connection);
    if (code == 0 || code == JSClusterNotAvailErr || code == JSClusterNoPeersErr || code == JSStreamOfflineErr ||
        code == JSInsufficientResourcesErr || code == JSClusterNotLeaderErr)
        return STREAM_UNAVAILABLE;
    fail("%s refuses the stream %s: %s", connection->url, stream, problem);
    return STREAM_REFUSED;
}

/* ---- What is there ---- */

static enum stream_result refuse_foreign(const struct connection *connection, const char *stream)
{
    fail("%s has a stream %s that is not of mmsync; choose another --name, or delete it", connection->url, stream);
    return STREAM_REFUSED;
}

static enum stream_result refuse_newer(const struct connection *connection, const char *stream)
{
    fail("%s: %s was made by a newer mmsync; upgrade this one", connection->url, stream);
    return STREAM_REFUSED;
}

/* Limits would throw away what followers need. A mirror of the log must have some: purges are not
   mirrored. */
static bool has_limits(const jsStreamConfig *config, enum stream_kind kind)
{
    const bool wants_one = kind == VALUE_STREAM, is_mirror = config->Mirror && kind == LOG_STREAM;

    return (!is_mirror && (config->MaxMsgs > 0 || config->MaxBytes > 0 || config->MaxAge > 0)) ||
           (wants_one ? config->MaxMsgsPerSubject != 1 : config->MaxMsgsPerSubject > 0) ||
           config->Retention != js_LimitsPolicy || config->Sealed;
}

static enum stream_result check_config(const struct connection *connection, enum stream_kind kind,
                                       const jsStreamConfig *config)
{
    const char *stream = stream_name(connection, kind), *text = config->Description;
    long format;

    if (!text || strncmp(text, DESCRIPTION, strlen(DESCRIPTION)) != 0)
        return refuse_foreign(connection, stream);
    format = strtol(text + strlen(DESCRIPTION), NULL, 10);
    if (format > RECORD_VERSION)
        return refuse_newer(connection, stream);
    if (format < 1)
        return refuse_foreign(connection, stream);
    if (has_limits(config, kind)) {
        fail("%s: somebody has given the stream %s limits, which would lose what followers need; delete both streams "
             "of that name, and start again",
             connection->url, stream);
        return STREAM_REFUSED;
    }
    return STREAM_OK;
}

enum stream_result stream_look(const struct connection *connection, enum stream_kind kind, struct stream_state *state)
{
    const char *stream = stream_name(connection, kind);
    jsOptions options;
    jsErrCode code = (jsErrCode)0;
    jsStreamInfo *info = NULL;
    natsStatus status;
    enum stream_result result;

    jsOptions_Init(&options);
    options.Wait = API_WAIT_MS;
    status = js_GetStreamInfo(&info, connection->js, stream, &options, &code);
    if (status)
        return judge(connection, stream, status, code);
    result = check_config(connection, kind, info->Config);
    if (state)
        *state = (struct stream_state){.first = info->State.FirstSeq,
                                       .last = info->State.LastSeq,
                                       .messages = info->State.Msgs,
                                       .bytes = info->State.Bytes,
                                       .replicated = info->Config->Replicas > 1};
    jsStreamInfo_Destroy(info);
    return result;
}

/* ---- Making them ---- */

static enum stream_result make(const struct connection *connection, enum stream_kind kind,
                               const struct stream_options *options)
{
    const char *log_subjects[] = {connection->log_subject};
    char chunks[CHUNK_SUBJECT_SIZE];
    const char *value_subjects[] = {chunks, connection->head_subject};
    jsStreamConfig config;
    jsErrCode code = (jsErrCode)0;
    char description[64];
    natsStatus status;

    snprintf(description, sizeof description, DESCRIPTION "%d: %s", RECORD_VERSION,
             kind == LOG_STREAM ? "changes" : "chunks");
    snprintf(chunks, sizeof chunks, "mmsync.%s.chunk.*", connection->name);
    jsStreamConfig_Init(&config);
    config.Name = stream_name(connection, kind);
    config.Description = description;
    config.Subjects = kind == LOG_STREAM ? log_subjects : value_subjects;
    config.SubjectsLen = kind == LOG_STREAM ? 1 : 2;
    config.MaxMsgsPerSubject = kind == LOG_STREAM ? -1 : 1;
    config.Storage = options->memory ? js_MemoryStorage : js_FileStorage;
    config.Replicas = options->replicas;
    config.AllowDirect = true;
    status = js_AddStream(NULL, connection->js, &config, NULL, &code);
    if (!status || code == JSStreamNameExistErr) /* somebody else was faster */
        return STREAM_OK;
    if (code == JSStreamReplicasNotSupportedErr || code == JSClusterNoPeersErr) {
        fail("%s cannot keep %d copies; give --replicas at most the number of its servers", connection->url,
             options->replicas);
        return STREAM_REFUSED;
    }
    return judge(connection, config.Name, status, code);
}

enum stream_result streams_make(const struct connection *connection, const struct stream_options *options)
{
    for (enum stream_kind kind = LOG_STREAM; kind <= VALUE_STREAM; kind++) {
        enum stream_result result = stream_look(connection, kind, NULL);

        if (result == STREAM_MISSING) {
            result = make(connection, kind, options);
            if (result == STREAM_OK)
                result = stream_look(connection, kind, NULL);
        }
        if (result)
            return result == STREAM_MISSING ? STREAM_UNAVAILABLE : result;
    }
    return STREAM_OK;
}
