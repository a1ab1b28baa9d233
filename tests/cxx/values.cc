/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing and reading values by mmsync.hpp: copies, values built in place, updates and what they
   changed, waiting, what was published with a value, looking from outside, and the files of
   mmap-sync. */
#include "check.hpp"
#include <array>
#include <poll.h>
#include <thread>

TEST(anything_contiguous_is_bytes)
{
    const std::vector<double> numbers = {1, 2, 3};
    const std::array<std::uint16_t, 2> pair = {4, 5};
    const std::string text = "text";
    const std::uint32_t number = 7;

    CHECK(mmsync::bytes_view(numbers).size() == 24 && mmsync::bytes_view(pair).size() == 4);
    CHECK(mmsync::bytes_view(text).text() == "text" && mmsync::bytes_view("text").size() == 4);
    CHECK(mmsync::bytes_view(std::string_view(text)) == mmsync::bytes_view(text));
    CHECK(mmsync::bytes_of(number).as<std::uint32_t>()[0] == 7 &&
          mmsync::bytes_of(number) != "text");
    CHECK(mmsync::bytes_view(numbers).as<double>().subspan(1, 2)[1] == 3);
    CHECK(mmsync::bytes_view().empty() && mmsync::bytes_view() == "");
    const mmsync::span<const double> all = numbers;
    double sum = 0;
    for (double each : all)
        sum += each;
    CHECK(sum == 6 && all.size() == 3);
    static_assert(!std::is_constructible_v<mmsync::bytes_view, std::vector<std::string>>);
    static_assert(
        !std::is_constructible_v<mmsync::span<std::byte>, const std::vector<std::byte> &>);
}

TEST(values_are_read_in_place)
{
    const std::filesystem::path path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);

    CHECK(region.generation() == 0 && !region.read_only());
    CHECK_THROWS(mmsync::errc::empty, static_cast<void>(reader.read()));
    const std::vector<std::uint64_t> numbers = {1, 2, 3};
    const mmsync::receipt receipt = writer.write(numbers);
    CHECK(receipt.generation == 1 && receipt.size == 24 && region.generation() == 1);
    auto view = reader.read();
    CHECK(view.size() == 24 && view.as<std::uint64_t>()[2] == 3 && view.bytes() == numbers);
    CHECK(!view.refresh() && view.generation() == 1);
    writer.write("");
    CHECK(view.as<std::uint64_t>()[0] == 1);
    CHECK(view.refresh() && view.generation() == 2 && view && view.size() == 0 &&
          view.text().empty());
    region.check();
}

TEST(a_value_is_built_in_place_and_may_grow)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);

    auto build = writer.build(8);
    build.as<std::uint64_t>()[0] = 11;
    build.grow(16);
    CHECK(build.capacity() == 16 && build.as<std::uint64_t>()[0] == 11);
    build.as<std::uint64_t>()[1] = 12;
    build.set_type({1, 2}, "a schema");
    build.set_tag(3);
    build.commit(16);
    auto view = reader.read();
    CHECK(view.as<std::uint64_t>()[1] == 12 && view.type_id() == mmsync::type_id{1, 2});
    const mmsync::view_info info = view.describe();
    CHECK(std::string_view(info.schema, info.schema_size) == "a schema" &&
          info.publish_time_ns > 0);
    CHECK(info.tag == 3);
    CHECK(region.schema() == "a schema");
    CHECK_THROWS(mmsync::errc::too_big, static_cast<void>(writer.build(1 << 21)));
}

