/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged archives: bits flipped, ends cut off, parts spliced, words set to harmful values. A
   sanitizer watches the checker; without one the test still shows that whatever is accepted can be
   used. The seed is printed; MMSYNC_SEED repeats a run. */
#include "corpus.h"
#include "property.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { ROUNDS = 4000 };

static uint64_t seed;

static size_t draw(size_t below)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (size_t)((z ^ z >> 31) % below);
}

static size_t hurt(unsigned char *bytes, size_t size)
{
    static const uint32_t words[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff8, 0x10000};
    size_t from, to, count;

    switch (draw(5)) {
    case 0: bytes[draw(size)] ^= (unsigned char)(1u << draw(8)); return size;
    case 1: bytes[draw(size)] = (unsigned char)draw(256); return size;
    case 2: return size - draw(size / 4 + 1);
    case 3:
        count = 1 + draw(size < 64 ? size : 64);
        from = draw(size - count + 1);
        to = draw(size - count + 1);
        memmove(bytes + to, bytes + from, count);
        return size;
    default:
        if (size >= 4)
            memcpy(bytes + 4 * draw(size / 4), &words[draw(sizeof words / sizeof *words)], 4);
        return size;
    }
}

static void damage_is_found_or_harmless(void **state)
{
    const struct corpus_value *value;
    size_t refused = 0, accepted = 0;

    (void)state;
    for (size_t i = 0; (value = corpus_value(i)); i++) {
        size_t size;
        unsigned char *bytes = corpus_encode(value->archive, value->json, &size), *copy = malloc(size);

        assert_non_null(copy);
        for (int round = 0; round < ROUNDS; round++) {
            size_t left = size;

            memcpy(copy, bytes, size);
            for (uint64_t times = 1 + draw(3); times > 0 && left > 0; times--)
                left = hurt(copy, left);
            if (property_holds(value->archive, copy, left))
                accepted++;
            else
                refused++;
        }
        free(copy);
        free(bytes);
    }
    print_message("%zu refused, %zu accepted\n", refused, accepted);
    assert_true(refused > 0 && accepted > 0);
}

static void the_corpus_holds(void **state)
{
    DIR *directory = opendir(ARCHIVE_CORPUS);
    struct dirent *entry;
    size_t files = 0;

    (void)state;
    assert_non_null(directory);
    while ((entry = readdir(directory))) {
        static unsigned char bytes[1 << 20];
        char path[4096];
        FILE *file;

        if (*entry->d_name == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", ARCHIVE_CORPUS, entry->d_name);
        file = fopen(path, "rb");
        assert_non_null(file);
        property_input(bytes, fread(bytes, 1, sizeof bytes, file));
        fclose(file);
        files++;
    }
    closedir(directory);
    assert_true(files > 0);
}

int main(void)
{
    const char *given = getenv("MMSYNC_SEED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_found_or_harmless),
        cmocka_unit_test(the_corpus_holds),
    };

    seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("MMSYNC_SEED=%llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
