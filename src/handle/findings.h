/* SPDX-License-Identifier: Apache-2.0 */
/* What mms_verify reports, for both formats. */
#ifndef MMS_HANDLE_FINDINGS_H
#define MMS_HANDLE_FINDINGS_H

struct mms__findings {
    void (*report)(void *context, const char *finding); /* may be NULL */
    void *context;
    unsigned count;
    int code; /* 0, or why something could not be checked; its detail is stored */
};

/* Damage. */
void mms__find(struct mms__findings *findings, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Worth saying, and nothing wrong. */
void mms__note(const struct mms__findings *findings, const char *text);
/* MMS_E_CORRUPT, with a detail, if anything was found; else the code. */
int mms__findings_end(const struct mms__findings *findings, const char *path);

#endif
