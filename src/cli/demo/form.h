/* SPDX-License-Identifier: Apache-2.0 */
/* The two forms of the demo: whole archives that replace one another, and a table that is changed
   key by key. The processes of the demo are the same for both; this is where they differ. */
#ifndef MMS_CLI_DEMO_FORM_H
#define MMS_CLI_DEMO_FORM_H

#include "cli/demo/archive.h"
#include "cli/demo/subset.h"
#include <mmsync/table.h>
#include <string.h>

enum form_kind { FORM_ARCHIVE, FORM_TABLE };
enum outcome { OUTCOME_FOUND, OUTCOME_ABSENT, OUTCOME_TORN, OUTCOME_WRONG, OUTCOMES };

/* One generation, as a reader holds it. */
struct snapshot {
    const struct form *form;
    const struct data_set *data;
    mms_view view;
    uint64_t generation; /* the last one that form->meet was called for; 0: none yet */
    /* Archives. */
    const ArchivedRegistry *registry;
    struct subset subset; /* what it holds */
    /* Tables. */
    mms_table_view table;
    uint64_t commit;       /* the last one in it */
    uint64_t committed_ns; /* when that one began, by monotonic_ns */
};

/* What a look-up finds, in either form; good as long as the view. */
struct record {
    uint32_t number, rules;
    const char *name;
    size_t name_size;
};

static inline bool record_is(const struct record *record, const struct data_entry *entry)
{
    return record->number == entry->number && record->rules == entry->flags && record->name_size == entry->value_size &&
           !memcmp(record->name, entry->value, entry->value_size);
}

/* What became of some look-ups. */
struct tally {
    unsigned counts[OUTCOMES];
    const char *wrong; /* the last thing that was; NULL: nothing */
};

static inline void tally_add(struct tally *tally, enum outcome outcome, const char *wrong)
{
    tally->counts[outcome]++;
    if (wrong)
        tally->wrong = wrong;
}

struct writer;

struct form {
    enum form_kind kind;
    const char *name;    /* "archive", "table" */
    const char *values;  /* what is published: "tables", "commits" */
    const char *half;    /* what the writer leaves that is killed: "half a table written" */
    const char *first;   /* what the first look-up in a generation takes longer for */
    const char *see[2];  /* what to try in another terminal, around the region: "read", "--json" */
    unsigned per_second; /* values that the writer publishes */
    unsigned per_burst;  /* at once, once a second */

    /* A size that no value of this data exceeds; 0, or EXIT_FAILED after one line on standard
       error. */
    int (*measure)(const struct data_set *data, uint64_t *size);

    /* Pin the newest value. Returns what the library does; snapshot->view.generation also tells
       which generation was refused as MMS_E_CORRUPT or MMS_E_TYPE. Nothing is pinned then. */
    int (*read)(struct snapshot *snapshot, mms_reader *reader);
    /* After the first read of a generation: learn what it must hold. NULL, or what is wrong. */
    const char *(*meet)(struct snapshot *snapshot);
    enum find_result (*find)(const struct snapshot *snapshot, const char *key, size_t key_size, struct record *found);
    /* Must the record with this number be there? */
    bool (*has)(const struct snapshot *snapshot, uint32_t number);
    /* Look up several keys at once, chosen by any number. NULL: this form cannot. */
    void (*find_many)(const struct snapshot *snapshot, uint32_t choice, struct tally *tally);
    /* What is checked in a generation besides look-ups; `met` is how many this reader met before.
       True if it was every byte. */
    bool (*check_new)(const struct snapshot *snapshot, uint64_t met, struct tally *tally);
    /* Every byte of a view that was pinned by mms_read. NULL, or what is wrong. */
    const char *(*check_view)(const struct data_set *data, const mms_view *view);

    /* The writer's own part; 0, or an exit status after one line on standard error. */
    int (*prepare)(struct writer *writer);
    int (*publish)(struct writer *writer);
    void (*release)(struct writer *writer);
};

extern const struct form archive_form, table_form;

static inline const struct form *form_of(uint32_t kind)
{
    return kind == FORM_TABLE ? &table_form : &archive_form;
}

#endif
