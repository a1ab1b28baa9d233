/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of mmsync.hpp: every code of the C library in its category, with conditions, texts and
   exceptions; and what calls on empty and moved-from objects give. */
#include "check.hpp"

/* Each code has its errc. */
static bool is_known(mmsync::errc code)
{
    switch (code) {
    case mmsync::errc::empty:
    case mmsync::errc::busy:
    case mmsync::errc::again:
    case mmsync::errc::evicted:
    case mmsync::errc::gone:
    case mmsync::errc::forked:
    case mmsync::errc::type:
    case mmsync::errc::full:
    case mmsync::errc::too_big:
    case mmsync::errc::not_region:
    case mmsync::errc::corrupt:
    case mmsync::errc::version:
    case mmsync::errc::byte_order:
    case mmsync::errc::filesystem:
    case mmsync::errc::geometry:
    case mmsync::errc::no_view:
    case mmsync::errc::timeout:
    case mmsync::errc::exhausted:
    case mmsync::errc::invalid:
    case mmsync::errc::read_only:
    case mmsync::errc::forgotten:
    case mmsync::errc::not_found: return true;
    }
    return false;
}

static void check_code(int code, int number, const char *text)
{
    const std::error_code made = static_cast<mmsync::errc>(code);

    CHECK(is_known(static_cast<mmsync::errc>(code)) && made.value() == number &&
          made.message() == text);
    CHECK(made.category() == mmsync::category() && made == static_cast<mmsync::errc>(number));
}

TEST(each_code_of_the_library_is_in_the_category)
{
#define CHECK_CODE(name, number, text) check_code(MMS_E_##name, number, text);
    MMS_ERROR_MAP(CHECK_CODE)
    CHECK(std::strcmp(mmsync::category().name(), "mmsync") == 0);
    CHECK(std::error_code(mmsync::errc::empty) != mmsync::errc::gone);
}

TEST(codes_compare_with_the_conditions_of_the_standard)
{
    const auto make = [](int code) { return std::error_code(code, mmsync::category()); };

    CHECK(make(-ENOSPC) == std::errc::no_space_on_device);
    CHECK(make(-EACCES) == std::errc::permission_denied &&
          make(-EACCES) != std::errc::no_space_on_device);
    CHECK(make(-EINTR) == std::errc::interrupted && make(-EINTR).message() == mms_strerror(-EINTR));
    CHECK(make(MMS_E_TIMEOUT) == std::errc::timed_out);
    CHECK(make(MMS_E_AGAIN) == std::errc::resource_unavailable_try_again);
    CHECK(make(MMS_E_BUSY) == std::errc::device_or_resource_busy);
    CHECK(make(MMS_E_INVALID) == std::errc::invalid_argument);
    CHECK(make(MMS_E_EMPTY).default_error_condition().category() == mmsync::category());
    CHECK(!make(0));
}

TEST(exceptions_carry_the_code_and_the_detail)
{
    const std::string path = scratch::path("nothing");

    try {
        mmsync::region region(path);
        CHECK(false);
    } catch (const std::system_error &thrown) {
        CHECK(thrown.code() == std::errc::no_such_file_or_directory &&
              thrown.code().value() == -ENOENT);
        CHECK(std::strstr(thrown.what(), path.c_str()) &&
              std::string(thrown.what()) == mmsync::last_error());
        const mmsync::error copy = dynamic_cast<const mmsync::error &>(thrown);
        CHECK(std::string(copy.what()) == thrown.what() && copy.code() == thrown.code());
    }
    static_assert(std::is_nothrow_copy_constructible_v<mmsync::error>);
}

TEST(an_error_code_is_set_and_cleared)
{
    const std::string path = scratch::path("region");
    std::error_code code;
    mmsync::region none(path, code);

    CHECK(!none && code == std::errc::no_such_file_or_directory);
    mmsync::writer writer(path, small(), code);
    CHECK(writer && !code && code == std::error_code());
    mmsync::region region(path, code);
    mmsync::reader reader(region, code);
    CHECK(region && reader && !code);
    CHECK(!reader.read(code) && code == mmsync::errc::empty);
    writer.write("value", code);
    CHECK(!code);
    code = mmsync::errc::gone;
    auto view = reader.read(code);
    CHECK(view && !code);
    code = mmsync::errc::gone;
    view.release(code);
    CHECK(!code);
    view.release(code);
    CHECK(code == mmsync::errc::no_view);
    mmsync::remove(path, code);
    CHECK(code == mmsync::errc::busy && code == std::errc::device_or_resource_busy);
}

TEST(calls_on_empty_objects_are_refused)
{
    mmsync::writer writer;
    mmsync::region region;
    mmsync::reader reader;
    mmsync::view view;
    mmsync::build build;
    mmsync::update update;
    mmsync::table table;
    mmsync::table_view keys;
    const auto invalid = mmsync::errc::invalid;

    CHECK(!writer && !region && !reader && !view && !build && !update && !table && !keys);
    CHECK_THROWS(invalid, writer.write("x"));
    CHECK_THROWS(invalid, static_cast<void>(writer.build(1)));
    CHECK_THROWS(invalid, static_cast<void>(writer.update()));
    CHECK_THROWS(invalid, static_cast<void>(writer.table()));
    CHECK_THROWS(invalid, region.check());
    CHECK_THROWS(invalid, region.wait(0));
    CHECK_THROWS(invalid, static_cast<void>(region.copy()));
    CHECK_THROWS(invalid, static_cast<void>(region.schema()));
    CHECK_THROWS(invalid, mmsync::reader{region});
    CHECK_THROWS(invalid, static_cast<void>(reader.read()));
    CHECK_THROWS(invalid, static_cast<void>(reader.wait_for(0, std::chrono::seconds(1))));
    CHECK_THROWS(invalid, view.refresh());
    CHECK_THROWS(invalid, static_cast<void>(view.describe()));
    CHECK_THROWS(invalid, static_cast<void>(view.changes(0)));
    CHECK_THROWS(mmsync::errc::no_view, view.release());
    CHECK_THROWS(invalid, build.grow(1));
    CHECK_THROWS(invalid, build.commit(0));
    CHECK_THROWS(invalid, update.touch(0, 1));
    CHECK_THROWS(invalid, update.commit());
    CHECK_THROWS(invalid, table.put("k", "v"));
    CHECK_THROWS(invalid, static_cast<void>(table.erase("k")));
    CHECK_THROWS(invalid, static_cast<void>(table.current()));
    CHECK_THROWS(invalid, table.commit());
    CHECK_THROWS(mmsync::errc::no_view, keys.check());
    CHECK(region.generation() == 0 && !region.read_only() && !writer.was_reset());
    build.abort();
    update.abort();
    table.abort();
    writer.close();
}

TEST(other_processes_and_threads_keep_out)
{
    const std::string path = scratch::path("region");
    mmsync::writer_options options = small();
    mmsync::writer writer(path, options);

    options.lock_wait_ms = MMS_NO_WAIT;
    CHECK_THROWS(mmsync::errc::busy, mmsync::writer(path, options));
    options.max_slots = 9;
    writer.close();
    CHECK_THROWS(mmsync::errc::geometry, mmsync::writer(path, options));
}
