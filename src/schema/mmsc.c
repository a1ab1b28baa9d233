/* SPDX-License-Identifier: Apache-2.0 */
/* mmsc: compiles a schema to a C header and a C source file. */
#include "schema/emit/emit.h"
#include "schema/output.h"
#include "schema/parse/cfg.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, MOST_BYTES = 16 << 20 };

struct request {
    const char *schema, *directory, *header, *source, *prefix;
    struct cfg cfg;
    bool wide;
};

static const char help[] =
    "Usage: mmsc [OPTION]... SCHEMA\n"
    "Compile a schema, Rust structs and enums, to a C header and a C source file.\n"
    "SCHEMA `-` is standard input; give --header then.\n"
    "\n"
    "  -o, --output DIR     where the files go [.]\n"
    "      --header NAME    the header's name [SCHEMA without its suffix, and .h]\n"
    "      --source NAME    the source file's name [the same with .c]\n"
    "      --prefix TEXT    what all C names begin with [nothing]\n"
    "      --offsets 32|64  bits of offsets and of usize; 32 end near 2 GiB [32]\n"
    "      --cfg CONDITION  what #[cfg(...)] in the schema is to take for true: NAME, KEY=VALUE;\n"
    "                       not(NAME), not(KEY=VALUE) for false; may be repeated\n"
    "      --help           this text\n"
    "      --version        the version\n"
    "\n"
    "Exit status: 0, 1 after an error, 2 for a wrong command line. See mmsc(1).\n";

__attribute__((format(printf, 1, 0))) static int usage(const char *format, const char *argument)
{
    fputs("mmsc: ", stderr);
    fprintf(stderr, format, argument);
    fputs(" (try 'mmsc --help')\n", stderr);
    return EXIT_USAGE;
}

/* ---- Input ---- */

static bool is_input(const char *path)
{
    return !strcmp(path, "-");
}

static char *fail_read(const char *path)
{
    fprintf(stderr, "mmsc: cannot read %s: %s\n", path, strerror(errno));
    return NULL;
}

static char *read_text(FILE *file, const char *path, size_t *size)
{
    char *text = malloc(MOST_BYTES + 2);

    if (!text)
        return fail_read(path);
    *size = fread(text, 1, MOST_BYTES + 1, file);
    text[*size] = '\0';
    if (!ferror(file) && *size <= MOST_BYTES)
        return text;
    if (ferror(file))
        fail_read(path);
    else
        fprintf(stderr, "mmsc: %s has more than %d bytes\n", path, MOST_BYTES);
    free(text);
    return NULL;
}

static char *read_schema(const char *path, size_t *size)
{
    FILE *file;
    char *text;

    if (is_input(path))
        return read_text(stdin, path, size);
    file = fopen(path, "rb");
    if (!file)
        return fail_read(path);
    text = read_text(file, path, size);
    fclose(file);
    return text;
}

/* ---- Output ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* For messages, and for what is made. */
static const char *name_of(const char *schema)
{
    return is_input(schema) ? "standard input" : base_name(schema);
}

/* The schema's name with another suffix. */
static const char *named_after(struct model *model, const char *schema, const char *suffix)
{
    const char *base = base_name(schema), *dot = strrchr(base, '.');
    int size = (int)(dot && dot != base ? (size_t)(dot - base) : strlen(base));

    return model_format(model, "%.*s%s", size, base, suffix);
}

