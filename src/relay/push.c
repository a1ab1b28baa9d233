/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/push.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include "cli/output_watch.h"
#include "cli/relay_verbs.h"
#include "relay/push_state.h"
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_MS = 250,  /* how long a wait takes at most, as a signal may come to another thread */
    IDLE_LOOKS = 4, /* so many of them without a change, and chunks are stored anew */
    RETRY_MS = 100, /* doubles, up to this: */
    RETRY_MOST_MS = 5000,
    PAUSE_US = 2000, /* between two generations: what comes meanwhile is one */
    LOOK_US = 500,
    BUSY_LOOKS = 8, /* with so long between them: a writer that publishes again by then wakes nobody */
};

/* How often a follower's wish to begin anew is heeded. */
#define AGAIN_NS UINT64_C(1000000000)

/* ---- Failures ---- */

static char problem[1024];

const char *push_problem(void)
{
    return problem;
}

enum push_result push_fail(struct push *push, enum push_result result, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    (void)push;
    if (result == PUSH_FAILED)
        fail("%s", problem);
    return result;
}

enum push_result push_from_append(struct push *push, enum append_result result)
{
    const char *url = push->connection.url;

    if (result && interrupted())
        return PUSH_STOPPED;
    switch (result) {
    case APPEND_OK: return PUSH_OK;
    case APPEND_REFUSED: return push_fail(push, PUSH_REFUSED, "%s refuses: %s", url, push->appender.problem);
    case APPEND_FULL: return push_fail(push, PUSH_AGAIN, "%s has no room: %s", url, push->appender.problem);
    case APPEND_UNKNOWN: break;
    }
    return push_fail(push, PUSH_AGAIN, "%s does not answer: %s", url, push->appender.problem);
}

/* ---- One generation after the other ---- */

/* What the server has is the value of a generation again, and the newest one. */
static enum push_result catch_up(struct push *push)
{
    enum push_result result = source_hold(push);

    if (!result && push->begun && push->source.view.generation != push->pushed)
        result = push_change(push);
    else if (!result && !push->begun)
        result = push_begin(push);
    if (!result)
        result = store_refresh(push);
    return result;
}

/* After a while without changes. */
static enum push_result refresh_idle(struct push *push)
{
    enum push_result result = source_hold(push);

    if (!result && push->source.view.generation == push->pushed)
        result = store_refresh_idle(push);
    source_release(push);
    return result;
}

/* Something is missing at the server, as a follower says. All of them notice that at once, and are
   heard once. */
static bool must_begin_again(struct push *push)
{
    const uint64_t now = monotonic_ns();

    if (!atomic_load(&push->again_asked) || (push->again_ns != 0 && now - push->again_ns < AGAIN_NS))
        return false;
    atomic_store(&push->again_asked, false);
    push->again_ns = now;
    return true;
}

/* Nothing is held here, so that a writer with few slots is not in want of them. */
static enum push_result wait_for_change(struct push *push)
{
    for (unsigned looks = 1;; looks++) {
        enum push_result result;

        if (interrupted() || output_is_closed())
            return PUSH_STOPPED;
        if (atomic_exchange(&push->rival_heard, false))
            return push_fail(push, PUSH_REFUSED, "another pusher of %s has begun", push->name);
        if (push->begun && must_begin_again(push)) {
            push->begun = false;
            return PUSH_OK;
        }
        result = source_wait(push, push->begun ? push->pushed : 0, LOOK_MS);
        if (result != PUSH_AGAIN) /* else there is nothing new */
            return result;
        if (connection_is_closed(&push->connection))
            return push_fail(push, PUSH_AGAIN, "%s has closed the connection: %s", push->connection.url,
                             connection_problem(&push->connection));
        report_flush(push, true);
        result = push->begun ? push_look(push) : PUSH_OK;
        if (result)
            return result;
        result = push->begun && looks >= IDLE_LOOKS ? refresh_idle(push) : PUSH_OK;
        if (result)
            return result;
    }
}

/* To be woken costs a writer a system call at each publish, so wait for one that is busy by looking. */
static void pause_busy(const struct push *push)
{
    for (unsigned looks = 0; looks < BUSY_LOOKS && mms_generation(push->source.region) == push->pushed; looks++)
        usleep(LOOK_US);
}

static enum push_result go_on(struct push *push)
{
    for (;;) {
        enum push_result result = catch_up(push);

        source_release(push);
        if (result == PUSH_EMPTY && !push->once)
            report_waiting(push, result);
        else if (result)
            return result;
        else
            report_again(push);
        if (push->once) {
            report_flush(push, true);
            return PUSH_STOPPED;
        }
        usleep(PAUSE_US);
        pause_busy(push);
        result = wait_for_change(push);
        if (result)
            return result;
    }
}

/* ---- What to do when it cannot go on ---- */

static bool pause_for(unsigned ms)
{
    const uint64_t end = monotonic_ns() + (uint64_t)ms * 1000000;

    while (monotonic_ns() < end) {
        if (interrupted() || output_is_closed())
            return false;
        poll(NULL, 0, ms < LOOK_MS ? (int)ms : LOOK_MS);
    }
    return true;
}

/* What fails here is tried again. */
static void reconnect(struct push *push)
{
    natsSubscription_Destroy(push->questions);
    push->questions = NULL;
    appender_close(&push->appender);
    connection_close(&push->connection);
    if (connection_open(&push->connection, &push->connection_options, push->url, push->name) ||
        appender_reopen(&push->appender) || peer_listen(push))
        connection_close(&push->connection);
}

