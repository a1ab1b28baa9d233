/* SPDX-License-Identifier: Apache-2.0 */
/* Network addresses: IPV4, IPV6, IP, SOCKET_V4, SOCKET_V6, SOCKET; and UUID, which is plain
   bytes. */
#ifndef MMS_ADDRESS_H
#define MMS_ADDRESS_H

#include <mmsync/archive.h>

static inline bool mms__is_address(int kind)
{
    return kind >= MMS_T_IPV4 && kind <= MMS_T_UUID;
}

/* As Rust's Ord: the version first, then address, port, flow information, scope. */
int mms__address_compare(int kind, const void *a, const void *b);

/* As JSON text, in quotes: what Rust's Display writes, and therefore serde_json. */
void mms__address_print(int kind, const void *at, FILE *out);

#endif
