/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over the containers of typed values, in place:
   for (const auto &[key, value] : mmsync::each(view->prices)). */
#ifndef MMSYNC_CXX_RANGE_HPP
#define MMSYNC_CXX_RANGE_HPP

#include <iterator>
#include <mmsync/archived.h>
#include <mmsync/cxx/bytes.hpp>

namespace mmsync
{

/* A text in place: a String or Box<str> as a field or a key, or an mms_str. */
inline std::string_view text(const mms_str &of) noexcept
{
    return std::string_view(of.data, of.size);
}
inline std::string_view text(const mms_string32 &of MMSYNC_BORROWED) noexcept
{
    return text(mms_string32_get(&of));
}
inline std::string_view text(const mms_string64 &of MMSYNC_BORROWED) noexcept
{
    return text(mms_string64_get(&of));
}
inline std::string_view text(const mms_slice32 &of MMSYNC_BORROWED) noexcept
{
    return text(mms_slice32_text(&of));
}
inline std::string_view text(const mms_slice64 &of MMSYNC_BORROWED) noexcept
{
    return text(mms_slice64_text(&of));
}

namespace detail
{

template <typename T, typename... Texts>
inline constexpr bool is_one_of = (std::is_same_v<std::remove_cv_t<T>, Texts> || ...);
template <typename T>
inline constexpr bool is_text = is_one_of<T, mms_string32, mms_string64, mms_slice32, mms_slice64>;

/* What a loop sees of an element. */
template <typename T> decltype(auto) seen(const T &element) noexcept
{
    if constexpr (is_text<T>)
        return text(element);
    else
        return static_cast<const T &>(element);
}

/* One element after another; Step says how to get to the next, and is compared by its `at`. */
template <typename Step> class step_iterator
{
  public:
    using iterator_category = std::input_iterator_tag;
    using reference = decltype(seen(*std::declval<const Step &>().at));
    using value_type = std::remove_cv_t<std::remove_reference_t<reference>>;
    using difference_type = std::ptrdiff_t;
    using pointer = void;

    step_iterator() noexcept = default;
    explicit step_iterator(const Step &step) noexcept : step_(step)
    {
    }
    reference operator*() const noexcept
    {
        return seen(*step_.at);
    }
    step_iterator &operator++() noexcept
    {
        step_.advance();
        return *this;
    }
    void operator++(int) noexcept
    {
        step_.advance();
    }
    friend bool operator==(const step_iterator &a, const step_iterator &b) noexcept
    {
        return a.step_.at == b.step_.at;
    }
    friend bool operator!=(const step_iterator &a, const step_iterator &b) noexcept
    {
        return !(a == b);
    }

  private:
    Step step_;
};

template <typename T> struct list_step {
    const T *at = nullptr;

    void advance() noexcept
    {
        at++;
    }
};

template <typename Tree> struct tree_step {
    decltype(Tree::next(nullptr)) at = nullptr;
    mms_tree_cursor cursor = {};

    void advance() noexcept
    {
        at = Tree::next(&cursor);
    }
};

} // namespace detail

/* The texts of a Vec or set of Strings, as std::string_view. */
template <typename String> class texts
{
  public:
    using iterator = detail::step_iterator<detail::list_step<String>>;

    texts(const String *data, std::size_t size) noexcept : data_(data), size_(size)
    {
    }
    std::size_t size() const noexcept
    {
        return size_;
    }
    bool empty() const noexcept
    {
        return size_ == 0;
    }
    std::string_view operator[](std::size_t index) const
    {
        MMSYNC_ASSERT(index < size_);
        return text(data_[index]);
    }
    iterator begin() const noexcept
    {
        return iterator({data_});
    }
    iterator end() const noexcept
    {
        return iterator({data_ + size_});
    }

  private:
    const String *data_;
    std::size_t size_;
};

/* The entries of a BTreeMap or the keys of a BTreeSet, ascending. */
template <typename Tree> class tree_entries
{
  public:
    using iterator = detail::step_iterator<detail::tree_step<Tree>>;

    explicit tree_entries(const typename Tree::archived &of) noexcept : of_(&of)
    {
    }
    std::size_t size() const noexcept
    {
        return Tree::count(of_);
    }
    bool empty() const noexcept
    {
        return size() == 0;
    }
    iterator begin() const noexcept
    {
        detail::tree_step<Tree> step;

        step.at = Tree::first(of_, &step.cursor);
        return iterator(step);
    }
    iterator end() const noexcept
    {
        return iterator();
    }

  private:
    const typename Tree::archived *of_;
};

/* What a container of a typed value holds: the elements of a Vec or Box<[X]>, the entries of a HashMap or
   BTreeMap with `key` and `value` (only `key` if the values are of no size), the keys of a HashSet or
   BTreeSet. A HashMap and a HashSet have no particular order. All of it is in place, and good as long as
   the view. A span where there are no texts to be made. */
template <typename T, typename Container = schema_container<T>, typename = typename Container::archived>
auto each(const T &of MMSYNC_BORROWED) noexcept
{
    if constexpr (Container::is_tree) {
        return tree_entries<Container>(of);
    } else {
        using element = std::remove_pointer_t<decltype(Container::data(&of))>;

        if constexpr (detail::is_text<element>)
            return texts<element>(Container::data(&of), Container::count(&of));
        else
            return span<element>(Container::data(&of), Container::count(&of));
    }
}

/* The next entry of a typed table; see table_view::each. */
template <typename Key, typename Value> struct typed_entry {
    Key key;
    const Value *value;
};

/* The entries of a typed table, by the function T_table_next that mmsc generates, in no particular order. */
template <typename Entry, typename Next> class typed_entries
{
  public:
    class iterator
    {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;
        using pointer = const Entry *;
        using reference = const Entry &;

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
            if (!next_(table_, &cursor_, &entry_))
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
        friend class typed_entries;
        iterator(const mms_table_view *table, Next next) noexcept : table_(table), next_(next)
        {
            ++*this;
        }

        const mms_table_view *table_ = nullptr;
        Next next_ = {};
        mms_table_cursor cursor_ = MMS_TABLE_CURSOR_INIT;
        Entry entry_ = {};
    };

    typed_entries(const mms_table_view *table, Next next) noexcept : table_(table), next_(next)
    {
    }
    iterator begin() const noexcept
    {
        return table_ ? iterator(table_, next_) : iterator();
    }
    iterator end() const noexcept
    {
        return iterator();
    }

  private:
    const mms_table_view *table_;
    Next next_;
};

namespace detail
{

template <typename Key, typename Value> struct next_entry {
    bool (*function)(const mms_table_view *, mms_table_cursor *, Key *, const Value **);

    bool operator()(const mms_table_view *table, mms_table_cursor *cursor,
                    typed_entry<Key, Value> *entry) const noexcept
    {
        return function(table, cursor, &entry->key, &entry->value);
    }
};

template <typename Key> struct next_key {
    bool (*function)(const mms_table_view *, mms_table_cursor *, Key *);

    bool operator()(const mms_table_view *table, mms_table_cursor *cursor, Key *key) const noexcept
    {
        return function(table, cursor, key);
    }
};

} // namespace detail

} // namespace mmsync

#endif
