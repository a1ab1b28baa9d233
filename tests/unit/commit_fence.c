/* SPDX-License-Identifier: Apache-2.0 */
/* The release store that publishes does not order the caller's non-temporal stores (movnt): a
   fence must run between the last of them and that store (G1). C11 does not know such stores, so
   no model has them, and a reader rarely sees one arrive late (stress/streaming_stores). So this
   test single-steps the commit under ptrace(2), and checks each instruction until `current`
   changes. */
#include "forked.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#include <emmintrin.h>

enum { SIZE = 4096, NOT_ALLOWED = 77, STEPS_MAX = 1000000 };

static void stream_and_commit(void *path)
{
    mms_writer *writer = sample_writer(path);
    void *buffer;

    publish_text(writer, "first");
    check_ok(mms_write_begin(writer, SIZE, &buffer, NULL));
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(NOT_ALLOWED);
    (void)raise(SIGSTOP);
    _mm_stream_si32(buffer, 7);
    check_ok(mms_write_commit(writer, SIZE, NULL));
    check_ok(mms_writer_close(writer));
}

/* The kind of the next instruction of a stopped process. */
static enum kind { OTHER, STREAMS, FENCES } look_at_next(pid_t child)
{
    unsigned char code[8], *at = code;
    struct user_regs_struct registers;
    long word;

    check_true(ptrace(PTRACE_GETREGS, child, NULL, &registers) == 0);
    errno = 0;
    word = ptrace(PTRACE_PEEKTEXT, child, (void *)registers.rip, NULL);
    check_true(errno == 0);
    memcpy(code, &word, sizeof code);
    if (*at ==
        0xf0) { /* lock; or $0 to the stack is how compilers fence, what else locks is libc's and does not count */
        at += at[1] == 0x48 ? 2 : 1;
        return at[0] == 0x83 && (at[1] & 0x38) == 0x08 ? FENCES : OTHER;
    }
    while (at < code + 3 && (*at == 0x66 || (*at & 0xf0) == 0x40)) /* operand size, REX */
        at++;
    if (at[0] != 0x0f)
        return OTHER;
    if (at[1] == 0xae && (at[2] == 0xf0 || at[2] == 0xf8)) /* mfence, sfence */
        return FENCES;
    return at[1] == 0xc3 || at[1] == 0xe7 || at[1] == 0x2b ? STREAMS : OTHER; /* movnti, movntdq, movntps */
}

static uint64_t current_of(const char *path)
{
    uint64_t current;

    load_bytes(path, "control", offsetof(struct mms__control, current), &current, sizeof current);
    return current;
}

static void step(pid_t child)
{
    int status;

    check_true(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0);
    check_true(waitpid(child, &status, 0) == child);
    check_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
}

static void fence_is_run_between_streaming_stores_and_the_publish(void **state)
{
    const char *path = scratch_path(state, "region");
    pid_t child = start_child(stream_and_commit, (void *)(uintptr_t)path);
    bool streamed = false, fenced = false;
    uint64_t before;
    int status;

    check_true(waitpid(child, &status, WUNTRACED) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
        skip_because("a child may not be traced here (ptrace)");
    check_true(WIFSTOPPED(status));
    before = current_of(path);
    for (int steps = 0; steps < STEPS_MAX && current_of(path) == before; steps++) {
        enum kind kind = look_at_next(child);

        streamed = streamed || kind == STREAMS;
        fenced = streamed && kind != STREAMS && (fenced || kind == FENCES);
        step(child);
    }
    check_true(streamed);
    check_true(fenced);
    check_true(ptrace(PTRACE_DETACH, child, NULL, NULL) == 0);
    finish_child(child);
}

#else
static void fence_is_run_between_streaming_stores_and_the_publish(void **state)
{
    (void)state;
    skip_because("this test knows the instructions of x86-64 only, and ThreadSanitizer adds its own");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(fence_is_run_between_streaming_stores_and_the_publish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
