/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <mmsync.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void usage_error(const struct verb *verb, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fail("%s: %s (try 'mmsync %s --help')", verb->name, text, verb->name);
    exit(EXIT_USAGE);
}

_Noreturn static void print_help(const struct verb *verb)
{
    static char buffer[16 << 10];

    setvbuf(stdout, buffer, _IOFBF, sizeof buffer); /* in one write, so that finish_output knows why it fails */
    printf("Usage: mmsync %s%s%s\n\n%s\n"
           "  -h, --help              print this text\n"
           "  -V, --version           print the version\n",
           verb->name, *verb->synopsis ? " " : "", verb->synopsis, verb->help);
    exit(finish_output(EXIT_OK));
}

_Noreturn static void print_version(void)
{
    printf("mmsync %s\n", mms_version());
    exit(finish_output(EXIT_OK));
}

static const char *option_name(const struct option *options, int value)
{
    for (; options->name; options++)
        if (options->val == value)
            return options->name;
    return "?";
}

/* getopt's own messages say too little. */
_Noreturn static void refuse_option(const struct verb *verb, char **argv, const struct option *options, int result)
{
    const char *word = argv[optind - 1];

    if (result == ':' && optopt < LONG_ONLY && strncmp(word, "--", 2) != 0)
        usage_error(verb, "option -%c needs a value", optopt);
    if (result == ':')
        usage_error(verb, "option --%s needs a value", option_name(options, optopt));
    if (optopt && !strncmp(word, "--", 2) && strchr(word, '='))
        usage_error(verb, "option --%s takes no value", option_name(options, optopt));
    if (optopt)
        usage_error(verb, "unknown option -%c", optopt);
    usage_error(verb, "unknown or ambiguous option %s", word);
}

static const struct option *known;

bool has_option(const char *name)
{
    size_t length = strcspn(name + 2, " ");

    for (const struct option *option = known; option && option->name; option++)
        if (strlen(option->name) == length && !strncmp(option->name, name + 2, length))
            return true;
    return false;
}

/* What is wrong with the other options is to be JSON too, so -j is looked for first; in a copy, as getopt moves words. */
static void look_for_json(int argc, char **argv, const char *letters, const struct option *options)
{
    static bool looked;
    char **words = looked ? NULL : calloc((size_t)argc + 1, sizeof *words);
    int result;

    looked = true;
    if (!words)
        return;
    memcpy(words, argv, (size_t)argc * sizeof *words);
    while ((result = getopt_long(argc, words, letters, options, NULL)) >= 0)
        if (result == 'j')
            want_json();
    optind = 0; /* begins anew */
    free(words);
}

int next_option(const struct verb *verb, int argc, char **argv, const char *letters, const struct option *options)
{
    char all[64];
    int result;

    known = options;
    snprintf(all, sizeof all, ":hV%s", letters);
    opterr = 0;
    look_for_json(argc, argv, all, options);
    result = getopt_long(argc, argv, all, options, NULL);
    if (result == 'h')
        print_help(verb);
    if (result == 'V')
        print_version();
    if (result == '?' || result == ':')
        refuse_option(verb, argv, options, result);
    return result;
}

int count_operands(const struct verb *verb, int argc, char **argv, int least, int most)
{
    int count = argc - optind;

    if (count > most)
        usage_error(verb, "unexpected argument '%s'", argv[optind + most]);
    if (count < least)
        usage_error(verb, "say which region: mmsync %s %s", verb->name, verb->synopsis);
    for (int i = optind; i < argc; i++)
        if (!*argv[i])
            usage_error(verb, "an argument is empty");
    return count;
}

/* strtoull takes signs and leading blanks, which no option here allows. */
static bool parse_digits(const char *text, int base, uint64_t *value, char **end)
{
    if (!isxdigit((unsigned char)*text))
        return false;
    errno = 0;
    *value = strtoull(text, end, base);
    return !errno && *end != text;
}

/* ".5" as 500; NULL if no digit follows the point. */
static const char *parse_thousandths(const char *text, uint64_t *thousandths)
{
    if (!isdigit((unsigned char)text[1]))
        return NULL;
    text++;
    for (uint64_t weight = 100; isdigit((unsigned char)*text); weight /= 10, text++)
        *thousandths += (uint64_t)(*text - '0') * weight;
    return text;
}

/* The factor of a suffix; 0 if there is no such suffix. */
static uint64_t suffix_factor(const char *text)
{
    static const char letters[] = "KMGTPE";
    const char *letter = *text ? strchr(letters, toupper((unsigned char)*text)) : NULL;

    if (!*text || !strcmp(text, "B"))
        return 1;
    if (!letter || (text[1] && strcmp(text + 1, "iB") != 0 && strcmp(text + 1, "i") != 0))
        return 0;
    return UINT64_C(1) << 10 * (letter - letters + 1);
}

uint64_t parse_size(const struct verb *verb, const char *name, const char *text)
{
    uint64_t whole = 0, thousandths = 0, factor = 0;
    const char *suffix = NULL;
    char *end;

    if (parse_digits(text, 10, &whole, &end))
        suffix = *end == '.' ? parse_thousandths(end, &thousandths) : end;
    if (suffix)
        factor = suffix_factor(suffix);
    if (!factor || (thousandths && factor == 1))
        usage_error(verb, "%s: '%s' is not a size; write 4096, 64K, 1.5G (K is 1024)", name, text);
    if (whole > (UINT64_MAX >> 1) / factor)
        usage_error(verb, "%s: %s is too large", name, text);
    return whole * factor + (uint64_t)((double)factor * (double)thousandths / 1000);
}

