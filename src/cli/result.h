/* SPDX-License-Identifier: Apache-2.0 */
/* What a verb has done, as one line of JSON. */
#ifndef MMS_CLI_RESULT_H
#define MMS_CLI_RESULT_H

#include <jansson.h>
#include <mmsync.h>

/* What a receipt says: region, generation, size, slot, and what was in the way. */
json_t *result_of(const char *path, const mms_receipt *receipt);
/* Print it. Takes the object. An exit status; a failure has been reported. */
int result_print(json_t *object);

json_t *result_number(uint64_t number);

#endif
