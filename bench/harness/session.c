/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Processors: those that this program was started on ---- */

static unsigned cpus[CPUS_MOST], cpus_found;

static void find_cpus(void)
{
    cpu_set_t set;

    if (cpus_found > 0 || sched_getaffinity(0, sizeof set, &set) != 0)
        return;
    for (unsigned i = 0; i < CPU_SETSIZE && cpus_found < CPUS_MOST; i++)
        if (CPU_ISSET(i, &set))
            cpus[cpus_found++] = i;
}

unsigned cpu_count(void)
{
    find_cpus();
    return cpus_found > 0 ? cpus_found : 1;
}

void cpu_pin(unsigned index)
{
    cpu_set_t set;

    find_cpus();
    if (cpus_found == 0 || index == CPU_ANY)
        return;
    CPU_ZERO(&set);
    CPU_SET(cpus[index % cpus_found], &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

/* ---- The value ---- */

void set_version(unsigned char *value, size_t size, uint32_t version)
{
    memcpy(value + size - BENCH_VERSION_AT, &version, sizeof version);
}

/* The archive of HelloWorld { 1, ["Hello", "World", "!"] }. A larger value has it at its end. */
static unsigned char *make_value(size_t size)
{
    static const unsigned char hello[BENCH_HELLO_SIZE] = "Hello\0\0\5World\0\0\5!\0\0\0\0\0\0\1"
                                                         "\1\0\0\0\xe4\xff\xff\xff\3\0\0";
    unsigned char *value = aligned_alloc(4096, (size + 4095) / 4096 * 4096);

    if (!value)
        return NULL;
    memset(value, 0x5a, size);
    if (size >= sizeof hello)
        memcpy(value + size - sizeof hello, hello, sizeof hello);
    return value;
}

/* ---- Sessions ---- */

static bool has_parts(const struct options *options)
{
    static const char *const modes[] = {"parts", "beside", "keys"};

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(options->mode, modes[i]) == 0)
            return true;
    return false;
}

const struct bench_parts *session_parts(const struct session *session)
{
    return session->options->entries ? &session->contestant->entries : &session->contestant->records;
}

void session_open(struct session *session, const struct options *options, const struct bench_contestant *contestant)
{
    void *shared =
        mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    *session = (struct session){
        .options = options,
        .contestant = contestant,
        .place = {options->directory, options->size, options->readers + options->attached + 8, options->prefault,
                  (strcmp(options->mode, "seen") == 0 || strcmp(options->mode, "many") == 0) && !options->spin,
                  options->texts},
        .shared = shared == MAP_FAILED ? NULL : shared,
        .value = has_parts(options) ? NULL : make_value(options->size),
    };
    if (!session->shared || !(session->value || has_parts(options)))
        fail(session, "no memory for a value of %zu bytes", options->size);
    if (contestant->prepare && contestant->prepare(&session->place) != 0)
        fail(session, "%s", contestant->detail());
}

_Noreturn static void run_process(struct worker *worker, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    cpu_pin(worker->cpu);
    worker->work(worker);
    _exit(0);
}

static struct shared *watched;

/* Workers end when told to. One that ends early has said why on standard error. */
static void note_end(int signal_number)
{
    (void)signal_number;
    if (atomic_load(&watched->phase) < CLOSE)
        atomic_store(&watched->failed, 1);
}

static void watch(struct session *session)
{
    struct sigaction action = {.sa_handler = note_end, .sa_flags = SA_RESTART | SA_NOCLDSTOP};

    watched = session->shared;
    sigaction(SIGCHLD, &action, NULL);
}

static void *run_thread(void *worker)
{
    cpu_pin(((struct worker *)worker)->cpu);
    ((struct worker *)worker)->work(worker);
    return NULL;
}

void session_worker(struct session *session, unsigned cpu, void (*work)(struct worker *))
{
    unsigned index = session->worker_count++;
    struct worker *worker = &session->workers[index];
    pid_t parent = getpid();
    pthread_t thread;

    if (index >= WORKERS_MOST)
        fail(session, "at most %d workers", WORKERS_MOST);
    *worker = (struct worker){.session = session, .index = index, .cpu = cpu, .work = work};
    if (session->contestant->flags & BENCH_IN_PROCESS) {
        if (pthread_create(&thread, NULL, run_thread, worker) != 0)
            fail(session, "cannot start a thread");
        worker->thread = (unsigned long)thread;
        return;
    }
    watch(session);
    worker->pid = fork();
    if (worker->pid == 0)
        run_process(worker, parent);
    if (worker->pid < 0)
        fail(session, "cannot start a process: %s", strerror(errno));
}

static void attach_crowd(struct worker *worker)
{
    struct session *session = worker->session;
    const struct bench_contestant *contestant = session->contestant;
    unsigned count = session->options->attached;
    void **readers = calloc(count, sizeof *readers);

    worker_await(worker, OPEN);
    for (unsigned i = 0; readers && i < count; i++) {
        readers[i] = worker_open_reader(worker);
        keep(contestant->read(readers[i], 1));
    }
    worker_ready(worker);
    worker_await(worker, CLOSE);
    for (unsigned i = 0; readers && i < count; i++)
        contestant->reader_close(readers[i]);
    free(readers);
}

void session_crowd(struct session *session)
{
    if (session->options->attached > 0)
        session_worker(session, cpu_count() - 1, attach_crowd);
}

void session_create(struct session *session)
{
    if (session->contestant->create(&session->place) != 0)
        fail(session, "%s", session->contestant->detail());
}

void session_publish(struct session *session, uint32_t version)
{
    const struct options *options = session->options;
    int code;

    if (options->typed) {
        code = session->contestant->write_typed(version);
    } else {
        set_version(session->value, options->size, version);
        code = session->contestant->write(session->value, options->size);
    }
    if (code != 0)
        fail(session, "%s", session->contestant->detail());
}

/* Those who wait for a phase or a step sleep, for there may be thousands. */
static void announce(atomic_uint *word, unsigned value)
{
    atomic_store(word, value);
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void session_phase(struct session *session, enum phase phase)
{
    announce(&session->shared->phase, (unsigned)phase);
}

void session_step(struct session *session, unsigned step)
{
    announce(&session->shared->step, step);
}

static void check_workers(struct session *session)
{
    if (atomic_load(&session->shared->failed))
        fail(session, "%s", *session->shared->detail ? session->shared->detail : "a reader ended early");
}

void worker_nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

void session_await_ready(struct session *session, unsigned workers)
{
    while (atomic_load(&session->shared->ready) < workers) {
        check_workers(session);
        worker_nap();
    }
}

bool session_workers_done(const struct session *session, unsigned workers)
{
    return atomic_load_explicit(&session->shared->done, memory_order_relaxed) >= workers ||
           atomic_load_explicit(&session->shared->failed, memory_order_relaxed) > 0;
}

void session_await_done(struct session *session, unsigned workers)
{
    while (!session_workers_done(session, workers))
        worker_nap();
    check_workers(session);
}

void session_close(struct session *session)
{
    check_workers(session);
    session_phase(session, CLOSE);
    for (unsigned i = 0; i < session->worker_count; i++) {
        if (session->workers[i].pid > 0)
            while (waitpid(session->workers[i].pid, NULL, 0) < 0 && errno == EINTR)
                ;
        else if (session->workers[i].thread)
            pthread_join((pthread_t)session->workers[i].thread, NULL);
    }
    if (session->contestant->destroy)
        session->contestant->destroy();
    free(session->value);
}

void fail(struct session *session, const char *format, ...)
{
    char text[sizeof session->shared->detail];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s\n", text);
    if (session->shared && !*session->shared->detail)
        memcpy(session->shared->detail, text, sizeof text);
    for (unsigned i = 0; i < session->worker_count; i++)
        if (session->workers[i].pid > 0)
            kill(session->workers[i].pid, SIGKILL);
    _exit(1);
}

/* ---- The worker's side ---- */

static void await(atomic_uint *word, unsigned least)
{
    unsigned found;

    while ((found = atomic_load(word)) < least)
        syscall(SYS_futex, word, FUTEX_WAIT, found, NULL, NULL, 0);
}

void worker_await(struct worker *worker, enum phase phase)
{
    await(&worker->session->shared->phase, (unsigned)phase);
}

void worker_await_step(struct worker *worker, unsigned step)
{
    await(&worker->session->shared->step, step);
}

void *worker_open_reader(struct worker *worker)
{
    struct session *session = worker->session;
    void *reader = session->contestant->reader_open(&session->place);

    if (reader)
        return reader;
    snprintf(session->shared->detail, sizeof session->shared->detail, "%s", session->contestant->detail());
    atomic_store(&session->shared->failed, 1);
    if (session->contestant->flags & BENCH_IN_PROCESS)
        pthread_exit(NULL);
    pause();
    _exit(1);
}

void worker_ready(struct worker *worker)
{
    atomic_fetch_add(&worker->session->shared->ready, 1);
}

void worker_done(struct worker *worker)
{
    atomic_fetch_add(&worker->session->shared->done, 1);
}
