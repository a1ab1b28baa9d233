/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions that a read or a publish executes: a parent single-steps a child that does a
   given number of them, and counts. Exact, without the processor's counters, which virtual
   machines often hide; a system call counts as one instruction. x86-64 alone. */
#include "harness.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include "decode.h"

enum { LINES_MOST = 4096 };

struct counts {
    uint64_t instructions, locked, fences, system_calls;
    uint64_t lines[LINES_MOST]; /* of data; the lowest bit: written */
    size_t line_count;
};

static void note_line(struct counts *counts, uint64_t line, bool written)
{
    for (size_t i = 0; i < counts->line_count; i++)
        if (counts->lines[i] >> 1 == line) {
            counts->lines[i] |= written;
            return;
        }
    if (counts->line_count < LINES_MOST)
        counts->lines[counts->line_count++] = line << 1 | written;
}

static void note_access(struct counts *counts, const struct access *access, uint64_t stack)
{
    /* What is near the stack pointer is the program's own. */
    if (access->size == 0 || (access->address + 4096 > stack && access->address < stack + 65536))
        return;
    for (uint64_t line = access->address / 64; line <= (access->address + access->size - 1) / 64; line++)
        note_line(counts, line, access->written);
}

static void count_one(pid_t child, struct counts *counts)
{
    struct user_regs_struct registers;
    unsigned char code[16];
    struct instruction instruction;

    if (ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0)
        return;
    for (int i = 0; i < 2; i++) {
        long word = ptrace(PTRACE_PEEKTEXT, child, (void *)(registers.rip + 8 * (unsigned)i), NULL);

        memcpy(code + 8 * i, &word, 8);
    }
    instruction = decode(code, &registers);
    counts->instructions++;
    counts->locked += instruction.locked;
    counts->fences += instruction.fence;
    counts->system_calls += instruction.system_call;
    note_access(counts, &instruction.access, registers.rsp);
}

static bool step(pid_t child, int request)
{
    int status;

    if (ptrace((enum __ptrace_request)request, child, NULL, NULL) != 0 || waitpid(child, &status, 0) != child)
        return false;
    return WIFSTOPPED(status);
}

static bool at_mark(pid_t child)
{
    struct user_regs_struct registers;

    return ptrace(PTRACE_GETREGS, child, NULL, &registers) == 0 &&
           (ptrace(PTRACE_PEEKTEXT, child, (void *)registers.rip, NULL) & 0xff) == 0xcc;
}

/* int3 before and after; the program goes on behind it. */
#define MARK() __asm__ volatile("int3" : : : "memory")

static void read_times(const struct session *session, void *reader, size_t times)
{
    const struct bench_contestant *contestant = session->contestant;

    keep((session->options->checked ? contestant->read_checked : contestant->read)(reader, times));
}

static void do_calls(struct session *session, void *reader, size_t count)
{
    MARK();
    if (session->options->writes)
        for (uint32_t i = 0; i < count; i++)
            session_publish(session, i);
    else
        read_times(session, reader, count);
    MARK();
}

/* Alone in its process: the contestant's own writer and reader. */
_Noreturn static void be_stepped(struct session *session, size_t count)
{
    void *reader;

    session_create(session);
    session_publish(session, 1);
    reader = session->contestant->reader_open(&session->place);
    if (!reader)
        fail(session, "%s", session->contestant->detail());
    read_times(session, reader, 1000);
    for (uint32_t i = 0; i < 300 && session->options->writes; i++)
        session_publish(session, i);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    do_calls(session, reader, count);
    do_calls(session, reader, 2 * count);
    session->contestant->reader_close(reader);
    if (session->contestant->destroy)
        session->contestant->destroy();
    _exit(0);
}

static void count_between_marks(struct session *session, pid_t child, struct counts *counts)
{
    if (!step(child, PTRACE_CONT)) /* to the first mark */
        fail(session, "the process that is stepped has ended");
    while (!at_mark(child)) {
        count_one(child, counts);
        if (!step(child, PTRACE_SINGLESTEP))
            fail(session, "the process that is stepped has ended");
    }
    if (!step(child, PTRACE_CONT)) /* over the second one */
        fail(session, "the process that is stepped has ended");
}

static double each(uint64_t few, uint64_t many, size_t count)
{
    return (double)(many - few) / (double)count;
}

void mode_step(struct session *session)
{
    static struct counts few, many;
    size_t count = session->options->count < 100 ? session->options->count : 100, written = 0;
    pid_t child = fork();
    int status;

    if (child == 0)
        be_stepped(session, count);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        fail(session, "the process to be stepped did not start");
    count_between_marks(session, child, &few);
    count_between_marks(session, child, &many);
    if (ptrace(PTRACE_DETACH, child, NULL, NULL) == 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    for (size_t i = 0; i < many.line_count; i++)
        written += many.lines[i] & 1;
    figure("instructions", each(few.instructions, many.instructions, count));
    figure("locked", each(few.locked, many.locked, count));
    figure("fences", each(few.fences, many.fences, count));
    figure("system_calls", each(few.system_calls, many.system_calls, count));
    figure("lines", (double)many.line_count);
    figure("lines_written", (double)written);
}
#else
void mode_step(struct session *session)
{
    fail(session, "instructions are counted on x86-64 alone");
}
#endif
