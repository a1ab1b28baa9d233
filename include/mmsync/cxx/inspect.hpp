/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a region from outside, and removing it. */
#ifndef MMSYNC_CXX_INSPECT_HPP
#define MMSYNC_CXX_INSPECT_HPP

#include <exception>
#include <mmsync/cxx/region.hpp>
#include <mmsync/history.h>
#include <vector>

namespace mmsync
{

using region_info = mms_info;
using reader_info = mms_reader_info;
using past_value = mms_past_value;

/* mms_inspect: needs no handle, and changes nothing. */
inline region_info inspect(c_path path, on_error report MMSYNC_OR_THROW)
{
    region_info out = {};

    report(mms_inspect(path.c_str(), &out));
    return out;
}

/* mms_inspector: inspects one path repeatedly, in a fraction of the time. Serves one thread at a time. */
class inspector
{
  public:
    inspector() noexcept = default;
    explicit inspector(c_path path, on_error report MMSYNC_OR_THROW)
    {
        mms_inspector *opened = nullptr;
        const int code = mms_inspector_open(path.c_str(), &opened);

        handle_.reset(opened);
        report(code);
    }

    explicit operator bool() const noexcept
    {
        return handle_ != nullptr;
    }
    mms_inspector *native_handle() const noexcept
    {
        return handle_.get();
    }
    /* As inspect, of the region that the path leads to now. */
    region_info look(on_error report MMSYNC_OR_THROW)
    {
        region_info out = {};

        report(mms_inspector_look(handle_.get(), &out));
        return out;
    }

  private:
    struct closer {
        void operator()(mms_inspector *handle) const noexcept
        {
            mms_inspector_close(handle);
        }
    };

    std::unique_ptr<mms_inspector, closer> handle_;
};

namespace detail
{

/* What `call(out, capacity, &count)` lists, which stores as many as there is room for. */
template <typename T, typename Call> std::vector<T> list(Call call, on_error report)
{
    std::vector<T> all(16);
    std::size_t count = 0;
    int code;

    while ((code = call(all.data(), all.size(), &count)) == 0 && count > all.size())
        all.resize(count);
    all.resize(report(code) ? count : 0);
    return all;
}

} // namespace detail

/* The reader lines in use. */
inline std::vector<reader_info> inspect_readers(c_path path, on_error report MMSYNC_OR_THROW)
{
    return detail::list<reader_info>(
        [&](reader_info *out, std::size_t capacity, std::size_t *count) {
            return mms_inspect_readers(path.c_str(), out, capacity, count);
        },
        report);
}

/* The values that are still there, newest first: the current one, and those that writer::rollback
   can go back to (mmsync/history.h). */
inline std::vector<past_value> history(c_path path, on_error report MMSYNC_OR_THROW)
{
    return detail::list<past_value>([&](past_value *out, std::size_t capacity,
                                        std::size_t *count) { return mms_history(path.c_str(), out, capacity, count); },
                                    report);
}

namespace detail
{

/* Collects what mms_verify finds. No exception may leave it. */
struct findings {
    std::vector<std::string> texts;
    bool short_of_memory = false;

    static void add(void *context, const char *text) noexcept
    {
        auto *const self = static_cast<findings *>(context);

#if MMSYNC_HAS_EXCEPTIONS
        try {
            self->texts.emplace_back(text);
        } catch (...) {
            self->short_of_memory = true;
        }
#else
        self->texts.emplace_back(text);
#endif
    }
};

} // namespace detail

/* Check every structure, and the checksum of the value if it has one. One sentence for each thing
   that is wrong; none: all is sound. Other failures are errors: errc::again if the value was
   replaced too fast to be read. */
inline std::vector<std::string> verify(c_path path, on_error report MMSYNC_OR_THROW)
{
    detail::findings found;
    int code = mms_verify(path.c_str(), detail::findings::add, &found);

    if (found.short_of_memory)
        code = -ENOMEM;
    else if (code == MMS_E_CORRUPT && !found.texts.empty())
        code = 0;
    if (!report(code))
        found.texts.clear();
    return std::move(found.texts);
}

/* Remove a region: errc::busy while it has a writer. Readers get errc::gone. */
inline void remove(c_path path, on_error report MMSYNC_OR_THROW)
{
    report(mms_remove(path.c_str()));
}

/* ---- The files of the Rust crate mmap-sync (mmsync/mmap_sync.h) ---- */

inline bool is_mmap_sync(c_path path) noexcept
{
    return mms_is_mmap_sync(path.c_str());
}

inline mms_mmap_sync_info mmap_sync_inspect(c_path path, on_error report MMSYNC_OR_THROW)
{
    mms_mmap_sync_info out = {};

    report(mms_mmap_sync_inspect(path.c_str(), &out));
    return out;
}

/* Take back the counts of readers that died in a view: mms_repair. After errc::again the report
   has the processes that may still be in one. */
inline mms_repair_report repair(c_path path, unsigned flags, std::chrono::milliseconds longest_view,
                                on_error report MMSYNC_OR_THROW)
{
    constexpr std::chrono::milliseconds longest(INT32_MAX);
    const auto time = longest_view < longest ? longest_view : longest;
    mms_repair_report out = {};

    report(mms_repair(path.c_str(), flags, static_cast<int>(time.count()), &out));
    return out;
}

} // namespace mmsync

#endif
