/* SPDX-License-Identifier: Apache-2.0 */
#include "native.h"
#include <limits.h>
#include <math.h>
#include <time.h>

enum { NS_PER_S = 1000000000, NS_PER_MS = 1000000 };
static const double LONGEST_S = 1e9; /* thirty years are for ever */

static void set_deadline(double seconds, struct mmspy_deadline *out)
{
    double whole = floor(seconds);
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)whole;
    at.tv_nsec += (long)((seconds - whole) * NS_PER_S);
    if (at.tv_nsec >= NS_PER_S) {
        at.tv_sec++;
        at.tv_nsec -= NS_PER_S;
    }
    *out = (struct mmspy_deadline){.forever = false, .at = at};
}

int mmspy_deadline_read(PyObject *timeout, struct mmspy_deadline *out)
{
    double seconds;

    *out = (struct mmspy_deadline){.forever = true};
    if (!timeout || timeout == Py_None)
        return 0;
    seconds = PyFloat_AsDouble(timeout);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    if (!(seconds >= 0)) {
        mmspy_raise_format(MMS_E_INVALID,
                           "the timeout must be a number of seconds from 0 on, or None to wait for ever");
        return -1;
    }
    if (seconds < LONGEST_S)
        set_deadline(seconds, out);
    return 0;
}

/* Rounded up, so that a wait does not end before its time. */
int mmspy_deadline_left_ms(const struct mmspy_deadline *deadline)
{
    struct timespec now;
    long long ns, ms;

    if (deadline->forever)
        return MMS_FOREVER;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ns = (long long)(deadline->at.tv_sec - now.tv_sec) * NS_PER_S + (deadline->at.tv_nsec - now.tv_nsec);
    ms = ns <= 0 ? 0 : (ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}
