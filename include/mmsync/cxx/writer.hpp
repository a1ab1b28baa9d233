/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of a region. */
#ifndef MMSYNC_CXX_WRITER_HPP
#define MMSYNC_CXX_WRITER_HPP

#include <mmsync/cxx/pending.hpp>
#include <mmsync/cxx/table.hpp>
#include <mmsync/durable.h>
#include <mmsync/history.h>

namespace mmsync
{

/* The members of mms_writer_options, at their defaults. */
struct writer_options : mms_writer_options {
    /* cppcheck-suppress uninitDerivedMemberVar; the base is copied as a whole */
    writer_options() noexcept : mms_writer_options(MMS_WRITER_OPTIONS_INIT)
    {
    }
};

/* For writer_options::mmap_sync, which points to one until the writer is open. */
struct mmap_sync_writer_options : mms_mmap_sync_writer_options {
    /* cppcheck-suppress uninitDerivedMemberVar; the base is copied as a whole */
    mmap_sync_writer_options() noexcept : mms_mmap_sync_writer_options(MMS_MMAP_SYNC_WRITER_OPTIONS_INIT)
    {
    }
};

/* mms_writer: one process at a time, and in it one thread at a time. One write at a time: build,
   update and table begin one, and what they return keeps the writer, and its lock, until it ends. */
class writer
{
  public:
    using table_begin = int (*)(mms_writer *, const mms_table_options *, mms_table **);

    writer() noexcept = default;
    explicit writer(c_path path, on_error report MMSYNC_OR_THROW) : writer(path, writer_options(), report)
    {
    }
    explicit writer(c_path path, const writer_options &options, on_error report MMSYNC_OR_THROW)
    {
        mms_writer *opened = nullptr;
        const int code = mms_writer_open(path.c_str(), &options, &opened);

        if (code == 0)
            keep(opened);
        report(code);
    }
    writer(writer &&) noexcept = default;
    writer &operator=(writer &&) noexcept = default;
    writer(const writer &) = delete;
    writer &operator=(const writer &) = delete;

    explicit operator bool() const noexcept
    {
        return state_ != nullptr;
    }
    mms_writer *native_handle() const noexcept
    {
        return state_ ? state_->handle : nullptr;
    }
    /* As the destructor. */
    void close() noexcept
    {
        state_.reset();
    }

    /* Publish a copy of the bytes. errc::again: readers hold every slot. The receipt says what it
       had to do; after errc::again, who keeps it waiting. */
    receipt write(bytes_view bytes, on_error report MMSYNC_OR_THROW)
    {
        receipt out = {};

        report(mms_write(native_handle(), bytes.data(), bytes.size(), &out));
        return out;
    }
    /* Publish a typed value, T being a type of a schema. */
    template <typename T, typename = detail::archived<T>> receipt write(const T &value, on_error report MMSYNC_OR_THROW)
    {
        receipt out = {};

        report(mms_archive_publish(native_handle(), detail::schema<T>::archive(), &value, &out));
        return out;
    }

    /* Begin a value of up to `capacity` bytes, to be filled in place. */
    [[nodiscard]] mmsync::build build(std::size_t capacity, on_error report MMSYNC_OR_THROW)
    {
        mmsync::build out;
        void *memory = nullptr;

        if (report(mms_write_begin(native_handle(), capacity, &memory, nullptr)))
            out.begun(state_, memory, capacity);
        return out;
    }
    /* Begin a change of the newest value, which is empty if there is none. `capacity` is room for
       a value that grows. */
    [[nodiscard]] mmsync::update update(std::size_t capacity, on_error report MMSYNC_OR_THROW)
    {
        mmsync::update out;
        void *memory = nullptr;
        std::size_t size = 0;

        if (report(mms_write_update(native_handle(), capacity, &memory, &size, nullptr))) {
            out.begun(state_, memory, capacity > size ? capacity : size);
            out.size_ = size;
        }
        return out;
    }
    [[nodiscard]] mmsync::update update(on_error report MMSYNC_OR_THROW)
    {
        return update(0, report);
    }
    /* The same of a typed value. errc::empty: there is none. */
    template <typename T> [[nodiscard]] typed_update<T> update(on_error report MMSYNC_OR_THROW)
    {
        typed_update<T> out;
        const void *root = nullptr;
        std::size_t size = 0;

        if (report(mms_archive_update(native_handle(), detail::schema<T>::archive(), &root, &size, nullptr)))
            out.begun(state_, const_cast<void *>(root), size);
        return out;
    }
    /* Begin a change of the newest table; of an empty one if there is no value. */
    [[nodiscard]] mmsync::table table(const table_options &options, on_error report MMSYNC_OR_THROW)
    {
        return table(mms_table_begin, options, report);
    }
    /* A typed table, by the function that mmsc makes: table(T_table_begin). */
    [[nodiscard]] mmsync::table table(table_begin begin, const table_options &options, on_error report MMSYNC_OR_THROW)
    {
        mmsync::table out;
        mms_table *begun = nullptr;

        if (report(begin(native_handle(), &options, &begun)))
            out.begun(state_, begun);
        return out;
    }
    [[nodiscard]] mmsync::table table(table_begin begin, on_error report MMSYNC_OR_THROW)
    {
        return table(begin, table_options(), report);
    }

    [[nodiscard]] mmsync::table table(on_error report MMSYNC_OR_THROW)
    {
        return table(table_options(), report);
    }

    /* Make the value of an older generation the newest one again; 0: the one before the current.
       errc::forgotten: it is no longer there (writer_options::keep, mmsync::history). */
    receipt rollback(std::uint64_t generation, on_error report MMSYNC_OR_THROW)
    {
        receipt out = {};

        report(mms_write_rollback(native_handle(), generation, &out));
        return out;
    }
    receipt rollback(on_error report MMSYNC_OR_THROW)
    {
        return rollback(0, report);
    }

    /* How long writes wait for readers that hold every slot, from the next one on: in place of
       writer_options::grace_ms. 0: they do not. */
    void set_grace(std::chrono::milliseconds grace, on_error report MMSYNC_OR_THROW)
    {
        constexpr std::chrono::milliseconds longest(INT32_MAX);
        const auto time = grace < longest ? grace : longest;

        report(mms_writer_set_grace(native_handle(),
                                    time.count() > 0 ? static_cast<std::int32_t>(time.count()) : MMS_NO_WAIT));
    }

    /* mms_sync: the newest value of a durable region is on the disk when this returns. */
    void sync(on_error report MMSYNC_OR_THROW)
    {
        report(mms_sync(native_handle()));
    }

    /* mms_mmap_sync_was_reset. */
    bool was_reset() const noexcept
    {
        return state_ && mms_mmap_sync_was_reset(state_->handle);
    }

  private:
    void keep(mms_writer *opened)
    {
        std::unique_ptr<mms_writer, int (*)(mms_writer *)> guard(opened, mms_writer_close); /* if memory is short */

        state_ = std::make_shared<detail::writer_state>(opened);
        guard.release();
    }

    std::shared_ptr<detail::writer_state> state_;
};

} // namespace mmsync

#endif
