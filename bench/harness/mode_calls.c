/* SPDX-License-Identifier: Apache-2.0 */
/* A given number of publishes or reads and nothing else, for tools that count from outside. The
   driver subtracts two counts. */
#include "harness.h"

enum { WARM = 600 };

static void idle(struct worker *worker)
{
    void *reader;

    worker_await(worker, OPEN);
    reader = worker_open_reader(worker);
    keep(worker->session->contestant->read(reader, 1));
    worker_ready(worker);
    worker_await(worker, CLOSE);
    worker->session->contestant->reader_close(reader);
}

void mode_calls(struct session *session)
{
    void *reader;

    if (session->options->writes)
        session_worker(session, 0, idle);
    session_create(session);
    session_publish(session, 1);
    session_phase(session, OPEN);
    session_await_ready(session, session->worker_count);
    if (session->options->writes) {
        /* The first ones take new slots into use, which is not the cost of every publish. */
        for (uint32_t i = 0; i < WARM + session->options->count; i++)
            session_publish(session, i);
    } else {
        reader = session->contestant->reader_open(&session->place);
        if (!reader)
            fail(session, "%s", session->contestant->detail());
        for (size_t i = 0; i < session->options->count; i++)
            keep(session->contestant->read(reader, 1));
        session->contestant->reader_close(reader);
    }
    figure("calls", (double)session->options->count);
    session_close(session);
}
