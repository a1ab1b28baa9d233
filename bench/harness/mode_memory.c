/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: what each of many readers of one large value adds, as the kernel counts it. */
#include "harness.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct account {
    double rss, pss, private;
};

static struct account account(void)
{
    struct account sum = {0, 0, 0};
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[200];
    double kilobytes;

    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "Rss: %lf", &kilobytes) == 1)
            sum.rss = kilobytes * 1024;
        else if (sscanf(line, "Pss: %lf", &kilobytes) == 1)
            sum.pss = kilobytes * 1024;
        else if (sscanf(line, "Private_%*[^:]: %lf", &kilobytes) == 1)
            sum.private += kilobytes * 1024;
    }
    if (file)
        fclose(file);
    return sum;
}

static void hold(struct worker *worker)
{
    struct session *session = worker->session;
    struct result *result = &session->shared->results[worker->index];
    struct account before, after;
    void *reader;

    worker_await(worker, OPEN);
    before = account();
    reader = worker_open_reader(worker);
    keep(session->contestant->touch(reader, session->options->size));
    worker_ready(worker);
    worker_await(worker, RUN); /* all of them have it by now */
    after = account();
    result->extra[0] = after.rss - before.rss;
    result->extra[1] = after.pss - before.pss;
    result->extra[2] = after.private - before.private;
    worker_done(worker);
    worker_await(worker, CLOSE);
    session->contestant->reader_close(reader);
}

double directory_bytes(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    struct stat status;
    char name[4096];
    double bytes = 0;

    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (lstat(name, &status) == 0)
            bytes += S_ISDIR(status.st_mode) ? directory_bytes(name) : (double)status.st_blocks * 512;
    }
    if (directory)
        closedir(directory);
    return bytes;
}

void mode_memory(struct session *session)
{
    unsigned readers = session->options->readers;
    double rss = 0, pss = 0, private = 0;

    for (unsigned i = 0; i < readers; i++)
        session_worker(session, i, hold);
    session_create(session);
    session_publish(session, 1);
    session_phase(session, OPEN);
    session_await_ready(session, readers);
    session_phase(session, RUN);
    while (!session_workers_done(session, readers))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    for (unsigned i = 0; i < readers; i++) {
        rss += session->shared->results[i].extra[0] / readers;
        pss += session->shared->results[i].extra[1] / readers;
        private += session->shared->results[i].extra[2] / readers;
    }
    figure("rss_per_reader", rss);
    figure("pss_per_reader", pss);
    figure("private_per_reader", private);
    figure("region_bytes", directory_bytes(session->options->directory));
    session_close(session);
}
