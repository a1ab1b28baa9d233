/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/follow_run.h"
#include "cli/cmd.h"
#include "cli/followed.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include "cli/recovery.h"
#include "relay/follow_report.h"
#include "relay/store.h"
#include <errno.h>
#include <mmsync/durable.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TICK_MS = 100, PAUSE_LEAST_MS = 200, PAUSE_MOST_MS = 10000, DURABLE_SLOTS = 5 };

static void pause_ms(unsigned ms)
{
    for (; ms >= TICK_MS && !interrupted(); ms -= TICK_MS)
        nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
}

/* ---- Before the region is opened ---- */

/* What is overwritten must be what a follower of this name has left. */
static enum step check_owner(struct follower *follower)
{
    struct followed state;

    follow_state_read(follower->path, &state);
    if (!strcmp(state.name, follower->name))
        return STEP_OK;
    if (*state.name)
        return end_with(follower, fail("%s holds the value of '%s', not of '%s'; give another REGION, or --overwrite",
                                       follower->path, state.name, follower->name));
    return end_with(follower, fail("%s holds a value that came from elsewhere; give another REGION, or --overwrite",
                                   follower->path));
}

/* After a reboot the value is there before the server is, and so is what says where it is from. */
static int recover_target(const struct follower *follower)
{
    char source[PATH_MAX];
    int code = recover_region(follower->path, &follower->writing);

    if (code == 0 && followed_path(follower->path, source))
        code = recover_region(source, &follower->writing);
    return code;
}

/* Before the server is asked; open_target looks once more. */
static enum step check_target(struct follower *follower)
{
    mms_info info;
    int code = recover_target(follower);

    if (code == MMS_E_BUSY && interrupted())
        return end_with(follower, EXIT_OK);
    if (code == 0)
        code = mms_inspect(follower->path, &info);
    if (code == -ENOENT)
        return STEP_OK;
    if (code != 0)
        return end_with(follower, fail_call(code));
    return info.generation == 0 || follower->overwrite ? STEP_OK : check_owner(follower);
}

static enum step check_stream(struct follower *follower, enum stream_kind kind)
{
    switch (stream_look(&follower->connection, kind, NULL)) {
    case STREAM_OK: return STEP_OK;
    case STREAM_MISSING: return judge_log(follower, LOG_MISSING);
    case STREAM_UNAVAILABLE: return judge_log(follower, LOG_UNAVAILABLE);
    case STREAM_REFUSED: break;
    }
    return judge_log(follower, LOG_REFUSED);
}

/* The head says what region the source is, which a new one copies. */
static enum step look_at_head(struct follower *follower)
{
    struct record head;

    switch (store_get_head(&follower->connection, &follower->codec, &follower->head, &head, NULL)) {
    case STORE_OK: break;
    case STORE_NEWER: return refuse_newer(follower, "the store");
    case STORE_UNAVAILABLE: return judge_log(follower, LOG_UNAVAILABLE);
    case STORE_NO_MEMORY:
    case STORE_STOPPED: return out_of_memory(follower);
    case STORE_MISSING:
    case STORE_DAMAGED: head.sequence = 0; break;
    }
    if (head.sequence > 0)
        return note_record(follower, &head);
    report_trouble("waiting for the first value");
    ask_to_look(follower);
    return STEP_AGAIN;
}

static enum step look_at_source(struct follower *follower)
{
    enum step step = check_stream(follower, LOG_STREAM);

    if (step == STEP_OK)
        step = check_stream(follower, VALUE_STREAM);
    if (step != STEP_OK)
        return step;
    follower->connection_options.patient = true; /* the way to JetStream may be cut behind the server, at a leaf node */
    return look_at_head(follower);
}

/* ---- The region ---- */

/* A durable region needs more than others. */
static unsigned slots_for(const struct follower *follower)
{
    unsigned as_source = (unsigned)follower->origin.max_slots;

    return follower->writing.options.durable && as_source < DURABLE_SLOTS ? DURABLE_SLOTS : as_source;
}

/* The source's, where no option says otherwise and this machine has so much address space. */
static mms_writer_options choose_geometry(const struct follower *follower)
{
    mms_writer_options options = follower->writing.options;
    mms_info info;

    if (mms_inspect(follower->path, &info) != -ENOENT)
        return options;
    if (options.max_size == 0 && follower->origin.max_size <= SIZE_MAX / 4)
        options.max_size = follower->origin.max_size;
    if (options.max_slots == 0)
        options.max_slots = slots_for(follower);
    if (options.max_readers == 0)
        options.max_readers = follower->origin.max_readers;
    return options;
}

/* A follower may be killed after its first value and before it has said what that is. The next one has to know it for its own. */
static enum step claim(struct follower *follower)
{
    struct followed state;

    follow_state_read(follower->path, &state);
    return strcmp(state.name, follower->name) == 0 ? STEP_OK : publish_state(follower, 0);
}

static enum step open_target(struct follower *follower)
{
    const mms_writer_options options = choose_geometry(follower);
    enum step step;
    int code = target_open(&follower->target, follower->path, &options);