TEST(an_update_publishes_what_it_changes)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);

    writer.write(std::vector<char>(10000, 'a'));
    {
        auto update = writer.update();
        CHECK(update.size() == 10000 && update.data()[9999] == std::byte{'a'});
        update.patch(100, "bcd");
        update.touch(5000, 2);
        update.as<char>()[5001] = 'e';
        CHECK(update.commit().generation == 2);
    }
    auto view = reader.read();
    CHECK(view.text().substr(99, 5) == "abcda" && view.text()[5001] == 'e');
    const auto changed = view.changes(1);
    CHECK(changed && changed->size() == 2);
    CHECK((*changed)[0].offset == 100 && (*changed)[0].length == 3 && (*changed)[1].offset == 5000);
    CHECK(view.changes(2)->empty());
    CHECK_THROWS(mmsync::errc::invalid, static_cast<void>(view.changes(3)));

    auto update = writer.update(10016);
    for (std::size_t i = 0; i < 100; i++)
        update.patch(i * 100, "x");
    CHECK(update.room().size() == 10016);
    update.grow(10020);
    CHECK(update.room().size() >= 10020);
    std::memcpy(update.room().data() + 10000, "tail", 4);
    update.commit(10004);
    CHECK(view.refresh() && view.text().substr(10000) == "tail");
    CHECK(view.changes(2)->size() == 101);
    writer.write("all new");
    view.refresh();
    CHECK(!view.changes(1));
}

TEST(values_can_be_copied)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region_options options;
    options.read_only = true;
    mmsync::region region(path, options);
    std::array<std::byte, 8> memory{};
    std::error_code code;

    CHECK(region.read_only());
    CHECK_THROWS(mmsync::errc::read_only, mmsync::reader{region});
    CHECK_THROWS(mmsync::errc::empty, static_cast<void>(region.copy()));
    writer.write("0123456789");
    auto copy = region.copy();
    CHECK(copy.bytes().text() == "0123456789" && copy.generation() == 1 && copy.size() == 10);
    region.copy_to(memory, code);
    CHECK(code == mmsync::errc::too_big);
    writer.write("01234");
    CHECK(mmsync::bytes_view(region.copy_to(memory)).text() == "01234");
    writer.write("");
    CHECK(region.copy().size() == 0 && region.schema().empty());
}

TEST(waiting_ends_with_a_publish_or_in_time)
{
    using namespace std::chrono_literals;
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::region region(path);
    mmsync::reader reader(region);

    CHECK(!reader.wait_for(0, 1ms) && !region.wait_for(0, 100us) && !reader.wait_for(0, -1s) &&
          !reader.wait_for(0, 0s));
    CHECK(!region.wait_for(0, std::chrono::duration<double>(0.001)));
    std::thread publisher([&] { writer.write("one"); });
    region.wait(0);
    reader.wait(0);
    publisher.join();
    CHECK(reader.wait_for(0, std::chrono::hours::max()) && region.wait_for(0, 0s) &&
          !region.wait_for(1, 1ns));
    publisher = std::thread([&] { writer.write("two"); });
    CHECK(reader.wait_for(1, std::chrono::hours::max()) && region.wait_for(1, 24h * 365));
    publisher.join();
    writer.close();
    mmsync::remove(path);
    CHECK_THROWS(mmsync::errc::gone, reader.wait(2));
    CHECK_THROWS(mmsync::errc::gone, region.check());
}

TEST(a_region_can_be_looked_at_from_outside)
{
    const std::string path = scratch::path("region");
    mmsync::writer_options options = small();
    options.checksum = true;
    options.tag = 9;
    mmsync::writer writer(path, options);
    writer.write("value");
    mmsync::region region(path);
    mmsync::reader reader(region);
    auto view = reader.read();

    const mmsync::region_info info = mmsync::inspect(path);
    CHECK(info.generation == 1 && info.size == 5 && info.tag == 9 && info.has_checksum &&
          info.readers == 1);
    const auto readers = mmsync::inspect_readers(path);
    CHECK(readers.size() == 1 && readers[0].pinned && readers[0].pid == getpid() &&
          readers[0].generation == 1);
    CHECK(mmsync::verify(path).empty());
    writer.close();
    std::fstream(path + "/data", std::ios::in | std::ios::out).write("Value", 5);
    CHECK(mmsync::verify(path).size() == 1);
    CHECK_THROWS(std::errc::no_such_file_or_directory, mmsync::verify(scratch::path("nothing")));
    CHECK_THROWS(mmsync::errc::invalid, mmsync::repair(path, 0, std::chrono::seconds(0)));
    mmsync::remove(path);
    CHECK(!std::filesystem::exists(path));
}

