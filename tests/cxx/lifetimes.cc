/* SPDX-License-Identifier: Apache-2.0 */
/* What destructors and moves of mmsync.hpp do: pins end with their view, writes that nobody
   committed are aborted, regions and writers stay as long as something needs them, and nothing
   ends twice. */
static int left_views;
#define MMSYNC_ASSERT(condition) static_cast<void>((condition) || left_views++)
#include "check.hpp"
#include <thread>

static_assert(!std::is_copy_constructible_v<mmsync::region> &&
              !std::is_copy_assignable_v<mmsync::region>);
static_assert(!std::is_copy_constructible_v<mmsync::reader> &&
              !std::is_copy_assignable_v<mmsync::reader>);
static_assert(!std::is_copy_constructible_v<mmsync::view> &&
              !std::is_copy_assignable_v<mmsync::view>);
static_assert(!std::is_copy_constructible_v<mmsync::writer> &&
              !std::is_copy_assignable_v<mmsync::writer>);
static_assert(!std::is_copy_constructible_v<mmsync::build> &&
              !std::is_copy_assignable_v<mmsync::build>);
static_assert(!std::is_copy_constructible_v<mmsync::update> &&
              !std::is_copy_assignable_v<mmsync::update>);
static_assert(!std::is_copy_constructible_v<mmsync::table> &&
              !std::is_copy_assignable_v<mmsync::table>);
static_assert(!std::is_copy_constructible_v<mmsync::table_view> &&
              !std::is_copy_assignable_v<mmsync::table_view>);

template <typename T>
constexpr bool moves_quietly =
    std::is_nothrow_move_constructible_v<T> &&std::is_nothrow_move_assignable_v<T>
        &&std::is_nothrow_default_constructible_v<T> &&std::is_nothrow_destructible_v<T>;
static_assert(moves_quietly<mmsync::region> && moves_quietly<mmsync::reader> &&
              moves_quietly<mmsync::view>);
static_assert(moves_quietly<mmsync::writer> && moves_quietly<mmsync::build> &&
              moves_quietly<mmsync::update>);
static_assert(moves_quietly<mmsync::table> && moves_quietly<mmsync::table_view> &&
              moves_quietly<mmsync::value_copy>);
static_assert(noexcept(std::declval<mmsync::reader &>().read(std::declval<std::error_code &>())));

/* A region with the value "one". */
static std::string region_path()
{
    const std::string path = scratch::path("region");

    mmsync::writer(path, small()).write("one");
    return path;
}

/* The pid of this process, if it is the writer. */
static bool has_writer(const std::string &path)
{
    return mmsync::inspect(path).writer_alive == 1;
}

TEST(a_view_ends_with_its_scope)
{
    const std::string path = region_path();
    mmsync::region region(path);
    mmsync::reader reader(region);

    for (int i = 0; i < 100; i++) {
        auto view = reader.read();
        CHECK(view && view.text() == "one" && pinned(path) == 1);
    }
    CHECK(pinned(path) == 0);
    CHECK(mmsync::inspect(path).readers == 1);
}

TEST(a_moved_view_ends_once)
{
    const std::string path = region_path();
    mmsync::region region(path);
    mmsync::reader reader(region);
    mmsync::view last;
    {
        mmsync::view first = reader.read();
        mmsync::view second = std::move(first);

        // cppcheck-suppress accessMoved; a view that was moved from is empty
        CHECK(!first && first.data() == nullptr && first.size() == 0 && first.generation() == 0);
        CHECK(second.text() == "one" && second.generation() == 1);
        last = std::move(second);
        // cppcheck-suppress accessMoved; likewise
        CHECK(!second && pinned(path) == 1);
        mmsync::view &same = last;
        last = std::move(same);
        CHECK(last.text() == "one" && pinned(path) == 1);
    }
    CHECK(last.text() == "one" && pinned(path) == 1);
    last = mmsync::view();
    CHECK(pinned(path) == 0);
}

TEST(a_view_that_is_assigned_again_holds_the_newest_value)
{
    const std::string path = region_path();
    mmsync::writer writer(path);
    mmsync::region region(path);
    mmsync::reader reader(region);
    mmsync::view view;

    for (unsigned i = 2; i < 40; i++) { /* more than there are slots and lines */
        view = reader.read();
        CHECK(view.generation() == i - 1 && pinned(path) == 1);
        writer.write(mmsync::bytes_of(i));
    }
    CHECK(mmsync::inspect(path).readers == 2);
    view.release();
    CHECK(pinned(path) == 0);
}

