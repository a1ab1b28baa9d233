/* SPDX-License-Identifier: Apache-2.0 */
#include "step.h"
#include "check.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    enum step step;
    unsigned left; /* passings until it happens; 0: nothing is to happen */
    enum step_action action;
    bool happened;
} armed;

static struct {
    enum step step;
    enum step_request request;
    unsigned left;
} asking;

static int to_conductor = -1, from_conductor = -1;

void step_connect(int to, int from)
{
    to_conductor = to;
    from_conductor = from;
}

void step_arm(enum step step, unsigned nth, enum step_action action)
{
    armed.step = step;
    armed.left = nth;
    armed.action = action;
    armed.happened = false;
}

bool step_happened(void)
{
    return armed.happened;
}

static void tell(enum step_request request)
{
    char byte = (char)request;

    check_true(to_conductor < 0 || write(to_conductor, &byte, 1) == 1);
}

void step_ask(enum step_request request)
{
    char byte;

    tell(request);
    check_true(read(from_conductor, &byte, 1) == 1);
}

void step_ask_at(enum step step, enum step_request request, unsigned times)
{
    asking.step = step;
    asking.request = request;
    asking.left = times;
}

static void happen(void)
{
    armed.happened = true;
    tell(TELL_REACHED);
    kill(getpid(), armed.action == STEP_KILL ? SIGKILL : SIGSTOP);
}

void step_reached(enum step step)
{
    int error = errno;

    if (asking.left > 0 && step == asking.step) {
        asking.left--;
        step_ask(asking.request);
    }
    if (armed.left > 0 && step == armed.step && --armed.left == 0)
        happen();
    errno = error;
}

const char *step_name(enum step step)
{
    static const char *const names[] = {
#define NAME(name) #name,
        STEPS(NAME)
#undef NAME
    };
    static char shown[64];
    char *c = shown;

    snprintf(shown, sizeof shown, "%s", names[step]);
    if ((c = strchr(shown + (strncmp(shown, "mmap_sync_", 10) == 0 ? 9 : 0), '_')))
        *c = '.';
    while (c && (c = strchr(c, '_')))
        *c = '-';
    return shown;
}
