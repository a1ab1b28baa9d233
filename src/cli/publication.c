/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/publication.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/result.h"
#include "cli/validate.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static int print_receipt(const char *path, const mms_receipt *receipt, bool reset)
{
    json_t *object;

    if (!wants_json()) {
        printf("generation=%" PRIu64 " size=%zu slot=%u%s\n", receipt->generation, receipt->size, receipt->slot,
               reset ? " reset" : "");
        return EXIT_OK;
    }
    object = result_of(path, receipt);
    json_object_set_new(object, "reset", json_boolean(reset));
    return result_print(object);
}

static int commit(const struct publication *publication, mms_writer *writer, const struct candidate *candidate)
{
    mms_receipt receipt;
    int code;

    interrupt_kills(!publication->is_new); /* it may wait for readers, too */
    code = publication->commit ? publication->commit(publication, writer, &receipt)
                               : mms_write_commit(writer, candidate->size, &receipt);
    interrupt_kills(false);
    if (code)
        return fail_call(code);
    return print_receipt(publication->path, &receipt, mms_mmap_sync_was_reset(writer));
}

static int publish(const struct publication *publication, mms_writer *writer)
{
    struct candidate candidate = {NULL, 0};
    int status = publication->build(publication, writer, &candidate);

    if (status)
        return status;
    if (publication->validate)
        status = validate(publication->validate, publication->path, candidate.data, candidate.size);
    if (status && !publication->commit)
        mms_write_abort(writer);
    return status ? status : commit(publication, writer, &candidate);
}

int publication_run(struct publication *publication)
{
    mms_writer *writer;
    mms_info info;
    int code, status;

    publication->is_new = mms_inspect(publication->path, &info) == -ENOENT;
    status = look_before_open(publication->arguments, publication->path);
    if (status)
        return status;
    code = mms_writer_open(publication->path, &publication->arguments->options, &writer);
    if (code)
        return fail_call(code);
    /* A region that has a value needs no tidying up: a killed writer changes nothing. */
    if (publication->is_new || publication->validate || publication->has_command)
        interrupt_catch();
    status = check_expected(publication->arguments, publication->path);
    if (!status)
        status = publish(publication, writer);
    mms_writer_close(writer);
    if (status && publication->is_new)
        remove_if_empty(publication->path);
    return status;
}
