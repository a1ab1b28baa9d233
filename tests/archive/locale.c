/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in a program that has set a locale: the decimal mark is still a point. locale.sh builds the
   locale and runs this with its name. */
#include <locale.h>
#include <mmsync/archive.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *locale_name;

static const mms_type type_of_double = {.kind = MMS_T_F64, .size = 8, .align = 8};
static const mms_type type_of_float = {.kind = MMS_T_F32, .size = 4, .align = 4};

static void expect(const mms_type *type, const void *value, const char *wanted)
{
    char text[64];
    FILE *stream = fmemopen(text, sizeof text, "w");

    assert_non_null(stream);
    assert_int_equal(mms_archive_print(type, value, stream), 0);
    fclose(stream);
    assert_string_equal(text, wanted);
}

static void numbers_have_a_point(void **state)
{
    static const struct {
        double value;
        const char *text;
    } doubles[] = {{0.5, "0.5"}, {-1.25, "-1.25"},         {1e300, "1e+300"}, {1.5e-300, "1.5e-300"},
                   {3, "3.0"},   {1234567.5, "1234567.5"}, {0.1, "0.1"},      {2.0 / 3, "0.6666666666666666"}};
    static const float third = 1.0F / 3;

    (void)state;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        expect(&type_of_double, &doubles[i].value, doubles[i].text);
    expect(&type_of_float, &third, "0.33333334");
}

static void the_locale_has_another_mark(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_ALL, locale_name));
    assert_string_not_equal(localeconv()->decimal_point, ".");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_a_point),
        cmocka_unit_test(the_locale_has_another_mark),
        cmocka_unit_test(numbers_have_a_point),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s LOCALE\n", argv[0]);
        return 2;
    }
    locale_name = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
