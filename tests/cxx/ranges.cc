/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over the containers of typed values, and over typed tables, by mmsync.hpp. */
#include "ranges.h"
#include "check.hpp"
#include "tables.h"
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

static mms_str str(const char *text)
{
    return mms_str_of(text);
}

/* The value that most tests read. */
static void write_shop(mmsync::writer &writer)
{
    static const mms_str names[] = {str("Ann"),
                                    str("a name that is too long to be stored in place"), str("")};
    static const std::uint64_t numbers[] = {3, 1, 2};
    static const std::uint16_t first[] = {1, 2}, second[] = {3};
    static const Vec_u16 nested[] = {{first, 2}, {nullptr, 0}, {second, 1}};
    static const std::uint32_t fixed[] = {7, 8};
    static const HashMap_String_f64_entry prices[] = {{str("milk"), 1.5},
                                                      {str("a very long word for bread"), 2.5}};
    static const HashMap_u8_Unit_entry flags[] = {{4}, {5}};
    static const mms_str open[] = {str("Mon"), str("the day after that one")};
    static const std::uint16_t days[] = {30, 31, 28};
    static const BTreeMap_u16_Vec_String_entry by_day[] = {
        {1, {names, 1}}, {2, {names, 3}}, {9, {nullptr, 0}}};
    static const mms_str tags[] = {str("cheap"), str("near"), str("open late in the evening")};
    static std::vector<std::uint32_t> sizes(1000);
    Shop shop = {};

    std::iota(sizes.begin(), sizes.end(), 0);
    shop.names = {names, 3};
    shop.numbers = {numbers, 3};
    shop.nested = {nested, 3};
    shop.fixed = {fixed, 2};
    shop.prices = {prices, 2};
    shop.flags = {flags, 2};
    shop.open = {open, 2};
    shop.days = {days, 3};
    shop.by_day = {by_day, 3};
    shop.tags = {tags, 3};
    shop.sizes = {sizes.data(), sizes.size()};
    shop.title = str("Corner shop, with a long name");
    writer.write(shop);
}

struct opened {
    std::string path = scratch::path("region");
    mmsync::writer writer{path, small()};
    mmsync::region region{path};
    mmsync::reader reader{region};
};

TEST(a_loop_sees_the_elements_of_a_vec)
{
    opened at;
    write_shop(at.writer);
    const auto shop = at.reader.read<Shop>();
    std::vector<std::string> names;

    for (std::string_view name : mmsync::each(shop->names))
        names.emplace_back(name);
    CHECK(names ==
          std::vector<std::string>{"Ann", "a name that is too long to be stored in place", ""});
    CHECK(mmsync::each(shop->names).size() == 3 && mmsync::each(shop->names)[1] == names[1]);

    const auto numbers = mmsync::each(shop->numbers);
    CHECK(std::vector<std::uint64_t>(numbers.begin(), numbers.end()) ==
          std::vector<std::uint64_t>{3, 1, 2});
    CHECK(*std::max_element(numbers.begin(), numbers.end()) == 3);
    CHECK(numbers.data() == Vec_u64_data(&shop->numbers)); /* in place */

    std::vector<std::uint16_t> flat;
    for (const auto &inner : mmsync::each(shop->nested))
        for (std::uint16_t number : mmsync::each(inner))
            flat.push_back(number);
    CHECK(flat == std::vector<std::uint16_t>{1, 2, 3});
    CHECK(mmsync::each(shop->fixed).size() == 2 && mmsync::each(shop->fixed)[1] == 8);
    CHECK(mmsync::text(shop->title) == "Corner shop, with a long name");
}