/* With the region open. */
static enum push_result serve_region(struct push *push)
{
    unsigned pause = RETRY_MS;

    for (;;) {
        const uint64_t pushed = push->pushed;
        enum push_result result = go_on(push);

        if (result == PUSH_REFUSED) {
            result = push_find_rival(push);
            push->begun = false;
        }
        if (result != PUSH_AGAIN)
            return result;
        push->begun = false;
        report_waiting(push, result);
        if (push->pushed != pushed)
            pause = RETRY_MS;
        if (!pause_for(pause))
            return PUSH_STOPPED;
        pause = pause < RETRY_MOST_MS / 2 ? 2 * pause : RETRY_MOST_MS;
        if (connection_is_closed(&push->connection))
            reconnect(push);
    }
}

/* Regions come and go; this stays. */
static enum push_result serve(struct push *push)
{
    for (;;) {
        enum push_result result = source_open(push);

        if (!result)
            result = serve_region(push);
        source_close(push);
        if (result != PUSH_GONE && result != PUSH_EMPTY)
            return result;
        if (push->once) {
            fail("%s", push_problem());
            return PUSH_FAILED;
        }
        report_waiting(push, result);
        if (!pause_for(LOOK_MS))
            return PUSH_STOPPED;
    }
}

static int push_region(struct push *push)
{
    enum push_result result;

    if (connection_open(&push->connection, &push->connection_options, push->url, push->name))
        return interrupted() ? EXIT_OK : EXIT_FAILED;
    if (appender_open(&push->appender, &push->connection))
        return EXIT_FAILED;
    result = peer_ask(push);
    if (result == PUSH_AGAIN)
        fail("%s", push_problem());
    if (!result)
        result = peer_listen(push);
    if (!result)
        result = serve(push);
    natsSubscription_Destroy(push->questions);
    appender_close(&push->appender);
    connection_close(&push->connection);
    if (result == PUSH_STOPPED)
        return EXIT_OK;
    return result == PUSH_TAKEN_OVER ? EXIT_TAKEN_OVER : EXIT_FAILED;
}

/* ---- The command line ---- */

enum { ONCE = CONNECTION_OPTIONS_END, TAKE_OVER, REPLICAS, STORAGE, LOG_SIZE, FORCE_FILESYSTEM, TRUST };

static const struct option long_options[] = {
    {"name", required_argument, NULL, 'n'},
    {"once", no_argument, NULL, ONCE},
    JSON_OPTION,
    {"take-over", no_argument, NULL, TAKE_OVER},
    {"replicas", required_argument, NULL, REPLICAS},
    {"storage", required_argument, NULL, STORAGE},
    {"log", required_argument, NULL, LOG_SIZE},
    {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},
    CONNECTION_OPTIONS,
    COMMON_OPTIONS,
};

static bool parse_storage(const char *text)
{
    if (strcmp(text, "file") != 0 && strcmp(text, "memory") != 0)
        usage_error(&push_verb, "--storage: '%s' is not file or memory", text);
    return *text == 'm';
}

static void set_option(struct push *push, int option)
{
    switch (option) {
    case 'n': push->name = optarg; break;
    case 'j': break; /* wants_json() */
    case ONCE: push->once = true; break;
    case TAKE_OVER: push->take_over = true; break;
    case REPLICAS: push->stream_options.replicas = (int)parse_number(&push_verb, "--replicas", optarg, 1, 5); break;
    case STORAGE: push->stream_options.memory = parse_storage(optarg); break;
    case LOG_SIZE: push->log_most = parse_size(&push_verb, "--log", optarg); break;
    case FORCE_FILESYSTEM: push->source.options.force_filesystem = true; break;
    case TRUST:
        push->source.options.trust_owner = true;
        push->source.options.trusted_uid = parse_user(&push_verb, "--trust", optarg);
        break;
    default: set_connection_option(&push->connection_options, option);
    }
}

/* The region's own name, without directories. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *colon = strrchr(path, ':');

    if (slash)
        return slash + 1;
    return colon ? colon + 1 : path;
}

static void choose_identity(struct push *push)
{
    push->started_ns = read_clock(CLOCK_REALTIME);
    if (getrandom(&push->pusher, sizeof push->pusher, 0) != sizeof push->pusher)
        push->pusher = push->started_ns ^ (uint64_t)getpid() << 40;
    if (gethostname(push->host, sizeof push->host - 1) != 0)
        strcpy(push->host, "unknown");
}

int push_main(int argc, char **argv)
{
    static struct push push = {.stream_options = {.replicas = 1}, .source.options = MMS_REGION_OPTIONS_INIT};
    int option, status;

    connection_options_init(&push.connection_options);
    while ((option = next_option(&push_verb, argc, argv, "n:j", long_options)) >= 0)
        set_option(&push, option);
    if (count_operands(&push_verb, argc, argv, 1, 2) < 2)
        usage_error(&push_verb, "say which server: mmsync push %s", push_verb.synopsis);
    push.source.path = argv[optind];
    push.url = argv[optind + 1];
    if (!push.name)
        push.name = name_of(push.source.path);
    if (!is_relay_name(push.name))
        usage_error(&push_verb, "'%s' cannot be a name; give --name, with letters, digits, _ and - only", push.name);
    choose_identity(&push);
    interrupt_catch();
    output_watch_start();
    report_begin(&push);
    status = push_region(&push);
    free(push.message.data);
    free(push.old_leaves);
    free(push.ranges.list);
    free(push.part.list);
    codec_free(&push.codec);
    dirty_free(&push.dirty);
    tree_free(&push.tree);
    return status;
}