static const char *identifier(struct model *model, const char *prefix, const char *name)
{
    char *text = model_format(model, "%s%s", prefix, name);

    for (char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return isdigit((unsigned char)*text) ? model_format(model, "_%s", text) : text;
}

static bool write_both(const struct request *request, struct emit *e, const char *source)
{
    struct output header_file = {NULL, NULL, NULL}, source_file = {NULL, NULL, NULL};
    bool good = output_open(&header_file, model_format(e->model, "%s/%s", request->directory, e->header)) &&
                output_open(&source_file, model_format(e->model, "%s/%s", request->directory, source));

    if (good) {
        e->out = header_file.file;
        emit_header(e);
        e->out = source_file.file;
        emit_source(e);
        good = output_commit(&header_file) && output_commit(&source_file);
    }
    output_close(&header_file);
    output_close(&source_file);
    return good;
}

static bool compile(const struct request *request, struct source *source)
{
    struct model model;
    bool good = model_read(&model, source, request->wide, false);

    if (good) {
        struct emit e = {.model = &model, .prefix = request->prefix, .schema = name_of(request->schema)};

        e.header = request->header ? request->header : named_after(&model, request->schema, ".h");
        e.stem = identifier(&model, request->prefix, named_after(&model, e.header, ""));
        good = write_both(request, &e, request->source ? request->source : named_after(&model, e.header, ".c"));
    }
    model_free(&model);
    return good;
}

static int run(const struct request *request)
{
    struct source source = {.errors = stderr, .cfg = &request->cfg, .prefix = request->prefix};
    char *text = read_schema(request->schema, &source.size);
    bool good;

    if (!text)
        return EXIT_FAILURE;
    source.name = is_input(request->schema) ? name_of(request->schema) : request->schema;
    source.text = text;
    good = compile(request, &source);
    free(text);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- Command line ---- */

static bool is_file_name(const char *name)
{
    return *name && !strchr(name, '/');
}

static bool is_prefix(const char *text)
{
    if (!isalpha((unsigned char)*text) && *text != '_')
        return false;
    while (isalnum((unsigned char)*text) || *text == '_')
        text++;
    return *text == '\0';
}

static int take_option(struct request *request, int option)
{
    switch (option) {
    case 'o': request->directory = optarg; return 0;
    case 'h':
        request->header = optarg;
        return is_file_name(optarg) ? 0 : usage("--header %s: give a name, and the directory with -o", optarg);
    case 's':
        request->source = optarg;
        return is_file_name(optarg) ? 0 : usage("--source %s: give a name, and the directory with -o", optarg);
    case 'p':
        request->prefix = optarg;
        return is_prefix(optarg) ? 0 : usage("--prefix %s: not the beginning of a C name", optarg);
    case 'b':
        request->wide = !strcmp(optarg, "64");
        return request->wide || !strcmp(optarg, "32") ? 0 : usage("--offsets %s: give 32 or 64", optarg);
    case 'c':
        return cfg_add(&request->cfg, optarg)
                   ? 0
                   : usage("--cfg %s: give NAME, KEY=VALUE or not(...), and never both of one", optarg);
    default: return EXIT_USAGE;
    }
}

static int done(struct request *request, int status)
{
    free(request->cfg.facts);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"header", required_argument, NULL, 'h'},
        {"source", required_argument, NULL, 's'},
        {"prefix", required_argument, NULL, 'p'},
        {"offsets", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, '?' + 256},
        {"version", no_argument, NULL, 'v'},
        {"cfg", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    struct request request = {.directory = ".", .prefix = ""};
    int option, status;

    while ((option = getopt_long(argc, argv, "o:", options, NULL)) >= 0) {
        if (option == '?')
            return done(&request, fputs("Try 'mmsc --help'\n", stderr) < 0 ? EXIT_FAILURE : EXIT_USAGE);
        if (option == '?' + 256)
            return fputs(help, stdout) < 0 || fflush(stdout) != 0;
        if (option == 'v')
            return puts("mmsc " MMS_VERSION) < 0 || fflush(stdout) != 0;
        status = take_option(&request, option);
        if (status != 0)
            return done(&request, status);
    }
    if (argc - optind != 1)
        return done(&request, usage("give one schema%s", argc == optind ? "" : " at a time"));
    request.schema = argv[optind];
    if (is_input(request.schema) && !request.header)
        return done(&request, usage("a schema from standard input has no name; give one with %s", "--header"));
    return done(&request, run(&request));
}
