/* SPDX-License-Identifier: Apache-2.0 */
/* Tables by mmsync.hpp: puts, look-ups one at a time and many at a time, iteration, expiry,
   deletion, and what a commit gives. */
#include "check.hpp"
#include <map>

TEST(what_is_put_is_found)
{
    const std::string path = scratch::path("table");
    mmsync::writer writer(path, small());
    auto table = writer.table();
    const std::uint64_t number = 42;

    table.put("text", "value");
    table.put(mmsync::bytes_of(number), mmsync::bytes_of(1.5));
    const auto room = table.reserve("built", 16);
    CHECK(room.size() == 16 && reinterpret_cast<std::uintptr_t>(room.data()) % 16 == 0);
    std::memcpy(room.data(), "sixteen bytes...", 16);
    CHECK(table.current().size() == 3 && table.current().get("text")->text() == "value");
    CHECK(table.commit().generation == 1 && !table);

    mmsync::region region(path);
    mmsync::reader reader(region);
    const auto keys = reader.read_table();
    CHECK(keys && keys.size() == 3 && keys.generation() == 1);
    CHECK(keys.get("text")->text() == "value" && !keys.get("none") && keys.contains("built"));
    CHECK(*keys.get<double>(mmsync::bytes_of(number)) == 1.5);
    CHECK(keys.get<double>("text") == nullptr && keys.get<double>("none") == nullptr);
    CHECK(keys.get("built")->text() == "sixteen bytes...");
    CHECK(keys.describe().count == 3);
    keys.check();
}

TEST(many_keys_at_a_time)
{
    const std::string path = scratch::path("table");
    mmsync::writer writer(path, small());
    std::vector<std::uint32_t> numbers(1000);
    std::vector<mmsync::bytes_view> bytes;
    std::vector<mms_key> keys;
    std::vector<mms_value> values, found(1001);

    for (std::uint32_t i = 0; i < 1000; i++) {
        numbers[i] = i;
        keys.push_back(mmsync::bytes_of(numbers[i]));
        values.push_back(mmsync::bytes_of(numbers[999 - i]));
    }
    auto table = writer.table();
    CHECK(table.put_many(keys, values) == 1000);
    table.commit();
    mmsync::region region(path);
    mmsync::reader reader(region);
    const auto view = reader.read_table();
    keys.push_back(mmsync::bytes_view("none"));
    CHECK(view.get_many(keys, found) == 1000 && !found[1000].data);
    CHECK(mmsync::bytes_view(found[10]).as<std::uint32_t>()[0] == 989);
    CHECK(mmsync::table_view().get_many(keys, found) == 0 && !found[10].data);
}

TEST(a_loop_sees_each_entry_once)
{
    const std::string path = scratch::path("table");
    mmsync::writer writer(path, small());
    std::map<std::string, std::string, std::less<>> expected;
    auto table = writer.table();

    for (int i = 0; i < 300; i++) {
        const std::string key = "key " + std::to_string(i);
        expected[key] = std::to_string(i * i);
        table.put(key, expected[key]);
    }
    table.commit();
    mmsync::region region(path);
    mmsync::reader reader(region);
    const auto view = reader.read_table();
    for (const auto &[key, value, expires] : view) {
        const auto at = expected.find(key.text());
        CHECK(at != expected.end() && at->second == value.text() && expires == 0);
        expected.erase(at);
    }
    CHECK(expected.empty());
}

TEST(entries_are_erased_and_changed)
{
    const std::string path = scratch::path("table");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);
    auto table = writer.table();

    table.put("a", "1");
    table.put("b", "2");
    table.commit();
    const auto before = reader.read_table();
    table = writer.table();
    CHECK(table.erase("a") && !table.erase("a"));
    table.put("b", "3");
    table.commit();
    const auto after = reader.read_table();
    CHECK(before.get("a")->text() == "1" && before.get("b")->text() == "2");
    CHECK(!after.get("a") && after.get("b")->text() == "3" && after.size() == 1);
    table = writer.table();
    table.clear();
    table.put("c", "4");
    table.abort();
    CHECK(reader.read_table().size() == 1);
    CHECK_THROWS(mmsync::errc::too_big,
                 (table = writer.table(), table.put("d", std::string(1 << 21, 'x'))));
    table.put("e", "5");
    table.commit();
    CHECK(reader.read_table().get("e")->text() == "5");
}

TEST(entries_expire)
{
    const std::string path = scratch::path("table");
    mmsync::writer writer(path, small());
    mmsync::table_options options;
    options.expiring = true;
    auto table = writer.table(options);
    const auto now = std::chrono::system_clock::now();

    table.expire_at(now - std::chrono::hours(1));
    table.put("gone", "1");
    table.expire_at(now + std::chrono::hours(1000));
    table.put("there", "2");
    table.expire_never();
    table.put("ever", "3");
    table.commit();
    mmsync::region region(path);
    mmsync::reader reader(region);
    auto keys = reader.read_table();
    CHECK(!keys.get("gone") && keys.get("there") && keys.get("ever"));
    keys.native_handle().now_ns = UINT64_MAX;
    CHECK(!keys.get("there") && keys.get("ever"));
    keys.pin().release();
}
