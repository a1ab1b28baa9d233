/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a table, many keys in one value (mmsync/table.h). */
#ifndef MMSYNC_CXX_TABLE_VIEW_HPP
#define MMSYNC_CXX_TABLE_VIEW_HPP

#include <cstddef>
#include <iterator>
#include <mmsync/cxx/range.hpp>
#include <mmsync/cxx/view.hpp>

namespace mmsync
{

using table_info = mms_table_info;

struct table_entry {
    bytes_view key, value;
    std::uint64_t expires_ns = 0; /* CLOCK_REALTIME; 0: never */
};

/* One consistent state of all keys. It owns the view it was made of, if there is one. Look-ups take
   no lock, copy nothing and never fail. What they find is good as long as the table_view. */
class table_view
{
  public:
    class iterator
    {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = table_entry;
        using difference_type = std::ptrdiff_t;
        using pointer = const table_entry *;
        using reference = const table_entry &;

        iterator() noexcept = default;
        reference operator*() const noexcept
        {
            return entry_;
        }
        pointer operator->() const noexcept
        {
            return &entry_;
        }
        iterator &operator++() noexcept
        {
            mms_entry found;

            if (mms_table_next(table_, &cursor_, &found))
                entry_ = table_entry{found.key, found.value, found.expires_ns};
            else
                table_ = nullptr;
            return *this;
        }
        void operator++(int) noexcept
        {
            ++*this;
        }
        /* Only the end is equal to another. */
        friend bool operator==(const iterator &a, const iterator &b) noexcept
        {
            return !a.table_ && !b.table_;
        }
        friend bool operator!=(const iterator &a, const iterator &b) noexcept
        {
            return !(a == b);
        }

      private:
        friend class table_view;
        explicit iterator(const mms_table_view *table) noexcept : table_(table)
        {
            ++*this;
        }

        const mms_table_view *table_ = nullptr;
        mms_table_cursor cursor_ = MMS_TABLE_CURSOR_INIT;
        table_entry entry_;
    };

    table_view() noexcept = default;
    /* Of a view: errc::type if that is not a table, errc::corrupt. Then the view is released. */
    explicit table_view(view &&held, on_error report MMSYNC_OR_THROW) : pin_(std::move(held))
    {
        mms_view raw = {};
        int code = MMS_E_NO_VIEW;

        raw.data = pin_.data();
        raw.size = pin_.size();
        raw.generation = pin_.generation();
        if (pin_)
            code = mms_table_of(&raw, &table_);
        if (code != 0)
            clear();
        report(code);
    }
    table_view(table_view &&other) noexcept : pin_(std::move(other.pin_)), table_(other.table_)
    {
        other.clear();
    }
    table_view &operator=(table_view &&other) noexcept
    {
        if (this != &other) {
            pin_ = std::move(other.pin_);
            table_ = other.table_;
            other.clear();
        }
        return *this;
    }
    table_view(const table_view &) = delete;
    table_view &operator=(const table_view &) = delete;

    explicit operator bool() const noexcept
    {
        return table_.data != nullptr;
    }
    std::uint64_t generation() const noexcept
    {
        return table_.generation;
    }
    /* Entries, with those that have expired and were not removed yet. */
    std::uint64_t size() const noexcept
    {
        return *this ? mms_table_count(&table_) : 0;
    }

    /* The key's value, aligned to 16; nothing if there is no such key. */
    std::optional<bytes_view> get(bytes_view key) const noexcept MMSYNC_BORROWED
    {
        std::size_t size = 0;
        const void *value = *this ? mms_table_get(&table_, key.data(), key.size(), &size) : nullptr;

        return value ? std::optional<bytes_view>(bytes_view(value, size)) : std::nullopt;
    }
    /* The same as a plain value. NULL also if its size is not that of the type. */
    template <typename T> const T *get(bytes_view key) const noexcept MMSYNC_BORROWED
    {
        static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 16, "only plain values can be used in place");
        std::size_t size = 0;
        const void *value = *this ? mms_table_get(&table_, key.data(), key.size(), &size) : nullptr;

