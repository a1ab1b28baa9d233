/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/emit/c_names.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Keywords, what mmsc declares as it does in every header, and what main() is. Sorted. */
static const char *const words[] = {
    "FILE",
    "NULL",
    "_Alignas",
    "_Alignof",
    "_Atomic",
    "_BitInt",
    "_Bool",
    "_Complex",
    "_Float16",
    "_Generic",
    "_Imaginary",
    "_Noreturn",
    "_Static_assert",
    "_Thread_local",
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "int16_t",
    "int32_t",
    "int64_t",
    "int8_t",
    "intptr_t",
    "long",
    "main",
    "max_align_t",
    "mms_tag",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "ptrdiff_t",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "size_t",
    "sizeof",
    "ssize_t",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "tag",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    "uint8_t",
    "uintptr_t",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
};

struct reserved {
    const char *name;
    bool macro;
};

#define MACRO(name) {#name, true},
#define GLOBAL(name) {#name, false},
static const struct reserved reserved[] = {
#include "schema/emit/reserved_names.inc"
};

static int compare_word(const void *name, const void *word)
{
    return strcmp(name, *(const char *const *)word);
}

static int compare_reserved(const void *name, const void *entry)
{
    return strcmp(name, ((const struct reserved *)entry)->name);
}

static bool is_word(const char *name)
{
    return bsearch(name, words, sizeof words / sizeof *words, sizeof *words, compare_word) != NULL;
}

static const struct reserved *find(const char *name)
{
    return bsearch(name, reserved, sizeof reserved / sizeof *reserved, sizeof *reserved, compare_reserved);
}

/* __signed__ and the like are keywords. */
static bool is_of_the_compiler(const char *name)
{
    return name[0] == '_' && (name[1] == '_' || (name[1] >= 'A' && name[1] <= 'Z'));
}

bool c_name_is_taken(const char *name)
{
    const struct reserved *found = find(name);

    return is_word(name) || (found && (found->macro || is_of_the_compiler(name)));
}

bool c_global_is_taken(const char *name)
{
    return is_word(name) || find(name);
}
