/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/peer.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include <errno.h>
#include <mmsync.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum command { ATTACH = 'a', DETACH = 'd', SPIN = 's', WAIT = 'w' };

/* Shared with the child. The socket orders everything but `stop`. */
struct shared {
    atomic_bool stop;
    uint64_t seen, awake_ns;
    char detail[600];
};

struct peer {
    pid_t pid;
    int socket;
    struct shared *shared;
};

/* The child's side. */
struct worker {
    const char *path;
    int socket;
    struct shared *shared;
    mms_region *region;
    mms_reader *reader;
};

static void answer(struct worker *worker, int code)
{
    if (code)
        snprintf(worker->shared->detail, sizeof worker->shared->detail, "%s", last_error());
    if (send(worker->socket, &code, sizeof code, MSG_NOSIGNAL) != sizeof code)
        _exit(1); /* nobody listens */
}

static int attach(struct worker *worker)
{
    int code = mms_region_open(worker->path, NULL, &worker->region);

    return code ? code : mms_reader_open(worker->region, &worker->reader);
}

static int detach(struct worker *worker)
{
    int code = mms_reader_close(worker->reader);

    worker->reader = NULL;
    if (!code)
        code = mms_region_close(worker->region);
    worker->region = NULL;
    return code;
}

static int spin(struct worker *worker)
{
    mms_view view;
    int code = 0;

    answer(worker, 0);
    while (!code && !atomic_load_explicit(&worker->shared->stop, memory_order_relaxed)) {
        code = mms_read(worker->reader, &view);
        if (!code)
            code = mms_release(worker->reader);
    }
    return code;
}

static int wait_once(struct worker *worker)
{
    int code;

    answer(worker, 0);
    code = mms_wait(worker->reader, worker->shared->seen, MMS_FOREVER);
    worker->shared->awake_ns = monotonic_ns();
    return code;
}

_Noreturn static void work(struct worker *worker)
{
    char command;

    while (recv(worker->socket, &command, 1, 0) == 1) {
        switch ((enum command)command) {
        case ATTACH: answer(worker, attach(worker)); break;
        case DETACH: answer(worker, detach(worker)); break;
        case SPIN: answer(worker, spin(worker)); break;
        case WAIT: answer(worker, wait_once(worker)); break;
        }
    }
    _exit(0);
}

/* Ctrl-C reaches the whole group: the parent decides what it means. */
_Noreturn static void run_child(struct worker *worker, pid_t parent)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    work(worker);
}

struct peer *peer_start(const char *path)
{
    struct peer *peer = calloc(1, sizeof *peer);
    int sockets[2];
    pid_t parent = getpid();
    void *shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (!peer || shared == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) {
        free(peer);
        return NULL;
    }
    peer->shared = shared;
    peer->socket = sockets[0];
    peer->pid = fork();
    if (!peer->pid) {
        close(sockets[0]);
        run_child(&(struct worker){.path = path, .socket = sockets[1], .shared = shared}, parent);
    }
    close(sockets[1]);
    if (peer->pid > 0)
        return peer;
    close(sockets[0]);
    free(peer);
    return NULL;
}

void peer_stop(struct peer *peer)
{
    if (!peer)
        return;
    kill(peer->pid, SIGKILL);
    while (waitpid(peer->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close(peer->socket);
    munmap(peer->shared, sizeof *peer->shared);
    free(peer);
}

static int receive(struct peer *peer)
{
    int code;
    ssize_t got;

    do {
        if (!interrupt_wait_readable(peer->socket))
            return -EINTR;
        got = recv(peer->socket, &code, sizeof code, 0);
    } while (got < 0 && errno == EINTR);
    if (got == sizeof code)
        return code;
    snprintf(peer->shared->detail, sizeof peer->shared->detail, "the reader process ended");
    return -EPIPE;
}

static int order(struct peer *peer, enum command command)
{
    char byte = (char)command;

    *peer->shared->detail = '\0';
    if (send(peer->socket, &byte, 1, MSG_NOSIGNAL) != 1)
        return -EPIPE;
    return receive(peer);
}

int peer_attach(struct peer *peer)
{
    return order(peer, ATTACH);
}

int peer_detach(struct peer *peer)
{
    return order(peer, DETACH);
}

int peer_spin(struct peer *peer)
{
    atomic_store(&peer->shared->stop, false);
    return order(peer, SPIN);
}

int peer_spin_end(struct peer *peer)
{
    atomic_store(&peer->shared->stop, true);
    return receive(peer);
}

int peer_wait(struct peer *peer, uint64_t seen)
{
    peer->shared->seen = seen;
    return order(peer, WAIT);
}

int peer_wait_end(struct peer *peer, uint64_t *awake_ns)
{
    int code = receive(peer);

    *awake_ns = peer->shared->awake_ns;
    return code;
}

const char *peer_detail(const struct peer *peer)
{
    return peer->shared->detail;
}
