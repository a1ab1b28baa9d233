/* SPDX-License-Identifier: Apache-2.0 */
/* Names, units and types follow https://prometheus.io/docs/practices/naming/; the format is
   https://prometheus.io/docs/instrumenting/exposition_formats/. */
#include "cli/exporter/metrics.h"
#include "cli/now.h"
#include <inttypes.h>
#include <mmsync.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sample of one region: false if it has none. */
typedef bool reading(const mms_info *info, double *value);

static bool generation(const mms_info *info, double *value)
{
    *value = (double)info->generation;
    return true;
}

static bool published(const mms_info *info, double *value)
{
    *value = (double)info->publish_time_ns / 1e9;
    return info->publish_time_ns != 0;
}

static bool value_size(const mms_info *info, double *value)
{
    *value = (double)info->size;
    return info->generation != 0;
}

static bool value_limit(const mms_info *info, double *value)
{
    *value = (double)info->max_size;
    return info->max_size != 0;
}

static bool memory(const mms_info *info, double *value)
{
    *value = (double)info->bytes_used;
    return true;
}

static bool huge_memory(const mms_info *info, double *value)
{
    *value = (double)info->bytes_huge;
    return true;
}

static bool slots(const mms_info *info, double *value)
{
    *value = info->max_slots;
    return info->max_slots != 0;
}

static bool slots_used(const mms_info *info, double *value)
{
    *value = info->slots_used;
    return true;
}

static bool readers(const mms_info *info, double *value)
{
    *value = info->readers;
    return true;
}

static bool readers_dead(const mms_info *info, double *value)
{
    *value = info->readers_dead;
    return true;
}

static bool readers_limit(const mms_info *info, double *value)
{
    *value = info->max_readers;
    return info->max_readers != 0;
}

static bool writer(const mms_info *info, double *value)
{
    *value = info->writer_alive;
    return info->writer_alive >= 0;
}

static bool refused(const mms_info *info, double *value)
{
    *value = (double)info->refused;
    return info->max_readers != 0;
}

static bool evicted(const mms_info *info, double *value)
{
    *value = (double)info->evicted;
    return info->max_readers != 0;
}

static bool durable_generation(const mms_info *info, double *value)
{
    *value = (double)info->durable_generation;
    return info->max_readers != 0;
}

static bool durable_lost(const mms_info *info, double *value)
{
    *value = (double)info->durable_lost;
    return info->max_readers != 0;
}

static const struct {
    const char *name, *help;
    reading *read;
    const char *type; /* a counter only grows, until the region is created anew */
} metrics[] = {
    {"mmsync_generation", "Generation of the newest value; 0: no value yet.", generation, "gauge"},
    {"mmsync_value_publish_timestamp_seconds", "When the newest value was published.", published, "gauge"},
    {"mmsync_value_size_bytes", "Size of the newest value.", value_size, "gauge"},
    {"mmsync_value_limit_bytes", "Largest value that the region can hold.", value_limit, "gauge"},
    {"mmsync_memory_bytes", "Memory or disk that the region takes.", memory, "gauge"},
    {"mmsync_huge_memory_bytes", "The part of it in huge pages.", huge_memory, "gauge"},
    {"mmsync_slots", "Most values that the region keeps at a time.", slots, "gauge"},
    {"mmsync_slots_used", "Slots that ever held a value.", slots_used, "gauge"},
    {"mmsync_readers", "Readers that are alive.", readers, "gauge"},
    {"mmsync_readers_dead", "Lines of the reader table that dead readers left.", readers_dead, "gauge"},
    {"mmsync_readers_limit", "Most readers that the region admits.", readers_limit, "gauge"},
    {"mmsync_writer_up", "Whether a writer has the region open.", writer, "gauge"},
    {"mmsync_refused_writes_total", "Writes that failed because readers held every slot.", refused, "counter"},
    {"mmsync_evicted_slots_total", "Slots that writers have taken from readers.", evicted, "counter"},
    {"mmsync_durable_generation", "Newest generation that a power cut leaves; 0: none, or the region is not durable.",
     durable_generation, "gauge"},
    {"mmsync_durable_lost_generation",
     "Last generation that a recovery found damaged on the disk; 0: none since the region was created.", durable_lost,
     "gauge"},
};

/* ---- Text: 15,000 lines for a thousand regions, so not through stdio ---- */

static void add(struct metrics *out, const char *text, size_t size)
{
    if (out->room - out->size < size) {
        size_t room = (out->size + size) * 2;
        char *bigger = realloc(out->text, room);

        out->failed = out->failed || !bigger;
        if (!bigger)
            return;
        out->text = bigger;
        out->room = room;
    }
    memcpy(out->text + out->size, text, size);
    out->size += size;
}

