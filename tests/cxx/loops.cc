/* SPDX-License-Identifier: Apache-2.0 */
/* Loops of reads, one to a symbol, for hot_path.py to disassemble: with exceptions, with error
   codes, of a typed value, and the same in C. */
#include "hello.h"
#include <mmsync.hpp>

extern "C" {
std::uint64_t loop_in_c(mms_reader *reader, int times);
std::uint64_t loop_throwing(mmsync::reader &reader, int times);
std::uint64_t loop_with_code(mmsync::reader &reader, int times);
std::uint64_t loop_typed_in_c(mms_reader *reader, int times);
std::uint64_t loop_typed(mmsync::reader &reader, int times);
}

__attribute__((noinline)) std::uint64_t loop_in_c(mms_reader *reader, int times)
{
    std::uint64_t sum = 0;
    mms_view view;

    for (int i = 0; i < times; i++) {
        if (mms_read(reader, &view) != 0)
            break;
        sum += *static_cast<const unsigned char *>(view.data);
        if (mms_release(reader) != 0)
            break;
    }
    return sum;
}

__attribute__((noinline)) std::uint64_t loop_throwing(mmsync::reader &reader, int times)
{
    std::uint64_t sum = 0;

    for (int i = 0; i < times; i++) {
        auto view = reader.read();
        sum += std::to_integer<unsigned>(*view.data());
    }
    return sum;
}

__attribute__((noinline)) std::uint64_t loop_with_code(mmsync::reader &reader, int times)
{
    std::uint64_t sum = 0;
    std::error_code code;

    for (int i = 0; i < times; i++) {
        auto view = reader.read(code);
        if (code)
            break;
        sum += std::to_integer<unsigned>(*view.data());
    }
    return sum;
}

__attribute__((noinline)) std::uint64_t loop_typed_in_c(mms_reader *reader, int times)
{
    std::uint64_t sum = 0;
    mms_view view;

    for (int i = 0; i < times; i++) {
        const ArchivedHelloWorld *hello = HelloWorld_read(reader, &view);
        if (!hello)
            break;
        sum += hello->version;
        if (mms_release(reader) != 0)
            break;
    }
    return sum;
}

__attribute__((noinline)) std::uint64_t loop_typed(mmsync::reader &reader, int times)
{
    std::uint64_t sum = 0;

    for (int i = 0; i < times; i++)
        sum += reader.read<HelloWorld>()->version;
    return sum;
}

/* All of them give the same: tests/cxx/hot_path.py runs this too. */
int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    mmsync::writer_options options;
    options.max_size = 4096;
    mmsync::writer writer(argv[1], options);
    writer.write(HelloWorld{7, {nullptr, 0}});
    mmsync::region region(argv[1]);
    mmsync::reader reader(region);
    const auto handle = reader.native_handle();
    const std::uint64_t bytes = loop_in_c(handle, 10);
    const bool same = loop_throwing(reader, 10) == bytes && loop_with_code(reader, 10) == bytes &&
                      loop_typed_in_c(handle, 10) == 70 && loop_typed(reader, 10) == 70;

    return same ? 0 : 1;
}
