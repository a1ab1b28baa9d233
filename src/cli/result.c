/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/result.h"
#include "cli/cmd.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include <stdio.h>
#include <stdlib.h>

json_t *result_number(uint64_t number)
{
    return json_integer((json_int_t)number);
}

json_t *result_of(const char *path, const mms_receipt *receipt)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "region", json_text(path), "generation",
                     result_number(receipt->generation), "size", result_number(receipt->size), "slot",
                     result_number(receipt->slot), "slots_reclaimed", result_number(receipt->reclaimed),
                     "slots_evicted", result_number(receipt->evicted), "waited_ns", result_number(receipt->waited_ns));
}

int result_print(json_t *object)
{
    char *text = json_dumps(object, 0);

    json_decref(object);
    if (!text)
        return fail("cannot write JSON: out of memory");
    puts(text);
    free(text);
    return EXIT_OK;
}
