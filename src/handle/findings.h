/* SPDX-License-Identifier: Apache-2.0 */
/* What mms_verify reports, for both formats. */
#ifndef MMS_HANDLE_FINDINGS_H
#define MMS_HANDLE_FINDINGS_H

#include <stdbool.h>

struct mms__findings {
    void (*report)(void *context, const char *finding); /* may be NULL */
    void *context;
    bool (*is_moot)(const void *subject); /* NULL: never. True: what is found is no longer what was asked about */
    const void *subject;
    bool moot; /* something was found then, and not reported */
    unsigned count;
    int code;         /* 0, or why something could not be checked */
    char detail[512]; /* of that */
};

/* Damage. */
void mms__find(struct mms__findings *findings, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Worth saying, and nothing wrong. */
void mms__note(const struct mms__findings *findings, const char *text);
/* Something could not be checked: keep why, whatever later checks and the callback do to mms_last_error. Of several reasons
   the last, but MMS_E_AGAIN only if it is the only one. */
void mms__find_unchecked(struct mms__findings *findings, int code);
/* There is nothing to check: report why, unless nothing is there at all, and return the code. */
int mms__find_no_files(struct mms__findings *findings, int code);
/* MMS_E_CORRUPT if anything was found; else the code. The detail is stored. */
int mms__findings_end(const struct mms__findings *findings, const char *path);

#endif
