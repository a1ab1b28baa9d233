/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync.hpp without exceptions and without run-time type information: every call takes a
   std::error_code, and says by it what went wrong. */
#ifndef MMSYNC_NO_EXCEPTIONS
#define MMSYNC_NO_EXCEPTIONS
#endif
#include "check.hpp"

static_assert(!MMSYNC_HAS_EXCEPTIONS);
static_assert(!std::is_constructible_v<mmsync::region, const char *>);

TEST(every_call_reports_by_its_code)
{
    const std::string path = scratch::path("region");
    std::error_code code;
    mmsync::region region(path, code);

    CHECK(code == std::errc::no_such_file_or_directory &&
          std::strstr(mmsync::last_error(), path.c_str()));
    mmsync::writer writer(path, small(), code);
    CHECK(!code && writer.write("value", code).generation == 1);
    region = mmsync::region(path, code);
    mmsync::reader reader(region, code);
    CHECK(!code);
    {
        auto view = reader.read(code);
        auto second = reader.read(code);
        CHECK(view.text() == "value" && second.text() == "value" && pinned(path) == 2);
        CHECK(view.changes(1, code)->empty());
    }
    CHECK(pinned(path) == 0);
    auto update = writer.update(code);
    update.patch(0, "V", code);
    update.touch(0, 100, code);
    CHECK(code == mmsync::errc::invalid && update);
    CHECK(update.commit(code).generation == 2 && !code);
    CHECK(reader.read(code).text() == "Value");
    auto build = writer.build(1 << 21, code);
    CHECK(!build && code == mmsync::errc::too_big);
    CHECK(!reader.wait_for(2, std::chrono::milliseconds(1), code) && !code);
    CHECK(reader.wait_for(1, std::chrono::milliseconds(1), code) && !code);
    CHECK(region.copy(code).bytes().text() == "Value");
    CHECK(!reader.read_table(code) && code == mmsync::errc::type && pinned(path) == 0);
    CHECK(mmsync::verify(path, code).empty() && !code);
}

TEST(tables_report_by_their_code)
{
    const std::string path = scratch::path("table");
    std::error_code code;
    mmsync::writer writer(path, small(), code);
    auto table = writer.table(code);

    table.put("key", "value", code);
    CHECK(!table.erase("none", code) && !code);
    table.put("large", std::string(1 << 21, 'x'), code);
    CHECK(code == mmsync::errc::too_big);
    table.commit(code);
    CHECK(!code);
    mmsync::region region(path, code);
    mmsync::reader reader(region, code);
    const auto keys = reader.read_table(code);
    CHECK(keys.get("key")->text() == "value" && !keys.get("large"));
}
