/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for any bytes: checking them stays inside and ends, and whatever is accepted can
   be used. The fuzzer, its corpus and random damage share this one function. */
#ifndef MMS_PROPERTY_H
#define MMS_PROPERTY_H

#include <mmsync/archive.h>

enum { PROPERTY_TYPES = 6 };

/* The types that are tried, in the order of the corpus's first bytes. */
mms_archive *property_archive(unsigned index);

/* True if the bytes were accepted. They are copied to memory that ends where they end. */
bool property_holds(const mms_archive *archive, const void *data, size_t size);

/* The first byte says which type. */
bool property_input(const unsigned char *data, size_t size);

#endif
