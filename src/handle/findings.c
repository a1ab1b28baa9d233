/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/findings.h"
#include "base/error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void mms__find(struct mms__findings *findings, const char *format, ...)
{
    char text[4096 + 256]; /* for a path, and a sentence about it */
    va_list arguments;

    if (findings->is_moot && findings->is_moot(findings->subject)) {
        findings->moot = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    findings->count++;
    mms__note(findings, text);
}

void mms__note(const struct mms__findings *findings, const char *text)
{
    if (findings->report)
        findings->report(findings->context, text);
}

void mms__find_unchecked(struct mms__findings *findings, int code)
{
    if (code == MMS_E_AGAIN && findings->code != 0)
        return;
    findings->code = code;
    snprintf(findings->detail, sizeof findings->detail, "%s", mms_last_error());
}

static int end_unchecked(const struct mms__findings *findings)
{
    return findings->code == 0 ? 0 : mms__fail_text(findings->code, findings->detail);
}

int mms__find_no_files(struct mms__findings *findings, int code)
{
    mms__find_unchecked(findings, code);
    if (code != -ENOENT)
        mms__note(findings, findings->detail);
    return end_unchecked(findings);
}

int mms__findings_end(const struct mms__findings *findings, const char *path)
{
    if (findings->count > 0)
        return mms__fail(MMS_E_CORRUPT, "checking %s: %u findings", path, findings->count);
    return end_unchecked(findings);
}
