/* SPDX-License-Identifier: Apache-2.0 */
/* A region to read: opened once per process, for all threads. */
#ifndef MMSYNC_CXX_REGION_HPP
#define MMSYNC_CXX_REGION_HPP

#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <mmsync/archived.h>
#include <mmsync/cxx/bytes.hpp>
#include <mmsync/cxx/error.hpp>
#include <mmsync/mmap_sync.h>
#include <string>
#include <utility>

namespace mmsync
{

using receipt = mms_receipt;
using range = mms_range;
using view_info = mms_view_info;

/* The members of mms_region_options, at their defaults. */
struct region_options : mms_region_options {
    /* cppcheck-suppress uninitDerivedMemberVar; the base is copied as a whole */
    region_options() noexcept : mms_region_options(MMS_REGION_OPTIONS_INIT)
    {
    }
};

/* For region_options::mmap_sync, which points to one until the region is open. */
struct mmap_sync_region_options : mms_mmap_sync_region_options {
    /* cppcheck-suppress uninitDerivedMemberVar; the base is copied as a whole */
    mmap_sync_region_options() noexcept : mms_mmap_sync_region_options(MMS_MMAP_SYNC_REGION_OPTIONS_INIT)
    {
    }
};

namespace detail
{

/* What mmsc says about T, a type of a schema. */
template <typename T> using schema = schema_type<T>;
template <typename T> using archived = typename schema_type<T>::archived;

/* Wait any number of milliseconds, even more than an int has room for. `wait` takes some and
   returns a code. */
template <typename Wait> int wait_milliseconds(double time, Wait wait)
{
    constexpr double longest = 1e9;

    for (; time > longest; time -= longest)
        if (int code = wait(static_cast<int>(longest)); code != MMS_E_TIMEOUT)
            return code;
    return wait(time > 0 ? static_cast<int>(std::ceil(time)) : 0);
}

template <typename Rep, typename Period> double milliseconds(std::chrono::duration<Rep, Period> time)
{
    return std::chrono::duration<double, std::milli>(time).count();
}

} // namespace detail

/* The newest value, copied: mmsync::region::copy. */
class value_copy
{
  public:
    value_copy() noexcept = default;
    value_copy(value_copy &&other) noexcept
        : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)),
          generation_(std::exchange(other.generation_, 0))
    {
    }
    value_copy &operator=(value_copy &&other) noexcept
    {
        if (this != &other) {
            memory_ = std::move(other.memory_);
            size_ = std::exchange(other.size_, 0);
            generation_ = std::exchange(other.generation_, 0);
        }
        return *this;
    }

    const std::byte *data() const noexcept MMSYNC_BORROWED
    {
        return bytes().data();
    }
    std::size_t size() const noexcept
    {
        return size_;
    }
    std::uint64_t generation() const noexcept
    {
        return generation_;
    }
    bytes_view bytes() const noexcept MMSYNC_BORROWED
    {
        return bytes_view(static_cast<const void *>(memory_.get()), size_);
    }

  protected:
    friend class region;

    struct alignas(16) unit {
        std::byte bytes[16];
    };

    /* Call `copy(buffer, capacity, &size, &generation)` with more and more memory, until it is enough. */
    template <typename Copy> int fill(Copy copy)
    {
        std::size_t capacity = 0;
        int code;

        while ((code = copy(memory_.get(), capacity, &size_, &generation_)) == MMS_E_TOO_BIG && size_ > capacity) {
            const std::size_t units = size_ / sizeof(unit) + 1;

            memory_.reset(new unit[units]);
            capacity = units * sizeof(unit);
        }
        return code;
    }

    std::unique_ptr<unit[]> memory_;
    std::size_t size_ = 0;
    std::uint64_t generation_ = 0;
};

/* The same of a typed value, which was checked. */
template <typename T> class typed_copy : public value_copy
{
  public:
    typed_copy() noexcept = default;

    const detail::archived<T> *get() const noexcept MMSYNC_BORROWED
    {
        return data() ? reinterpret_cast<const detail::archived<T> *>(data() + root_) : nullptr;
    }
    const detail::archived<T> *operator->() const noexcept MMSYNC_BORROWED
    {
        MMSYNC_ASSERT(*this);
        return get();
    }
    const detail::archived<T> &operator*() const noexcept MMSYNC_BORROWED
    {
        MMSYNC_ASSERT(*this);
        return *get();
    }
    explicit operator bool() const noexcept
    {
        return data() != nullptr;
    }

  private:
    friend class region;
    std::size_t root_ = 0; /* where in the bytes it is */
};