TEST(several_views_each_keep_their_value)
{
    const std::string path = region_path();
    mmsync::writer writer(path);
    mmsync::region region(path);
    mmsync::reader reader(region);
    std::error_code code;

    for (int round = 0; round < 3; round++) {
        std::vector<mmsync::view> views;
        const auto first = region.generation();

        for (unsigned i = 0; i < 4; i++) {
            views.push_back(reader.read());
            writer.write(mmsync::bytes_of(i));
        }
        CHECK(pinned(path) == 4);
        for (unsigned i = 0; i < 4; i++) {
            CHECK(views[i].generation() == first + i);
            CHECK(i == 0 || views[i].as<unsigned>()[0] == i - 1);
        }
        views.erase(views.begin() + round);
        CHECK(pinned(path) == 3);
    }
    CHECK(pinned(path) == 0 && mmsync::inspect(path).readers == 4);
    std::vector<mmsync::view> all(9);
    for (unsigned i = 0; i < 8; i++)
        all[i] = reader.read();
    all[8] = reader.read(code);
    CHECK(!all[8] && code == mmsync::errc::full);
    all[2].release();
    CHECK(reader.read(code).generation() == region.generation() && !code);
}

TEST(a_reader_that_moves_takes_its_views_along)
{
    const std::string path = region_path();
    mmsync::region region(path);
    mmsync::reader first(region), second;
    auto one = first.read(), two = first.read();
    std::error_code code;

    second = std::move(first);

    // cppcheck-suppress accessMoved; a reader that was moved from refuses
    CHECK(!first && !first.read(code) && code == mmsync::errc::invalid);
    CHECK(one.text() == "one" && two.text() == "one" && pinned(path) == 2);
    auto three = second.read();
    CHECK(pinned(path) == 3);
    first = mmsync::reader(region);
    CHECK(first.read().text() == "one");
    first = mmsync::reader();
    CHECK(mmsync::inspect(path).readers == 3 && left_views == 0);
}

TEST(a_reader_keeps_its_region)
{
    const std::string path = region_path();
    mmsync::reader reader{mmsync::region(path)};

    CHECK(reader.read().text() == "one");
}

TEST(a_thread_local_reader_ends_with_its_thread)
{
    const std::string path = region_path();
    mmsync::region region(path);

    std::thread([&] {
        thread_local mmsync::reader reader(region);
        CHECK(reader.read().text() == "one" && mmsync::inspect(path).readers == 1);
    }).join();
    CHECK(mmsync::inspect(path).readers == 0);
}

TEST(a_view_that_outlives_its_reader_is_reported_and_stays_good)
{
    const std::string path = region_path();
    const int status = in_child([&] {
        mmsync::writer writer(path);
        mmsync::view left, further;
        {
            mmsync::reader reader{mmsync::region(path)};
            left = reader.read();
            further = reader.read();
            auto third = reader.read();
        }
        CHECK(left_views == 2);
        for (int i = 0; i < 20; i++)
            writer.write("another");
        CHECK(left.text() == "one" && further.text() == "one" && pinned(path) == 2);
        left = mmsync::view();
        further.release();
        return pinned(path) == 0 ? 0 : 1;
    });

    CHECK(status == 0 && left_views == 0);
}

TEST(a_build_that_is_not_committed_publishes_nothing)
{
    const std::string path = region_path();
    mmsync::writer writer(path);
    {
        auto build = writer.build(100);
        CHECK(build && build.capacity() == 100 &&
              reinterpret_cast<std::uintptr_t>(build.data()) % 64 == 0);
        std::memcpy(build.data(), "two", 3);
    }
    CHECK(mmsync::inspect(path).generation == 1);
    auto build = writer.build(100);
    CHECK_THROWS(mmsync::errc::invalid, static_cast<void>(writer.build(100)));
    CHECK_THROWS(mmsync::errc::invalid, writer.write("three"));
    build.abort();
    CHECK(!build && build.capacity() == 0);
    CHECK_THROWS(mmsync::errc::invalid, build.commit(1));
    build.abort();
    const auto receipt = writer.write("four");
    CHECK(mmsync::inspect(path).generation == receipt.generation &&
          mmsync::inspect(path).size == 4);
}

TEST(an_update_that_is_not_committed_changes_nothing)
{
    const std::string path = region_path();
    mmsync::writer writer(path);
    mmsync::region region(path);
    mmsync::reader reader(region);

    for (int i = 0; i < 20; i++) {
        auto update = writer.update();
        update.patch(0, "xxx");
    }
    auto update = writer.update();
    CHECK(mmsync::bytes_view(update.bytes()).text() == "one");
    mmsync::update moved = std::move(update);
    // cppcheck-suppress accessMoved; an update that was moved from is empty
    CHECK(!update && update.size() == 0 && moved.size() == 3);
    update = std::move(moved);
    update.patch(1, "X");
    CHECK(update.commit().size == 3 && !update);
    CHECK(reader.read().text() == "oXe");
}