        return value && size == sizeof(T) ? static_cast<const T *>(value) : nullptr;
    }
    /* In a typed table, by the function that mmsc makes: keys.get(T_table_get, key). NULL if there
       is no such key. errc::corrupt: what is stored is no such value. With a std::error_code that
       comes first. */
#if MMSYNC_HAS_EXCEPTIONS
    template <typename Value, typename Key>
    const Value *get(const Value *(*function)(const mms_table_view *, Key),
                     detail::as_is<Key> key) const MMSYNC_BORROWED
    {
        const Value *const value = function(&table_, key);

        if (__builtin_expect(!value, 0) && mms_last_code() != MMS_E_NOT_FOUND)
            detail::check(mms_last_code());
        return value;
    }
#endif
    template <typename Value, typename Key>
    const Value *get(std::error_code &code, const Value *(*function)(const mms_table_view *, Key),
                     detail::as_is<Key> key) const noexcept MMSYNC_BORROWED
    {
        const Value *const value = function(&table_, key);

        detail::store(value || mms_last_code() == MMS_E_NOT_FOUND ? 0 : mms_last_code(), code);
        return value;
    }
    bool contains(bytes_view key) const noexcept
    {
        return get(key).has_value();
    }
    /* Many keys at a time, which is faster: memory is fetched ahead. `out` is as long as `keys`;
       its data is NULL where there is no such key. Returns how many there are. */
    std::size_t get_many(span<const mms_key> keys, span<mms_value> out) const noexcept
    {
        MMSYNC_ASSERT(out.size() >= keys.size());
        if (*this)
            return mms_table_get_many(&table_, keys.size(), keys.data(), out.data());
        for (std::size_t i = 0; i < keys.size(); i++)
            out[i] = mms_value{nullptr, 0};
        return 0;
    }

    /* All entries, in no particular order. */
    iterator begin() const noexcept MMSYNC_BORROWED
    {
        return *this ? iterator(&table_) : iterator();
    }
    iterator end() const noexcept
    {
        return iterator();
    }

    /* All entries of a typed table that are such keys and values, by the function that mmsc makes:
       for (const auto &[key, value] : keys.each(T_table_next)), value being a pointer. Just the keys, if
       the values are of no size. */
    template <typename Key, typename Value>
    auto each(bool (*next)(const mms_table_view *, mms_table_cursor *, Key *,
                           const Value **)) const noexcept MMSYNC_BORROWED
    {
        return typed_entries<typed_entry<Key, Value>, detail::next_entry<Key, Value>>(*this ? &table_ : nullptr,
                                                                                      {next});
    }
    template <typename Key>
    auto each(bool (*next)(const mms_table_view *, mms_table_cursor *, Key *)) const noexcept MMSYNC_BORROWED
    {
        return typed_entries<Key, detail::next_key<Key>>(*this ? &table_ : nullptr, {next});
    }

    table_info describe() const noexcept
    {
        table_info info = {};

        if (*this)
            mms_table_describe(&table_, &info);
        return info;
    }
    /* Check every structure: errc::corrupt. */
    void check(on_error report MMSYNC_OR_THROW) const
    {
        report(*this ? mms_table_check(&table_) : MMS_E_NO_VIEW);
    }

    /* End it, and say whether it was whole, as view::release. */
    void release(on_error report MMSYNC_OR_THROW)
    {
        view held = std::move(pin_);

        clear();
        report(held.release_code());
    }

    /* The view; empty for a table that is being changed. */
    view &pin() noexcept MMSYNC_BORROWED
    {
        return pin_;
    }
    /* Its now_ns, which decides what has expired, may be set. */
    mms_table_view &native_handle() noexcept MMSYNC_BORROWED
    {
        return table_;
    }
    const mms_table_view &native_handle() const noexcept MMSYNC_BORROWED
    {
        return table_;
    }

  private:
    friend class reader;
    friend class table;

    table_view(view &&held, const mms_table_view &table) noexcept : pin_(std::move(held)), table_(table)
    {
    }

    void clear() noexcept
    {
        table_ = mms_table_view();
        pin_ = view();
    }

    view pin_;
    mms_table_view table_ = {};
};

} // namespace mmsync

#endif
