/* SPDX-License-Identifier: Apache-2.0 */
/* What `write --json` publishes: a value of a type from a schema file, which is written as JSON. */
#ifndef MMS_CLI_SET_DOCUMENT_H
#define MMS_CLI_SET_DOCUMENT_H

#include "cli/file_type.h"
#include "cli/publication.h"
#include "cli/set/literal.h"

struct document {
    struct file_type type;
    char *text;
    size_t size;
    struct literal literal;
    char *room;  /* for what its texts say */
    void *input; /* of the type */
    void *bytes; /* of the value */
};

/* Read the schema, and then the value from a file; "-" is standard input. An exit status; anything but
   EXIT_OK has been reported, here and below. Close it in any case. */
int document_open(struct document *document, const char *schema, const char *root, const char *file);
void document_close(struct document *document);

/* Whether the value and its schema fit into this many bytes. */
int document_check(const struct document *document, uint64_t most);

/* The bytes of the value, in memory of the document's own. */
int document_serialize(struct document *document, struct candidate *candidate);

/* A code of the library. */
int document_publish(const struct document *document, mms_writer *writer, mms_receipt *receipt);

#endif
