/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any text as a schema, and everything that mmsc would write for it. script/fuzz
   builds and runs it. */
#include "schema/emit/emit.h"
#include "schema/schema.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(struct model *model)
{
    struct emit e = {.model = model, .prefix = "", .stem = "x", .header = "x.h", .schema = "x.rs"};

    e.out = fopen("/dev/null", "w");
    if (!e.out)
        abort();
    emit_header(&e);
    emit_source(&e);
    fclose(e.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source source = {.name = "fuzz"};
    struct model model;
    char *text = malloc(size + 1);

    if (!text)
        abort();
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    text[size] = '\0';
    source.text = text;
    source.size = size;
    if (model_read(&model, &source, size % 2 == 1, false))
        write_all(&model);
    model_free(&model);
    free(text);
    return 0;
}