__attribute__((format(printf, 2, 3))) static void add_format(struct metrics *out, const char *format, ...)
{
    char text[512];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add(out, text, (size_t)length);
}

static void write_heading(struct metrics *out, const char *name, const char *help, const char *type)
{
    add_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Label values are UTF-8, and paths need not be. No two paths get the same label: Prometheus would refuse all the metrics.
   So a backslash that would look like the beginning of such an escape becomes one. */
static void write_escaped(FILE *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '\\' && at[1] == 'x')
            fputs("\\\\x5c", out);
        else if (*at == '\\' || *at == '"')
            fprintf(out, "\\%c", *at);
        else if (*at == '\n')
            fputs("\\n", out);
        else if (*at < ' ' || *at >= 0x7f)
            fprintf(out, "\\\\x%02x", *at);
        else
            putc(*at, out);
    }
}

/* {region="PATH",format="FORMAT"}: made once, as most of the work of a sample is in it. NULL: out of memory. */
static char *make_label(const struct surveyed *found)
{
    char *label = NULL;
    size_t size;
    FILE *out = open_memstream(&label, &size);

    if (!out)
        return NULL;
    fputs("{region=\"", out);
    write_escaped(out, found->path);
    fprintf(out, "\",format=\"%s\"} ", found->is_mmap_sync ? "mmap-sync" : "mmsync");
    if (fclose(out) == 0)
        return label;
    free(label);
    return NULL;
}

static bool make_labels(struct survey *survey)
{
    for (size_t i = 0; i < survey->found.count; i++) {
        struct surveyed *found = &survey->found.all[i];

        if (!found->label && !(found->label = make_label(found)))
            return false;
    }
    return true;
}

/* At least `least` of them, in front of `end`. Returns the first. */
static char *put_digits(char *end, uint64_t number, int least)
{
    for (; number > 0 || least > 0; number /= 10, least--)
        *--end = (char)('0' + number % 10);
    return end;
}

/* Most are whole; of times microseconds are enough. */
static void write_number(struct metrics *out, double value)
{
    char digits[32], *const end = digits + sizeof digits, *at = end;
    uint64_t whole, millionths;

    if (!(value >= 0 && value < 1e15)) {
        add_format(out, "%.17g\n", value);
        return;
    }
    whole = (uint64_t)value;
    millionths = (uint64_t)((value - (double)whole) * 1e6);
    *--at = '\n';
    if (millionths > 0) {
        at = put_digits(at, millionths, 6);
        *--at = '.';
    }
    at = put_digits(at, whole, 1);
    add(out, at, (size_t)(end - at));
}

static void write_sample(struct metrics *out, const char *name, const struct surveyed *found, double value)
{
    add(out, name, strlen(name));
    add(out, found->label, strlen(found->label));
    write_number(out, value);
}

static void write_up(struct metrics *out, const struct survey *survey)
{
    write_heading(out, "mmsync_region_up", "Whether the region can be read: 0 if it is damaged, or access is denied.",
                  "gauge");
    for (size_t i = 0; i < survey->found.count; i++)
        write_sample(out, "mmsync_region_up", &survey->found.all[i], survey->found.all[i].error == NULL);
}

static void write_metrics(struct metrics *out, const struct survey *survey)
{
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        double value;

        write_heading(out, metrics[i].name, metrics[i].help, metrics[i].type);
        for (size_t j = 0; j < survey->found.count; j++)
            if (!survey->found.all[j].error && metrics[i].read(&survey->found.all[j].info, &value))
                write_sample(out, metrics[i].name, &survey->found.all[j], value);
    }
}

static void write_self(struct metrics *out, int unlisted, double seconds)
{
    write_heading(out, "mmsync_exporter_unlisted_directories", "Directories that could not be listed.", "gauge");
    add_format(out, "mmsync_exporter_unlisted_directories %d\n", unlisted);
    write_heading(out, "mmsync_exporter_survey_duration_seconds", "How long it took to look at the regions.", "gauge");
    add_format(out, "mmsync_exporter_survey_duration_seconds %.9f\n", seconds);
    write_heading(out, "mmsync_exporter_info", "Version of the exporter.", "gauge");
    add_format(out, "mmsync_exporter_info{version=\"%s\"} 1\n", mms_version());
}

bool metrics_write(struct metrics *out, struct survey *survey, char *const *directories, int count)
{
    uint64_t started = monotonic_ns(), ended;
    int unlisted = 0;

    survey_repeat(survey);
    for (int i = 0; i < count; i++)
        unlisted += survey_directory(survey, directories[i]) != 0;
    ended = monotonic_ns();
    if (!make_labels(survey))
        return false;
    write_up(out, survey);
    write_metrics(out, survey);
    write_self(out, unlisted, (double)(ended - started) / 1e9);
    return !out->failed;
}
