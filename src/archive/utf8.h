/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_UTF8_H
#define MMS_UTF8_H

#include <stddef.h>

/* The number of bytes from the start that are whole, valid UTF-8 (RFC 3629: no surrogates, no overlong forms):
   size, if all are. */
size_t mms__utf8_valid(const char *text, size_t size);

#endif