    /* From now on nobody else writes to it. Somebody may have while the server was waited for. */
    if (code == 0 && follower->target.generation != 0 && !follower->overwrite && check_owner(follower) != STEP_OK)
        return STEP_END;
    follower->writing.options.replace = false;    /* once */
    if (code == 0 && follower->target.is_durable) /* then so is what is beside it */
        follower->writing.options.durable = MMS_DURABLE_COMMIT;
    if (code == 0 && !follower->state.writer)
        code = follow_state_open(&follower->state, follower->path, &follower->writing.options);
    if (code == MMS_E_BUSY && interrupted())
        return end_with(follower, EXIT_OK);
    if (code == MMS_E_GONE || code == -ENOENT) { /* it was removed just now */
        target_close(&follower->target);
        return STEP_AGAIN;
    }
    if (code != 0)
        return end_with(follower, fail_call(code));
    report_start(follower);
    step = claim(follower);
    return step == STEP_OK ? resume(follower) : step;
}

/* ---- Following ---- */

static bool is_caught_up(const struct follower *follower)
{
    struct stream_state state;

    return stream_look(&follower->connection, LOG_STREAM, &state) == STREAM_OK && state.last < follower->log.next;
}

/* Whoever removed or replaced the region by hand told nobody. */
static enum step check_place(struct follower *follower)
{
    return judge_target(follower, mms_region_check(follower->target.region), 0);
}

static enum step follow_next(struct follower *follower)
{
    natsMsg *message = NULL;
    enum log_result result = log_next(&follower->log, TICK_MS, &message);
    enum step step = judge_log(follower, result);

    if (result == LOG_MESSAGE)
        step = apply_message(follower, message);
    natsMsg_Destroy(message);
    if (result != LOG_QUIET || step != STEP_OK)
        return step;
    report_held(follower, true);
    if (follower->building.held && monotonic_ns() >= follower->lack.retry_ns) {
        follower->lack.retry_ns = 0;
        return STEP_AGAIN;
    }
    step = check_place(follower);
    return step == STEP_OK ? scrub(follower) : step;
}

/* One action; `behind`: the target is not what the log goes on from. */
static enum step act(struct follower *follower, bool *behind)
{
    enum step step;

    if (!follower->target.writer) {
        step = look_at_source(follower);
        if (step == STEP_OK)
            step = open_target(follower);
        *behind = step != STEP_OK;
        return step;
    }
    if (*behind)
        step = rebuild(follower, follower->at.known ? REBUILD_GAP : REBUILD_START, NULL, NULL);
    else
        step = follow_next(follower);
    if (step == STEP_AGAIN && !*behind && follower->target.writer && follower->at.known) {
        give_up_update(follower);
        log_seek(&follower->log, follower->at.sequence + 1);
        return step;
    }
    *behind = step != STEP_OK;
    return step;
}

/* What is begun goes on where it was: the log's next message is known. */
static enum step keep_connected(struct follower *follower)
{
    if (!connection_is_closed(&follower->connection))
        return STEP_OK;
    if (follower->connection.nats) /* else it is another try */
        report_closed(follower);
    log_close(&follower->log);
    connection_close(&follower->connection);
    if (connection_open(&follower->connection, &follower->connection_options, follower->url, follower->name) != EXIT_OK)
        return STEP_AGAIN;
    return STEP_OK;
}

static void follow(struct follower *follower)
{
    unsigned pause = PAUSE_LEAST_MS;
    bool behind = true;

    while (!interrupted()) {
        enum step step = keep_connected(follower);

        switch (step == STEP_OK ? act(follower, &behind) : step) {
        case STEP_OK:
            pause = PAUSE_LEAST_MS;
            if (follower->once && !behind && !follower->building.held && follower->log.pending == 0 &&
                is_caught_up(follower))
                return;
            break;
        case STEP_GAP: break;
        case STEP_AGAIN:
            pause_ms(pause);
            pause = pause < PAUSE_MOST_MS / 2 ? 2 * pause : PAUSE_MOST_MS;
            break;
        case STEP_END: return;
        }
        if (!flush_output()) {
            follower->status = EXIT_FAILED;
            return;
        }
    }
}

static int open_connection(struct follower *follower)
{
    unsigned pause = PAUSE_LEAST_MS;

    for (;;) {
        int status =
            connection_open(&follower->connection, &follower->connection_options, follower->url, follower->name);

        if (interrupted())
            return EXIT_OK;
        if (status == EXIT_OK || !follower->wait)
            return status;
        pause_ms(pause);
        pause = pause < PAUSE_MOST_MS / 2 ? 2 * pause : PAUSE_MOST_MS;
    }
}

static void close_all(struct follower *follower)
{
    log_close(&follower->log);
    target_close(&follower->target);
    follow_state_close(&follower->state);
    connection_close(&follower->connection);
    tree_free(&follower->tree);
    codec_free(&follower->codec);
    free(follower->chunk.data);
    free(follower->head.data);
    free(follower->times.touched);
    free(follower->schema);
}

int follow_run(struct follower *follower)
{
    if (check_target(follower) != STEP_OK)
        return follower->status;
    follower->status = open_connection(follower);
    if (follower->status != EXIT_OK)
        return follower->status;
    follower->log.connection = &follower->connection;
    follow(follower);
    report_held(follower, true);
    report_end();
    close_all(follower);
    return follower->status;
}
