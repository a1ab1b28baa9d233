/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of mmsync.hpp share: tests that register themselves, checks, a scratch directory
   for each. It works without exceptions too: the first check that fails ends the program. */
#ifndef TESTS_CXX_CHECK_HPP
#define TESTS_CXX_CHECK_HPP

/* The tests see what debug builds assert. */
#undef NDEBUG
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mmsync.hpp>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

struct test {
    const char *name;
    void (*run)();

    static std::vector<test> &all()
    {
        static std::vector<test> tests;

        return tests;
    }
    test(const char *of, void (*what)()) : name(of), run(what)
    {
        all().push_back(*this);
    }
};

#define TEST(name)                                    \
    static void name();                               \
    static const test registered_##name(#name, name); \
    static void name()

[[noreturn]] inline void check_failed(const char *file, int line, const char *what)
{
    std::fprintf(stderr, "%s:%d: %s\n    mms_last_error: %s\n", file, line, what, mms_last_error());
    std::_Exit(99); /* also from a forked child */
}

#define CHECK(...) \
    static_cast<void>((__VA_ARGS__) || (check_failed(__FILE__, __LINE__, #__VA_ARGS__), false))

/* The statement throws mmsync::error with this code, and with the library's detail. */
#define CHECK_THROWS(expected, ...)                                                      \
    do {                                                                                 \
        try {                                                                            \
            __VA_ARGS__;                                                                 \
            check_failed(__FILE__, __LINE__, "does not throw: " #__VA_ARGS__);           \
        } catch (const mmsync::error &thrown) {                                          \
            if (thrown.code() != (expected) || std::strlen(thrown.what()) == 0)          \
                check_failed(__FILE__, __LINE__, "throws another error: " #__VA_ARGS__); \
        }                                                                                \
    } while (0)

/* Names in the scratch directory of the running test. */
class scratch
{
  public:
    static std::string &directory()
    {
        static std::string path;

        return path;
    }
    static std::string path(const char *name)
    {
        return directory() + "/" + name;
    }
    static void make()
    {
        const char *prefix = std::getenv("MMSYNC_TEST_NAME");
        std::string path = std::string("/dev/shm/") + (prefix ? prefix : "mmsync-test") + "-XXXXXX";

        CHECK(mkdtemp(path.data()) != nullptr);
        directory() = path;
    }
    /* With a check that everything was closed: no mapping and no descriptor is left. */
    static void remove()
    {
        const std::string here = directory();
        std::ifstream maps("/proc/self/maps");

        for (std::string line; std::getline(maps, line);)
            if (line.find(here) != std::string::npos)
                check_failed(__FILE__, __LINE__, ("still mapped: " + line).c_str());
        for (const auto &each : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            const std::string target = std::filesystem::read_symlink(each.path(), gone).string();

            if (target.find(here) != std::string::npos)
                check_failed(__FILE__, __LINE__, ("still open: " + target).c_str());
        }
        std::filesystem::remove_all(here);
    }
};

/* A region of a few small values. */
inline mmsync::writer_options small()
{
    mmsync::writer_options options;

    options.max_size = 1 << 20;
    options.max_slots = 8;
    options.max_readers = 8;
    options.grace_ms = MMS_NO_WAIT;
    return options;
}

/* Lines of readers that hold a view. */
inline unsigned pinned(const std::string &path)
{
    unsigned count = 0;
    std::error_code code;

    for (const auto &each : mmsync::inspect_readers(path, code))
        count += each.pinned;
    CHECK(!code);
    return count;
}

/* Run something in a forked child, and return its exit status, or -1 if a signal ended it. */
inline int in_child(const std::function<int()> &what)
{
    int status = 0;

    std::fflush(nullptr);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        std::_Exit(what());
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main()
{
    for (const test &each : test::all()) {
        std::printf("[ RUN      ] %s\n", each.name);
        scratch::make();
        each.run();
        scratch::remove();
        std::printf("[       OK ] %s\n", each.name);
    }
    return test::all().empty();
}

#endif