TEST(a_writer_waits_as_long_as_it_is_told)
{
    const std::string path = scratch::path("region");
    mmsync::writer_options options = small();
    options.max_slots = 2;
    options.grace_ms = MMS_FOREVER;
    mmsync::writer writer(path, options);
    mmsync::region region(path);
    mmsync::reader reader(region);
    std::error_code code;

    writer.write("one");
    const auto first = reader.read();
    writer.write("two");
    const auto second = reader.read();
    for (const auto grace : {0, -5, 1}) {
        writer.set_grace(std::chrono::milliseconds(grace));
        const auto receipt = writer.write("three", code);
        CHECK(code == mmsync::errc::again && receipt.blockers > 0 &&
              receipt.blocker_pid[0] == getpid());
    }
    writer.set_grace(std::chrono::milliseconds::max(), code);
    CHECK(!code);
    CHECK_THROWS(mmsync::errc::invalid, mmsync::writer().set_grace(std::chrono::milliseconds(1)));
}

TEST(a_view_that_was_taken_away_says_so)
{
    const std::string path = scratch::path("region");
    mmsync::writer_options writer_options = small();
    mmsync::region_options region_options;
    writer_options.on_grace = MMS_EVICT;
    region_options.allow_evict = true;
    mmsync::writer writer(path, writer_options);
    writer.write("value");
    mmsync::region region(path, region_options);
    mmsync::reader reader(region);
    auto view = reader.read();

    for (int i = 0; i < 20; i++)
        writer.write("another");
    std::vector<mmsync::view> held; /* each in a slot of its own, so that the writer must evict */
    for (unsigned i = 0; i < 7; i++) {
        held.push_back(reader.read());
        writer.write("more");
    }
    writer.write("more");
    CHECK_THROWS(mmsync::errc::evicted, view.release(); for (auto &each : held) each.release());
    CHECK(!view);
}

TEST(the_files_of_mmap_sync_work_alike)
{
    const std::string path = "mmap-sync:" + scratch::path("prefix");
    mmsync::mmap_sync_writer_options theirs;
    mmsync::writer_options options;
    theirs.reset = true;
    options.mmap_sync = &theirs;
    options.grace_ms = MMS_NO_WAIT;
    mmsync::writer writer(path, options);
    writer.write("one");
    mmsync::mmap_sync_region_options other;
    mmsync::region_options region_options;
    region_options.mmap_sync = &other;
    mmsync::region region(path, region_options);
    mmsync::reader reader(region);

    CHECK(mmsync::is_mmap_sync(path) && !mmsync::is_mmap_sync(scratch::path("nothing")));
    auto view = reader.read();
    CHECK(view.text() == "one");
    const mms_mmap_sync_info info = mmsync::mmap_sync_inspect(path);
    CHECK(info.counts[0] + info.counts[1] == 1);
    CHECK(!writer.was_reset());
    writer.write("two");
    writer.write("three");
    CHECK(writer.was_reset());
    CHECK_THROWS(mmsync::errc::evicted, view.release());
    CHECK(reader.read().text() == "three");
}