/* mms_region. It stays open until the last of it and of its readers is gone. Any thread may use it,
   but not while another one moves it. */
class region
{
  public:
    region() noexcept = default;
    explicit region(c_path path, on_error report MMSYNC_OR_THROW) : region(path, region_options(), report)
    {
    }
    explicit region(c_path path, const region_options &options, on_error report MMSYNC_OR_THROW)
    {
        mms_region *opened = nullptr;
        const int code = mms_region_open(path.c_str(), &options, &opened);

        if (code == 0)
            handle_.reset(opened, mms_region_close);
        report(code);
    }
    region(region &&) noexcept = default;
    region &operator=(region &&) noexcept = default;
    region(const region &) = delete;
    region &operator=(const region &) = delete;

    explicit operator bool() const noexcept
    {
        return handle_ != nullptr;
    }
    mms_region *native_handle() const noexcept
    {
        return handle_.get();
    }

    /* True if it is open for copies only: read() gives errc::read_only. */
    bool read_only() const noexcept
    {
        return handle_ && mms_region_read_only(handle_.get());
    }
    /* The newest generation; 0: none. */
    std::uint64_t generation() const noexcept
    {
        return mms_generation(handle_.get());
    }
    /* errc::gone if the path no longer leads to this region (mms_region_check). */
    void check(on_error report MMSYNC_OR_THROW) const
    {
        report(mms_region_check(handle_.get()));
    }

    /* Wait until the newest generation is not `seen`. std::errc::interrupted after a signal. */
    void wait(std::uint64_t seen, on_error report MMSYNC_OR_THROW) const
    {
        report(mms_region_wait(handle_.get(), seen, MMS_FOREVER));
    }
    /* False if that took too long, or after an error. */
    template <typename Rep, typename Period>
    bool wait_for(std::uint64_t seen, std::chrono::duration<Rep, Period> time, on_error report MMSYNC_OR_THROW) const
    {
        const int code = detail::wait_milliseconds(
            detail::milliseconds(time), [&](int some) { return mms_region_wait(handle_.get(), seen, some); });

        return report(code == MMS_E_TIMEOUT ? 0 : code) && code == 0;
    }

    /* Copy the newest value; needs no write permission. errc::again: the writer was faster at every
       try. The other one copies to a buffer, and returns what part of it was filled. */
    value_copy copy(on_error report MMSYNC_OR_THROW) const
    {
        value_copy out;

        const int code =
            out.fill([&](void *memory, std::size_t capacity, std::size_t *size, std::uint64_t *generation) {
                return mms_read_copy(handle_.get(), memory, capacity, size, generation);
            });
        if (!report(code))
            return value_copy();
        return out;
    }
    buffer copy_to(buffer to, on_error report MMSYNC_OR_THROW) const
    {
        std::size_t size = 0;

        if (!report(mms_read_copy(handle_.get(), to.data(), to.size(), &size, nullptr)))
            return buffer();
        return buffer(to.data(), size);
    }
    /* Of a typed value: the copy is checked. */
    template <typename T> typed_copy<T> copy(on_error report MMSYNC_OR_THROW) const
    {
        typed_copy<T> out;
        const void *root = nullptr;

        const int code =
            out.fill([&](void *memory, std::size_t capacity, std::size_t *size, std::uint64_t *generation) {
                return mms_archive_read_copy(handle_.get(), detail::schema<T>::archive(), memory, capacity, size,
                                             generation, &root);
            });
        if (!report(code))
            return typed_copy<T>();
        out.root_ = static_cast<std::size_t>(static_cast<const std::byte *>(root) - out.data());
        return out;
    }

    /* The newest value's schema text; empty: none. */
    std::string schema(on_error report MMSYNC_OR_THROW) const
    {
        std::string text;
        std::size_t size = 0;
        int code;

        while ((code = mms_read_schema(handle_.get(), text.data(), text.size(), &size, nullptr, nullptr)) ==
                   MMS_E_TOO_BIG &&
               size > text.size())
            text.resize(size);
        text.resize(report(code) ? size : 0);
        return text;
    }

  private:
    friend class reader;
    friend class wait_fd;

    std::shared_ptr<mms_region> handle_;
};

} // namespace mmsync

#endif