uint64_t parse_number(const struct verb *verb, const char *name, const char *text, uint64_t least, uint64_t most)
{
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    uint64_t value;
    char *end;

    if (!parse_digits(text, base, &value, &end) || *end || value < least || value > most)
        usage_error(verb, "%s: '%s' is not a number from %llu to %llu", name, text, (unsigned long long)least,
                    (unsigned long long)most);
    return value;
}

int32_t parse_wait(const struct verb *verb, const char *name, const char *text)
{
    int32_t ms;

    if (!strcmp(text, "forever"))
        return MMS_FOREVER;
    ms = (int32_t)parse_number(verb, name, text, 0, INT32_MAX);
    return ms ? ms : MMS_NO_WAIT;
}

static const struct {
    const char *name;
    uint64_t ns;
} units[] = {{"ms", 1000000},
             {"s", 1000000000},
             {"m", UINT64_C(60000000000)},
             {"h", UINT64_C(3600000000000)},
             {"d", UINT64_C(86400000000000)}};

uint64_t parse_duration(const struct verb *verb, const char *name, const char *text)
{
    uint64_t value = 0;
    char *end;

    if (parse_digits(text, 10, &value, &end) && value > 0)
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (!strcmp(end, units[i].name) && value <= (UINT64_MAX >> 2) / units[i].ns)
                return value * units[i].ns;
    usage_error(verb, "%s: '%s' is not a duration such as 500ms, 30s, 5m, 12h or 7d", name, text);
}

uint32_t parse_mode(const struct verb *verb, const char *name, const char *text)
{
    uint64_t value;
    char *end;

    if (!parse_digits(text, 8, &value, &end) || *end || value > 0777 || !value)
        usage_error(verb, "%s: '%s' is not an octal file mode such as 0640", name, text);
    return (uint32_t)value;
}

gid_t parse_group(const struct verb *verb, const char *name, const char *text)
{
    const struct group *group = getgrnam(text);

    if (!group && !isdigit((unsigned char)*text))
        usage_error(verb, "%s: there is no group '%s'", name, text);
    return group ? group->gr_gid : (gid_t)parse_number(verb, name, text, 0, UINT32_MAX - 1);
}

uid_t parse_user(const struct verb *verb, const char *name, const char *text)
{
    const struct passwd *user = getpwnam(text);

    if (!user && !isdigit((unsigned char)*text))
        usage_error(verb, "%s: there is no user '%s'", name, text);
    return user ? user->pw_uid : (uid_t)parse_number(verb, name, text, 0, UINT32_MAX - 1);
}

static const struct {
    const char *name;
    enum format format;
} formats[] = {{"auto", FORMAT_AUTO}, {"mmsync", FORMAT_MMSYNC}, {"mmap-sync", FORMAT_MMAP_SYNC}};

enum format parse_format(const struct verb *verb, const char *name, const char *text)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(text, formats[i].name))
            return formats[i].format;
    usage_error(verb, "%s: '%s' is not auto, mmsync or mmap-sync", name, text);
}

/* Paths made here; they are never freed. */
static struct kept {
    struct kept *next;
    char text[];
} * kept;

static const char *join(const char *scheme, const char *path)
{
    size_t size = strlen(scheme) + strlen(path) + 2;
    struct kept *text = malloc(sizeof *text + size);

    if (!text) {
        fail_errno("out of memory for the path %s", path);
        exit(EXIT_FAILED);
    }
    snprintf(text->text, size, "%s:%s", scheme, path);
    text->next = kept;
    kept = text;
    return text->text;
}

/* FORMAT_AUTO: it has none. */
static enum format scheme_of(const char *path)
{
    for (size_t i = 1; i < sizeof formats / sizeof *formats; i++) {
        size_t length = strlen(formats[i].name);

        if (!strncmp(path, formats[i].name, length) && path[length] == ':')
            return formats[i].format;
    }
    return FORMAT_AUTO;
}

const char *path_in_format(const struct verb *verb, enum format format, const char *path)
{
    enum format named = scheme_of(path);

    if (format == FORMAT_AUTO || format == named)
        return path;
    if (named != FORMAT_AUTO)
        usage_error(verb, "%s is a path in another format than %s", path, formats[format].name);
    return join(formats[format].name, path);
}

void parse_type(const struct verb *verb, const char *name, const char *text, uint64_t type_id[2])
{
    char high[17];
    uint64_t halves[2] = {0, 0};
    size_t length = strlen(text);

    if (length != 32 || strspn(text, "0123456789abcdefABCDEF") != length)
        usage_error(verb, "%s: '%s' is not 32 hexadecimal digits", name, text);
    memcpy(high, text, 16);
    high[16] = '\0';
    halves[0] = strtoull(high, NULL, 16);
    halves[1] = strtoull(text + 16, NULL, 16);
    memcpy(type_id, halves, sizeof halves);
}