TEST(a_write_that_has_begun_keeps_the_writer)
{
    const std::string path = region_path();
    mmsync::writer writer(path);
    auto update = writer.update();

    writer = mmsync::writer();
    CHECK(has_writer(path));
    update.patch(0, "O");
    CHECK(update.commit().generation == 2 && !has_writer(path));

    writer = mmsync::writer(path);
    auto build = writer.build(1);
    writer.close();
    CHECK(!writer && has_writer(path));
    build = mmsync::build();
    CHECK(!has_writer(path));

    const std::string keys = scratch::path("table");
    auto table = mmsync::writer(keys, small()).table();
    table.put("key", "value");
    CHECK(has_writer(keys));
    table = mmsync::table();
    CHECK(!has_writer(keys) && mmsync::inspect(keys).generation == 0);
}

TEST(what_was_committed_gives_no_memory_away)
{
    const std::string path = region_path();
    mmsync::writer writer(path);
    auto build = writer.build(10);

    std::memcpy(build.data(), "two", 3);
    build.commit(3);
    CHECK(!build && build.bytes().empty() && build.data() == nullptr && build.capacity() == 0);
    auto update = writer.update(10);
    update.commit();
    CHECK(!update && update.bytes().empty() && update.room().empty());
}

TEST(a_copy_that_was_moved_is_empty)
{
    const std::string path = region_path();
    const mmsync::region region(path);
    mmsync::value_copy first = region.copy();
    mmsync::value_copy second = std::move(first);

    CHECK(first.data() == nullptr && first.size() == 0 && first.generation() == 0);
    CHECK(second.bytes() == "one" && second.generation() == 1);
    first = std::move(second);
    CHECK(second.bytes().empty() && first.bytes() == "one");
}

TEST(what_could_not_be_committed_does_not_abort_what_comes_later)
{
    const std::string path = region_path();
    mmsync::writer writer(path);
    mmsync::build later;
    {
        auto build = writer.build(10);
        CHECK_THROWS(mmsync::errc::invalid, build.commit(1 << 21));
        CHECK(build);
        mms_write_abort(writer.native_handle());
        later = writer.build(10);
    }
    std::memcpy(later.data(), "later", 5);
    CHECK(later.commit(5).size == 5 && mmsync::inspect(path).size == 5);
}

TEST(a_table_that_is_not_committed_changes_nothing)
{
    const std::string path = scratch::path("table");
    mmsync::writer writer(path, small());
    {
        auto table = writer.table();
        table.put("key", "value");
    }
    CHECK(mmsync::inspect(path).generation == 0);
    auto table = writer.table();
    CHECK(table.current().size() == 0);
    mmsync::table moved = std::move(table);
    // cppcheck-suppress accessMoved; and so is a table
    CHECK(!table && moved);
    table = std::move(moved);
    table.put("other", "value");
    table.commit();
    CHECK(mmsync::inspect(path).generation > 0);
}

TEST(a_table_view_owns_its_view)
{
    const std::string path = scratch::path("table");
    mmsync::writer writer(path, small());
    auto table = writer.table();
    table.put("key", "value");
    table.commit();
    mmsync::region region(path);
    mmsync::reader reader(region);
    {
        mmsync::table_view keys = reader.read_table();
        mmsync::table_view moved = std::move(keys);

        // cppcheck-suppress accessMoved; and a view of one
        CHECK(!keys && !keys.get("key") && keys.size() == 0 && keys.begin() == keys.end());
        CHECK(moved.get("key")->text() == "value" && pinned(path) == 1);
        keys = std::move(moved);
        CHECK(keys.get("key")->text() == "value" && pinned(path) == 1);
        keys.release();
        CHECK(!keys && pinned(path) == 0);
        CHECK_THROWS(mmsync::errc::no_view, keys.release());
        keys = reader.read_table();
    }
    CHECK(pinned(path) == 0);
    writer.write("no table");
    CHECK_THROWS(mmsync::errc::type, static_cast<void>(reader.read_table()));
    CHECK(pinned(path) == 0);
}

TEST(an_exception_ends_the_view_on_its_way)
{
    const std::string path = region_path();
    mmsync::region region(path);
    mmsync::reader reader(region);

    try {
        auto view = reader.read();
        CHECK(pinned(path) == 1);
        throw 1;
    } catch (int) {
    }
    CHECK(pinned(path) == 0);
}
