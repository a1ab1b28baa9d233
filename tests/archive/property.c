/* SPDX-License-Identifier: Apache-2.0 */
#include "property.h"
#include "corpus.h"
#include "everything.h"
#include "hello.h"
#include "standard.h"
#include "wide.h"
#include <stdlib.h>

mms_archive *property_archive(unsigned index)
{
    static mms_archive *const all[PROPERTY_TYPES] = {&HelloWorld_archive, &Everything_archive, &Node_archive,
                                                     &Shape_archive,      &w_Table_archive,    &Service_archive};

    return all[index % PROPERTY_TYPES];
}

/* Uses all of a value, like a reader. */
static void use(const mms_archive *archive, const void *root)
{
    FILE *sink = fopen("/dev/null", "w");

    if (!sink)
        abort();
    if (mms_archive_print(archive->type, root, sink) != 0)
        abort();
    fclose(sink);
    (void)mms_archive_equal(archive->type, root, root);
}

bool property_holds(const mms_archive *archive, const void *data, size_t size)
{
    unsigned char *copy = corpus_allocate(size);
    const void *root = NULL;
    int code;

    if (size > 0)
        memcpy(copy, data, size);
    code = mms_archive_check(archive, copy, size, &root);
    if (code == 0)
        use(archive, root);
    else if (code != MMS_E_CORRUPT)
        abort();
    free(copy);
    return code == 0;
}

bool property_input(const unsigned char *data, size_t size)
{
    return size > 0 && property_holds(property_archive(data[0]), data + 1, size - 1);
}
