/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a table, many keys in one value (mmsync/table.h). */
#ifndef MMSYNC_CXX_TABLE_HPP
#define MMSYNC_CXX_TABLE_HPP

#include <mmsync/cxx/pending.hpp>
#include <mmsync/cxx/table_view.hpp>

namespace mmsync
{

/* The members of mms_table_options, at their defaults. */
struct table_options : mms_table_options {
    /* cppcheck-suppress uninitDerivedMemberVar; the base is copied as a whole */
    table_options() noexcept : mms_table_options(MMS_TABLE_OPTIONS_INIT)
    {
    }
};

/* A change of a table: writer::table. It keeps the writer open, and is aborted unless it was
   committed. One commit of any number of puts is one generation. */
class table
{
  public:
    table() noexcept = default;
    table(table &&other) noexcept
        : state_(std::move(other.state_)), handle_(std::exchange(other.handle_, nullptr)), number_(other.number_)
    {
    }
    table &operator=(table &&other) noexcept
    {
        if (this != &other) {
            abort();
            state_ = std::move(other.state_);
            handle_ = std::exchange(other.handle_, nullptr);
            number_ = other.number_;
        }
        return *this;
    }
    table(const table &) = delete;
    table &operator=(const table &) = delete;
    ~table()
    {
        abort();
    }

    explicit operator bool() const noexcept
    {
        return handle_ != nullptr;
    }
    mms_table *native_handle() const noexcept
    {
        return handle_;
    }

    /* Store a copy of the value, replacing the key's last one. What a put that fails would have
       stored is not there; what was put before stays. */
    void put(bytes_view key, bytes_view value, on_error report MMSYNC_OR_THROW)
    {
        report(mms_table_put(handle_, key.data(), key.size(), value.data(), value.size()));
    }
    /* Room for a value, aligned to 16 and of undefined content: fill it before the next call. */
    buffer reserve(bytes_view key, std::size_t size, on_error report MMSYNC_OR_THROW)
    {
        void *room = nullptr;

        if (!report(mms_table_reserve(handle_, key.data(), key.size(), size, &room)))
            return buffer();
        return buffer(room, size);
    }
    /* Many at a time, as many values as keys. Stops at the first that fails; returns how many were put. */
    std::size_t put_many(span<const mms_key> keys, span<const mms_value> values, on_error report MMSYNC_OR_THROW)
    {
        MMSYNC_ASSERT(keys.size() == values.size());
        std::size_t done = 0;

        report(mms_table_put_many(handle_, keys.size(), keys.data(), values.data(), &done));
        return done;
    }
    /* False if there is no such key. */
    bool erase(bytes_view key, on_error report MMSYNC_OR_THROW)
    {
        const int code = mms_table_delete(handle_, key.data(), key.size());

        return report(code == MMS_E_NOT_FOUND ? 0 : code) && code == 0;
    }

    /* In a typed table, by the functions that mmsc makes: table.put(T_table_put, key, value),
       table.erase(T_table_delete, key). With a std::error_code that comes first. */
#if MMSYNC_HAS_EXCEPTIONS
    template <typename... Parameters>
    void put(int (*function)(mms_table *, Parameters...), detail::as_is<Parameters>... arguments)
    {
        detail::check(function(handle_, arguments...));
    }
    template <typename Key> bool erase(int (*function)(mms_table *, Key), detail::as_is<Key> key)
    {
        const int code = function(handle_, key);

        detail::check(code == MMS_E_NOT_FOUND ? 0 : code);
        return code == 0;
    }
#endif
    template <typename... Parameters>
    void put(std::error_code &code, int (*function)(mms_table *, Parameters...), detail::as_is<Parameters>... arguments)
    {
        detail::store(function(handle_, arguments...), code);
    }
    template <typename Key> bool erase(std::error_code &code, int (*function)(mms_table *, Key), detail::as_is<Key> key)
    {
        const int result = function(handle_, key);

        return detail::store(result == MMS_E_NOT_FOUND ? 0 : result, code) && result == 0;
    }

    /* Delete all entries, however many, at once. */
    void clear(on_error report MMSYNC_OR_THROW)
    {
        report(mms_table_clear(handle_));
    }
    /* When entries that are put from here on expire. The table was created with `expiring`. */
    void expire_at(std::chrono::system_clock::time_point time, on_error report MMSYNC_OR_THROW)
    {
        const auto since_1970 = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();

        report(mms_table_set_expiry(handle_, since_1970 > 0 ? static_cast<std::uint64_t>(since_1970) : 1));
    }
    void expire_never(on_error report MMSYNC_OR_THROW)
    {
        report(mms_table_set_expiry(handle_, 0));
    }

    /* What a commit would publish now. Valid until the next change, and no longer than the table. */
    table_view current(on_error report MMSYNC_OR_THROW) const
    {
        table_view out;

        if (!report(mms_table_current(handle_, &out.table_)))
            return table_view();
        return out;
    }

    /* Publish it. After an error it is still there, to commit again. */
    receipt commit(on_error report MMSYNC_OR_THROW)
    {
        receipt out = {};
        const int code = mms_table_commit(handle_, &out);

        if (code == 0)
            forget();
        report(code);
        return out;
    }
    /* Forget all changes. */
    void abort() noexcept
    {
        /* Not what a later object has begun, after this one's commit failed. */
        if (state_ && state_->writes == number_)
            static_cast<void>(mms_table_abort(handle_));
        forget();
    }

  private:
    friend class writer;

    void begun(const std::shared_ptr<detail::writer_state> &state, mms_table *handle) noexcept
    {
        state_ = state;
        number_ = ++state_->writes;
        handle_ = handle;
    }

    void forget() noexcept
    {
        handle_ = nullptr;
        state_.reset();
    }

    std::shared_ptr<detail::writer_state> state_;
    mms_table *handle_ = nullptr;
    std::uint64_t number_ = 0;
};

} // namespace mmsync

#endif
