/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as mmsync.hpp takes and gives them. The same types in every standard from C++17 on; they
   convert to std::span and from it. */
#ifndef MMSYNC_CXX_BYTES_HPP
#define MMSYNC_CXX_BYTES_HPP

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mmsync/table.h>
#include <string_view>
#include <type_traits>
#include <utility>

/* Misuse of mmsync.hpp that it can detect. By default it fails an assertion. */
#ifndef MMSYNC_ASSERT
#define MMSYNC_ASSERT(condition) assert(condition)
#endif

/* What is returned must not outlive the object, and clang warns where it does. */
#if defined(__clang__) && defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetimebound)
#define MMSYNC_BORROWED [[clang::lifetimebound]]
#endif
#endif
#ifndef MMSYNC_BORROWED
#define MMSYNC_BORROWED
#endif

/* For a read in its steady state: inline, whatever the optimizer thinks. */
#define MMSYNC_HOT __attribute__((always_inline)) inline

namespace mmsync
{

namespace detail
{

/* Not deduced from an argument. */
template <typename T> struct as_is_type {
    using type = T;
};
template <typename T> using as_is = typename as_is_type<T>::type;

template <typename Container> using element_of = std::remove_pointer_t<decltype(std::declval<Container &>().data())>;

template <typename Container>
using if_contiguous =
    std::enable_if_t<std::is_convertible_v<decltype(std::declval<Container &>().size()), std::size_t> &&
                     std::is_pointer_v<decltype(std::declval<Container &>().data())>>;

} // namespace detail

/* A pointer and how many there are; owns nothing. */
template <typename T> class span
{
  public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;
    using size_type = std::size_t;
    using iterator = T *;

    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size)
    {
    }
    template <std::size_t N> constexpr span(T (&array)[N]) noexcept : data_(array), size_(N)
    {
    }
    template <typename Container, typename = detail::if_contiguous<Container>,
              typename = std::enable_if_t<std::is_convertible_v<detail::element_of<Container> (*)[], T (*)[]>>>
    constexpr span(Container &&container) noexcept : data_(container.data()), size_(container.size())
    {
    }

    constexpr T *data() const noexcept
    {
        return data_;
    }
    constexpr std::size_t size() const noexcept
    {
        return size_;
    }
    constexpr bool empty() const noexcept
    {
        return size_ == 0;
    }
    constexpr T &operator[](std::size_t index) const
    {
        MMSYNC_ASSERT(index < size_);
        return data_[index];
    }
    constexpr T *begin() const noexcept
    {
        return data_;
    }
    constexpr T *end() const noexcept
    {
        return data_ + size_;
    }
    constexpr span subspan(std::size_t offset, std::size_t count) const
    {
        MMSYNC_ASSERT(offset <= size_ && count <= size_ - offset);
        return span(data_ + offset, count);
    }

  protected:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/* Any bytes to read: text, arrays and containers of plain values convert to it. */
class bytes_view : public span<const std::byte>
{
  public:
    constexpr bytes_view() noexcept = default;
    constexpr bytes_view(span<const std::byte> bytes) noexcept : span(bytes)
    {
    }
    bytes_view(const void *data, std::size_t size) noexcept : span(static_cast<const std::byte *>(data), size)
    {
    }
    bytes_view(std::string_view text) noexcept : bytes_view(text.data(), text.size())
    {
    }
    /* Up to the 0 that ends it. */
    bytes_view(const char *text) noexcept : bytes_view(std::string_view(text))
    {
    }
    template <typename Container, typename = detail::if_contiguous<const Container>,
              typename Element = detail::element_of<const Container>,
              typename = std::enable_if_t<std::is_trivially_copyable_v<Element>>>
    bytes_view(const Container &container) noexcept
        : bytes_view(static_cast<const void *>(container.data()), container.size() * sizeof(Element))
    {
    }
    bytes_view(const mms_key &key) noexcept : bytes_view(key.data, key.size)
    {
    }
    bytes_view(const mms_value &value) noexcept : bytes_view(value.data, value.size)
    {
    }

    std::string_view text() const noexcept
    {
        return std::string_view(reinterpret_cast<const char *>(data_), size_);
    }

    /* As an array of plain values, as many whole ones as there are. The bytes must be aligned for
       them: a view's are to 64, a table's values to 16. */
    template <typename T> span<const T> as() const noexcept
    {
        static_assert(std::is_trivially_copyable_v<T>, "only plain values can be used in place");
        MMSYNC_ASSERT(reinterpret_cast<std::uintptr_t>(data_) % alignof(T) == 0);
        return span<const T>(reinterpret_cast<const T *>(data_), size_ / sizeof(T));
    }

    operator mms_key() const noexcept
    {
        return mms_key{data_, size_};
    }
    operator mms_value() const noexcept
    {
        return mms_value{data_, size_};
    }

    friend bool operator==(bytes_view a, bytes_view b) noexcept
    {
        return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
    }
    friend bool operator!=(bytes_view a, bytes_view b) noexcept
    {
        return !(a == b);
    }
};

/* The bytes of one plain value: a number as a key, a struct as a value. */
template <typename T> bytes_view bytes_of(const T &value MMSYNC_BORROWED) noexcept
{
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>, "only plain values have bytes");
    return bytes_view(static_cast<const void *>(&value), sizeof value);
}

/* Bytes to write to. */
class buffer : public span<std::byte>
{
  public:
    constexpr buffer() noexcept = default;
    constexpr buffer(span<std::byte> bytes) noexcept : span(bytes)
    {
    }
    buffer(void *data, std::size_t size) noexcept : span(static_cast<std::byte *>(data), size)
    {
    }
    /* An array or container of plain values. */
    template <typename Container, typename = detail::if_contiguous<Container>,
              typename Element = detail::element_of<Container>,
              typename = std::enable_if_t<std::is_trivially_copyable_v<Element> && !std::is_const_v<Element>>>
    buffer(Container &container) noexcept
        : buffer(static_cast<void *>(container.data()), container.size() * sizeof(Element))
    {
    }

    /* As bytes_view::as. */
    template <typename T> span<T> as() const noexcept
    {
        static_assert(std::is_trivially_copyable_v<T>, "only plain values can be built in place");
        MMSYNC_ASSERT(reinterpret_cast<std::uintptr_t>(data_) % alignof(T) == 0);
        return span<T>(reinterpret_cast<T *>(data_), size_ / sizeof(T));
    }
};

/* A path: text, std::string or std::filesystem::path. */
class c_path
{
  public:
    c_path(const char *text) noexcept : text_(text)
    {
    }
    template <typename Path,
              typename = std::enable_if_t<std::is_same_v<decltype(std::declval<const Path &>().c_str()), const char *>>>
    c_path(const Path &path) noexcept : text_(path.c_str())
    {
    }

    const char *c_str() const noexcept
    {
        return text_;
    }

  private:
    const char *text_;
};

} // namespace mmsync

#endif