TEST(a_loop_sees_the_entries_of_a_hash_map)
{
    opened at;
    write_shop(at.writer);
    const auto shop = at.reader.read<Shop>();
    std::map<std::string, double, std::less<>> prices;

    for (const auto &[key, value] : mmsync::each(shop->prices)) {
        CHECK(&value == HashMap_String_f64_get(
                            &shop->prices, {mmsync::text(key).data(), mmsync::text(key).size()}));
        prices.emplace(mmsync::text(key), value);
    }
    CHECK(prices.size() == 2 && prices.at("milk") == 1.5 &&
          prices.at("a very long word for bread") == 2.5);

    unsigned flags = 0;
    for (const auto &entry : mmsync::each(shop->flags))
        flags |= 1u << entry.key;
    CHECK(flags == (1u << 4 | 1u << 5));

    std::set<std::string, std::less<>> open;
    for (std::string_view day : mmsync::each(shop->open))
        open.emplace(day);
    CHECK(open.size() == 2 && open.count("Mon") && open.count("the day after that one"));
    const auto days = mmsync::each(shop->days);
    CHECK(std::accumulate(days.begin(), days.end(), 0) == 89);
}

TEST(a_loop_sees_a_tree_in_order)
{
    opened at;
    write_shop(at.writer);
    const auto shop = at.reader.read<Shop>();
    std::vector<std::pair<std::uint16_t, std::size_t>> days;

    for (const auto &[key, value] : mmsync::each(shop->by_day))
        days.emplace_back(key, mmsync::each(value).size());
    CHECK(days == decltype(days){{1, 1}, {2, 3}, {9, 0}});

    std::vector<std::string> tags;
    for (std::string_view tag : mmsync::each(shop->tags))
        tags.emplace_back(tag);
    CHECK(tags == std::vector<std::string>{"cheap", "near", "open late in the evening"});

    std::uint32_t expected = 0;
    for (std::uint32_t size : mmsync::each(shop->sizes))
        CHECK(size == expected++);
    CHECK(expected == 1000 && mmsync::each(shop->sizes).size() == 1000);
    CHECK(mmsync::each(shop->nothing).empty() &&
          mmsync::each(shop->nothing).begin() == mmsync::each(shop->nothing).end());
}

TEST(nothing_is_in_an_empty_value)
{
    opened at;
    at.writer.write(Shop{});
    const auto shop = at.reader.read<Shop>();
    const auto count = [](const auto &range) { return std::distance(range.begin(), range.end()); };

    CHECK(count(mmsync::each(shop->names)) == 0 && mmsync::each(shop->names).empty());
    CHECK(count(mmsync::each(shop->prices)) == 0 && count(mmsync::each(shop->open)) == 0);
    CHECK(mmsync::each(shop->numbers).begin() == mmsync::each(shop->numbers).end());
    CHECK(mmsync::each(shop->by_day).begin() == mmsync::each(shop->by_day).end());
    CHECK(mmsync::each(shop->tags).begin() == mmsync::each(shop->tags).end() &&
          mmsync::text(shop->title).empty());
}

TEST(a_loop_sees_the_entries_of_a_typed_table)
{
    opened at;
    auto table = at.writer.table(Counts_table_begin);
    for (std::uint64_t i = 0; i < 300; i++)
        table.put(Counts_table_put, str(("key " + std::to_string(i)).c_str()), i * i);
    table.commit();

    const auto keys = at.reader.read_table(Counts_table_read);
    std::set<std::uint64_t> seen;
    for (const auto &[key, value] : keys.each(Counts_table_next)) {
        const auto number = std::stoull(std::string(mmsync::text(key).substr(4)));
        CHECK(*value == number * number && seen.insert(number).second);
        CHECK(value == keys.get(Counts_table_get, key));
    }
    CHECK(seen.size() == 300);
    CHECK(mmsync::table_view().each(Counts_table_next).begin() ==
          mmsync::table_view().each(Counts_table_next).end());
    for (const auto &entry : keys.each(Prices_table_next)) /* it is no such table */
        CHECK(!entry.value);
}

TEST(a_loop_sees_the_keys_of_a_table_without_values)
{
    opened at;
    auto table = at.writer.table(Seen_table_begin);
    for (std::uint8_t i = 0; i < 10; i++) {
        const mms_ip ip = mms_ip_of_v4(mms_ipv4{{10, 0, 0, i}});
        table.put(Seen_table_put, ip);
    }
    table.commit();

    const auto keys = at.reader.read_table(Seen_table_read);
    unsigned seen = 0;
    for (const mms_ip &ip : keys.each(Seen_table_next))
        seen |= 1u << mms_ip_get_v4(&ip)->octets[3];
    CHECK(seen == (1u << 10) - 1);
}
