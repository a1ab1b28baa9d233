/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values by mmsync.hpp, with what mmsc makes of a schema: written, read in place, copied,
   changed by setters, checked where nobody vouches for them. */
#include "check.hpp"
#include "hello.h"
#include "setters.h"
#include "tables.h"

static HelloWorld hello(std::uint32_t version, std::vector<mms_str> &texts)
{
    texts = {mms_str_of("good"), mms_str_of("morning")};
    return HelloWorld{version, {texts.data(), texts.size()}};
}

TEST(a_typed_value_is_read_in_place)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);
    std::vector<mms_str> texts;

    CHECK_THROWS(mmsync::errc::empty, static_cast<void>(reader.read<HelloWorld>()));
    writer.write(hello(7, texts));
    {
        auto view = reader.read<HelloWorld>();
        CHECK(view && view->version == 7 && Vec_String_count(&view->messages) == 2 &&
              pinned(path) == 1);
        const mms_str text = Vec_String_at(&view->messages, 1);
        CHECK(std::string_view(text.data, text.size) == "morning");
        CHECK(!view.refresh() && view->version == 7);
        writer.write(hello(8, texts));
        auto second = reader.read<HelloWorld>();
        CHECK(view->version == 7 && second->version == 8 && pinned(path) == 2);
        CHECK(view.refresh() && view->version == 8 && (*view).version == 8);
        auto moved = std::move(view);
        // cppcheck-suppress accessMoved; a view that was moved from is empty
        CHECK(!view && !view.get() && moved->version == 8);
        view = std::move(moved);
        // cppcheck-suppress accessMoved; likewise
        CHECK(view->version == 8 && !moved.get() && view.generation() == 2);
        view.release();
        CHECK(!view && !view.get() && pinned(path) == 1);
    }
    CHECK(pinned(path) == 0);
}

/* Bytes that say that they are a HelloWorld, and are none. */
static void write_no_hello(mmsync::writer &writer)
{
    auto build = writer.build(16);

    build.set_type({HelloWorld_archive.type_id[0], HelloWorld_archive.type_id[1]}, {});
    std::memset(build.data(), 0xff, 16);
    build.commit(16);
}

TEST(another_type_is_refused)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);
    std::error_code code;

    writer.write("no type");
    CHECK(!reader.read<HelloWorld>(code) && code == mmsync::errc::type);
    CHECK_THROWS(mmsync::errc::type, static_cast<void>(reader.read<HelloWorld>()));
    CHECK_THROWS(mmsync::errc::type, static_cast<void>(region.copy<HelloWorld>()));
    write_no_hello(writer);
    CHECK(!reader.read<HelloWorld>(code) && code == mmsync::errc::corrupt);
    CHECK_THROWS(mmsync::errc::corrupt, static_cast<void>(region.copy<HelloWorld>()));
    CHECK(pinned(path) == 0);
    std::vector<mms_str> texts;
    writer.write(hello(1, texts));
    auto view = reader.read<HelloWorld>(code);
    CHECK(view && !code);
    write_no_hello(writer);
    CHECK_THROWS(mmsync::errc::corrupt, view.refresh());
    CHECK(!view && !view.get() && pinned(path) == 0);
}

TEST(a_typed_value_is_copied)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    std::vector<mms_str> texts;

    writer.write(hello(9, texts));
    auto copy = region.copy<HelloWorld>();
    writer.write(hello(10, texts));
    CHECK(copy && copy->version == 9 && copy.generation() == 1);
    auto moved = std::move(copy);
    CHECK(moved->version == 9 && Vec_String_count(&moved->messages) == 2);
    CHECK(!copy && copy.get() == nullptr && copy.bytes().empty());
    const mmsync::value_copy untyped = std::move(moved);
    // cppcheck-suppress accessMoved; a value that was moved from is empty
    CHECK(!moved && moved.get() == nullptr && !untyped.bytes().empty());
}

TEST(setters_change_a_value_in_place)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);
    std::vector<mms_str> texts;
    std::error_code code;

    CHECK_THROWS(mmsync::errc::empty, static_cast<void>(writer.update<HelloWorld>()));
    writer.write(hello(1, texts));
    auto update = writer.update<HelloWorld>();
    CHECK(update->version == 1);
    update.set(HelloWorld_set_version, update.get(), 2);
    CHECK(update.commit().generation > 1 && !update);
    CHECK(reader.read<HelloWorld>()->version == 2);
    {
        auto aborted = writer.update<HelloWorld>();
        aborted.set(code, HelloWorld_set_version, aborted.get(), 3u);
        CHECK(!code);
        aborted.set(code, HelloWorld_set_version, nullptr, 3u);
        CHECK(code == mmsync::errc::invalid);
        CHECK_THROWS(mmsync::errc::invalid, aborted.set(HelloWorld_set_version, nullptr, 3u));
    }
    CHECK(reader.read<HelloWorld>()->version == 2);
    CHECK_THROWS(mmsync::errc::type, static_cast<void>(writer.update<Large>()));
}

TEST(a_typed_table_has_keys_and_values_of_its_types)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);
    std::error_code code;

    auto table = writer.table(Counts_table_begin);
    table.put(Counts_table_put, mms_str_of("one"), 1);
    table.put(code, Counts_table_put, mms_str_of("two"), 2u);
    CHECK(!code);
    CHECK_THROWS(mmsync::errc::invalid, table.put(Counts_table_put, mms_str{"\xff", 1}, 2));
    CHECK(!table.erase(Counts_table_delete, mms_str_of("none")));
    CHECK(!table.erase(code, Counts_table_delete, mms_str_of("none")) && !code);
    table.commit();
    {
        const auto keys = reader.read_table(Counts_table_read);
        const auto again = reader.read_table(Counts_table_read, code);
        CHECK(!code && again && pinned(path) == 2);
        CHECK(*keys.get(Counts_table_get, mms_str_of("one")) == 1 && keys.size() == 2);
        CHECK(*keys.get(code, Counts_table_get, mms_str_of("two")) == 2 && !code);
        CHECK(!keys.get(Counts_table_get, mms_str_of("none")));
        CHECK(!keys.get(code, Counts_table_get, mms_str_of("none")) && !code);
        CHECK_THROWS(mmsync::errc::invalid, keys.get(Counts_table_get, mms_str{"\xff", 1}));
        CHECK_THROWS(mmsync::errc::type, keys.get(Prices_table_get, 7));
    }
    CHECK_THROWS(mmsync::errc::type, static_cast<void>(writer.table(Prices_table_begin)));
    CHECK_THROWS(mmsync::errc::type, static_cast<void>(reader.read_table(Prices_table_read)));
    CHECK(!reader.read_table(Prices_table_read, code) && code == mmsync::errc::type &&
          pinned(path) == 0);
}
