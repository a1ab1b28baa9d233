/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress tsan serial */
/* The functions of the protocol as threads over one mapping, with values in plain memory:
   ThreadSanitizer reports a race if a reader may look at a slot that is being written (it sees
   no races between two mappings of a file). As a control it must report the original's protocol
   under the same driver.

   Symmetric fences only, since ThreadSanitizer knows nothing of membarrier(2). It does not know fences at all: what it
   takes for ordered are the acquire loads and release stores, so its silence says that those suffice, once the fences
   (which do run) have decided who comes first. */
#include "check.h"
#include "pattern.h"
#include "region/protocol.h"
#include "scratch.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Give others a chance to come in between, one time in four. */
static _Thread_local uint64_t window_random = 1;
static void window(void)
{
    if (pattern_random(&window_random) % 4 == 0)
        sched_yield();
}
#define ORIGINAL_WINDOW() window()
#include "stress/original_protocol.h"

enum { READERS = 3, SLOTS = 4, READS = 300000, SIZE = ORIGINAL_SIZE, RACE_FOUND = 66, TORN = 3 };

static struct {
    mms__word current __attribute__((aligned(128)));
    struct mms__descriptor slots[SLOTS];
    struct mms__line lines[READERS];
    uint32_t high_water;
    uint64_t data[SLOTS][SIZE / 8]; /* plain */
    struct original original;
    int stop;
    unsigned long reads, torn, publishes;
} shared;

static bool is_over(void)
{
    return __atomic_load_n(&shared.stop, __ATOMIC_RELAXED);
}

/* Relaxed, so that it orders nothing that the protocol must order. */
static void count(bool torn)
{
    __atomic_add_fetch(&shared.reads, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&shared.torn, torn, __ATOMIC_RELAXED);
}

/* The writer goes on until there were this many reads; now and then it lets readers pass. */
static bool has_more_to_do(void)
{
    shared.publishes++;
    window();
    return __atomic_load_n(&shared.reads, __ATOMIC_RELAXED) < READS;
}

/* ---- Ours ---- */

static void *read_ours(void *argument)
{
    uint32_t index = (uint32_t)(uintptr_t)argument;
    struct mms__line *line = &shared.lines[index];

    window_random = index + 1;
    if (!mms__line_claim(line, &shared.high_water, index, index + 1, MMS__SYMMETRIC, 0))
        abort();
    while (!is_over()) {
        uint64_t word = mms__load_acquire(&shared.current);

        window();
        word = mms__pin(&line->announce, &shared.current, word, true);
        if (!mms__word_pinnable(word))
            continue; /* nothing published yet */
        count(!pattern_check(shared.data[mms__word_slot(word)], SIZE, mms__word_generation(word)) ||
              !mms__still_whole(&shared.current, &shared.slots[mms__word_slot(word)].generation, word));
        mms__announce_idle(&line->announce);
    }
    mms__line_clear(line);
    return NULL;
}

struct writer {
    uint64_t generations[SLOTS];
    bool is_free[SLOTS];
};

static bool is_covered(const struct mms__cover *covers, uint64_t generation)
{
    for (int i = 0; i < READERS; i++)
        if (mms__covers(covers[i], generation))
            return true;
    return false;
}

/* As mms__reclaim. The fence pairs with the readers' (mms__fence_light). */
static unsigned reclaim(struct writer *writer)
{
    struct mms__cover covers[READERS];
    uint64_t current = mms__load_relaxed(&shared.current);
    unsigned freed = 0;

    mms__fence_seq_cst();
    for (int i = 0; i < READERS; i++)
        covers[i] = mms__line_read(&shared.lines[i], READERS, true);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        if (!(mms__word_pinnable(current) && mms__word_slot(current) == slot) &&
            !is_covered(covers, writer->generations[slot])) {
            writer->is_free[slot] = true;
            freed++;
        }
    return freed;
}

