/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wording.h"
#include "cli/arguments.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A name stands before any shorter one that it begins with. */
static const struct word {
    const char *library, *tool;
} words[] = {
    {"options.max_size", "--max-size"},
    {"options.max_slots", "--max-slots"},
    {"options.max_readers", "--max-readers"},
    {"options.grace_ms", "--grace"},
    {"options.on_grace = MMS_EVICT", "--evict"},
    {"options.lock_wait_ms", "--lock-wait"},
    {"options.fence = MMS_FENCE_AUTO", "--fence auto"},
    {"options.fence", "--fence"},
    {"options.huge_pages = MMS_HUGE_PAGES_AUTO", "--huge-pages auto"},
    {"options.huge_pages = MMS_HUGE_PAGES_ON", "--huge-pages on"},
    {"options.mode", "--mode"},
    {"options.readers_mode", "--readers-mode"},
    {"options.gid", "--group"},
    {"options.type_id", "--type-id"},
    {"options.tag", "--tag"},
    {"options.keep", "--keep"},
    {"options.durable", "--durable"},
    {"options.changes_size", "--changes-size"},
    {"options.check_touch", "the library's option `check_touch`"},      /* the tool touches what it changes */
    {"options.track = MMS_TRACK_AUTO", "the library's option `track`"}, /* likewise */
    {"options.track", "the library's option `track`"},
    {"options.checksum", "--checksum"},
    {"options.expected", "--expected"},
    {"options.expires_ns", "--expires"},
    {"options.expiring", "--expiring"},
    {"options.max_bytes", "--max-bytes"},
    {"options.schema_size", "the library's option `schema_size`"}, /* a table's: the tool gives none */
    {"options.schema", "the library's option `schema`"},
    {"options.replace", "--replace"},
    {"options.force_filesystem", "--force-filesystem"},
    {"options.trust_owner", "--trust"},
    {"options.mmap_sync->reset", "--reset"},
    {"options.mmap_sync->unlocked", "--unlocked"},
    {"options.mmap_sync->other_hasher", "--other-hasher"},
    {"options.detached", "the library's option `detached`"}, /* the tool has no threads that end before it */
    {"longest_view_ms", "--longest-view"},
    {"MMS_REPAIR_FORCE", "--force"},
};

static bool is_part_of_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The word of the table that `at` begins with, if it ends there too. */
static const struct word *find(const char *at)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].library);

        if (!strncmp(at, words[i].library, length) && !is_part_of_word(at[length]))
            return &words[i];
    }
    return NULL;
}

/* Options for making a region are those of `write`, whichever verb reports them. */
static void add_option(FILE *out, const char *option, bool *told)
{
    bool tell = !*told && !has_option(option);

    fprintf(out, tell ? "%s (mmsync write)" : "%s", option);
    *told = *told || tell;
}

const char *in_words_of_tool(const char *message, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    bool inside = false; /* of a longer word, or of a path */
    bool told = false;   /* which verb has the options */

    if (!out)
        return message;
    for (const char *at = message; *at; inside = *at != ' ' && *at != '(', at++) {
        const struct word *word = inside ? NULL : find(at);

        if (!word) {
            putc(*at, out);
            continue;
        }
        add_option(out, word->tool, &told);
        at += strlen(word->library) - 1;
    }
    fclose(out);
    text[size - 1] = '\0';
    return text;
}