TEST(durable_writers_wait_for_the_disk)
{
    const std::string memory = scratch::path("region");
    mmsync::writer_options options = small();
    options.durable = MMS_DURABLE_SYNC;
    options.max_slots = 5;
    CHECK_THROWS(mmsync::errc::filesystem, mmsync::writer(memory, options));
    mmsync::writer volatile_writer(memory, small());
    CHECK_THROWS(mmsync::errc::invalid, volatile_writer.sync());

    char directory[] = "/var/tmp/mmsync-test-XXXXXX"; /* on a disk, if the machine has one */
    CHECK(mkdtemp(directory) != nullptr);
    const std::string path = std::string(directory) + "/region";
    std::error_code error;
    mmsync::writer writer(path, options, error);
    if (error == mmsync::errc::filesystem) {
        CHECK(std::filesystem::remove(directory));
        return;
    }
    CHECK(!error);
    writer.write("one");
    CHECK(mmsync::inspect(path).durable && mmsync::inspect(path).durable_generation == 0);
    writer.sync();
    CHECK(mmsync::inspect(path).durable_generation == 1);
    writer = mmsync::writer();
    mmsync::remove(path);
    CHECK(std::filesystem::remove(directory));
}

TEST(what_is_kept_is_listed_and_comes_back)
{
    const std::string path = scratch::path("region");
    mmsync::writer_options options = small();
    options.keep = 2;
    mmsync::writer writer(path, options);
    mmsync::region region(path);

    CHECK_THROWS(mmsync::errc::empty, writer.rollback());
    CHECK(mmsync::history(path).empty());
    for (const char *text : {"one", "two", "three"})
        writer.write(text);
    const auto values = mmsync::history(path);
    CHECK(values.size() == 3 && values[0].current && values[0].generation == 3 && values[2].kept);
    CHECK(writer.rollback().generation == 4 && region.copy().bytes() == "two");
    CHECK(writer.rollback(1).size == 3 && region.copy().bytes() == "one");
    CHECK_THROWS(mmsync::errc::invalid, writer.rollback(5));
    CHECK_THROWS(mmsync::errc::forgotten, writer.rollback(4711));
    std::error_code error;
    CHECK(writer.rollback(4711, error).generation == 0 && error == mmsync::errc::forgotten);
    CHECK(mmsync::history(scratch::path("nothing"), error).empty() && error);
}

TEST(an_inspector_tells_what_is_there_now)
{
    const std::string path = scratch::path("region");
    CHECK_THROWS(std::errc::no_such_file_or_directory, mmsync::inspector{path});
    mmsync::writer writer(path, small());
    mmsync::inspector first(path), inspector = std::move(first), none;

    writer.write("value");
    const mmsync::region_info info = inspector.look();
    CHECK(info.generation == 1 && info.size == 5 && info.writer_alive == 1);
    writer.close();
    mmsync::remove(path);
    std::error_code error;
    CHECK(inspector.look(error).generation == 0 && error);
    mmsync::writer(path, small()).write("another");
    CHECK(inspector.look().size == 7);
    CHECK(inspector && !first && !none && !none.native_handle());
    CHECK_THROWS(mmsync::errc::invalid, none.look());
}

static bool is_readable(const mmsync::wait_fd &fd, int timeout_ms)
{
    pollfd one = {fd.native_handle(), POLLIN, 0};

    return poll(&one, 1, timeout_ms) == 1;
}

TEST(a_descriptor_is_readable_when_something_is_published)
{
    const std::string path = scratch::path("region");
    mmsync::writer writer(path, small());
    mmsync::wait_fd first(mmsync::region{path}), fd; /* which it keeps open */

    fd = std::move(first);
    // cppcheck-suppress accessMoved; a descriptor that was moved from is none
    CHECK(fd && !first && !is_readable(fd, 0) && fd.acknowledge() == 0);
    for (std::uint64_t generation = 1; generation <= 3; generation++) {
        writer.write("value");
        CHECK(is_readable(fd, -1) && fd.acknowledge() == generation && !is_readable(fd, 0));
    }
    writer.close();
    mmsync::remove(path);
    CHECK(is_readable(fd, -1));
    CHECK_THROWS(mmsync::errc::gone, fd.acknowledge());
    CHECK_THROWS(mmsync::errc::invalid, first.acknowledge());
    CHECK_THROWS(mmsync::errc::invalid, mmsync::wait_fd{mmsync::region()});
}