static unsigned take(struct writer *writer)
{
    unsigned slot;

    for (;;) {
        for (slot = 0; slot < SLOTS; slot++)
            if (writer->is_free[slot]) {
                writer->is_free[slot] = false;
                return slot;
            }
        while (reclaim(writer) == 0)
            sched_yield();
    }
}

static void *write_ours(void *unused)
{
    struct writer writer = {.is_free = {true, true, true, true}};

    for (uint64_t generation = 1; has_more_to_do(); generation++) {
        unsigned slot = take(&writer);

        writer.generations[slot] = generation;
        mms__slot_take(&shared.slots[slot], generation);
        pattern_fill(shared.data[slot], SIZE, generation);
        mms__publish(&shared.current, generation, slot);
    }
    return unused;
}

/* ---- The original's ---- */

static void *read_original(void *argument)
{
    window_random = (uint64_t)(uintptr_t)argument + 1;
    while (!is_over()) {
        struct original_view view = original_read(&shared.original);

        count(!pattern_check(view.data, view.size, 0));
        original_release(&shared.original, &view);
        window();
    }
    return NULL;
}

static bool is_late(void *unused)
{
    (void)unused;
    sched_yield();
    return false;
}

static void *write_original(void *unused)
{
    for (uint64_t i = 1; has_more_to_do(); i++) {
        pattern_fill(original_write_begin(&shared.original, is_late, NULL), SIZE, PATTERN_FREE_SEED | i);
        original_write_end(&shared.original, SIZE, i);
    }
    return unused;
}

/* ---- The driver: one program, run again for each protocol ---- */

static int drive(void *(*read)(void *), void *(*write)(void *))
{
    pthread_t readers[READERS], writer;

    pattern_fill(shared.original.data[0], SIZE, PATTERN_FREE_SEED);
    shared.original.version = SIZE << 1;
    for (uintptr_t i = 0; i < READERS; i++)
        if (pthread_create(&readers[i], NULL, read, (void *)i) != 0)
            return 1;
    if (pthread_create(&writer, NULL, write, NULL) != 0)
        return 1;
    pthread_join(writer, NULL);
    __atomic_store_n(&shared.stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    printf("%lu publishes, %lu reads, %lu torn\n", shared.publishes, shared.reads, shared.torn);
    return shared.torn ? TORN : 0;
}

/* Returns its exit status; its standard error goes to a file. */
static int run(const char *protocol, const char *output)
{
    int status, fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_t child;

    check_true(fd >= 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        setenv("TSAN_OPTIONS", "exitcode=66 halt_on_error=1 report_bugs=1", 1);
        dup2(fd, STDERR_FILENO);
        execl("/proc/self/exe", "threads", protocol, (char *)NULL);
        _exit(127);
    }
    close(fd);
    check_true(waitpid(child, &status, 0) == child);
    check_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool says(const char *output, const char *text)
{
    FILE *file = fopen(output, "re");
    char line[1024];
    bool found = false;

    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, text) != NULL;
    if (file)
        fclose(file);
    return found;
}

static void ours_has_no_race(void **state)
{
    const char *output = scratch_path(state, "output");
    int status = run("ours", output);

    check_equal(status, 0);
    check_true(!says(output, "ThreadSanitizer"));
}

static void the_originals_race_is_reported(void **state)
{
#ifdef __SANITIZE_THREAD__
    const char *output = scratch_path(state, "output");
    int status = run("original", output);

    check_equal(status, RACE_FOUND);
    check_true(says(output, "ThreadSanitizer: data race"));
#else
    (void)state;
    skip_because("this build has no ThreadSanitizer to report it; the preset tsan has");
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        scratch_test(ours_has_no_race),
        scratch_test(the_originals_race_is_reported),
    };

    if (argc == 2 && strcmp(argv[1], "ours") == 0)
        return drive(read_ours, write_ours);
    if (argc == 2 && strcmp(argv[1], "original") == 0)
        return drive(read_original, write_original);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
