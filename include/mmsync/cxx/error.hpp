/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of mmsync.hpp: the C library's codes in a std::error_category of their own, and an
   exception whose text is the C library's detail. */
#ifndef MMSYNC_CXX_ERROR_HPP
#define MMSYNC_CXX_ERROR_HPP

#include <mmsync/error.h>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>

/* Without exceptions (-fno-exceptions, or MMSYNC_NO_EXCEPTIONS) every call that can fail needs a
   std::error_code. */
#if !defined(MMSYNC_NO_EXCEPTIONS) && (defined(__cpp_exceptions) || defined(__EXCEPTIONS))
#define MMSYNC_HAS_EXCEPTIONS 1
#define MMSYNC_OR_THROW = {}
#else
#define MMSYNC_HAS_EXCEPTIONS 0
#define MMSYNC_OR_THROW
#endif

namespace mmsync
{

/* The codes of mmsync/error.h. errc::empty is MMS_E_EMPTY, and so on. */
enum class errc : int {
    empty = MMS_E_EMPTY,
    busy = MMS_E_BUSY,
    again = MMS_E_AGAIN,
    evicted = MMS_E_EVICTED,
    gone = MMS_E_GONE,
    forked = MMS_E_FORKED,
    type = MMS_E_TYPE,
    full = MMS_E_FULL,
    too_big = MMS_E_TOO_BIG,
    not_region = MMS_E_NOT_REGION,
    corrupt = MMS_E_CORRUPT,
    version = MMS_E_VERSION,
    byte_order = MMS_E_BYTE_ORDER,
    filesystem = MMS_E_FILESYSTEM,
    geometry = MMS_E_GEOMETRY,
    no_view = MMS_E_NO_VIEW,
    timeout = MMS_E_TIMEOUT,
    exhausted = MMS_E_EXHAUSTED,
    invalid = MMS_E_INVALID,
    read_only = MMS_E_READ_ONLY,
    forgotten = MMS_E_FORGOTTEN,
    not_found = MMS_E_NOT_FOUND
};

} // namespace mmsync

template <> struct std::is_error_code_enum<mmsync::errc> : std::true_type {
};

namespace mmsync
{

namespace detail
{

/* An error_code's value is the C code itself: an errc, or -errno. */
class __attribute__((visibility("default"))) category_type final : public std::error_category
{
  public:
    const char *name() const noexcept override
    {
        return "mmsync";
    }

    std::string message(int code) const override
    {
        return mms_strerror(code);
    }

    /* So that `code == std::errc::no_space_on_device` holds for -ENOSPC. */
    std::error_condition default_error_condition(int code) const noexcept override
    {
        if (code < 0 && code > -4096)
            return std::error_condition(-code, std::generic_category());
        switch (code) {
        case MMS_E_AGAIN: return std::errc::resource_unavailable_try_again;
        case MMS_E_BUSY: return std::errc::device_or_resource_busy;
        case MMS_E_TIMEOUT: return std::errc::timed_out;
        case MMS_E_INVALID: return std::errc::invalid_argument;
        default: return std::error_condition(code, *this);
        }
    }
};

} // namespace detail

/* One object in the whole process, even across shared libraries. Never destroyed. */
[[gnu::visibility("default"), gnu::cold, gnu::noinline]] inline const std::error_category &category() noexcept
{
    alignas(detail::category_type) static unsigned char memory[sizeof(detail::category_type)];
    static const detail::category_type *const only = new (memory) detail::category_type;

    return *only;
}

inline std::error_code make_error_code(errc code) noexcept
{
    return std::error_code(static_cast<int>(code), category());
}

/* The detail of this thread's last failed call: what was being done, to which path, why, and what
   to do. The text that exceptions have. */
inline const char *last_error() noexcept
{
    return mms_last_error();
}

/* What calls throw. what() is the detail alone; code() has the code. */
class [[gnu::visibility("default")]] error : public std::system_error
{
  public:
    error(std::error_code code, const char *text) : std::system_error(code), text_(text)
    {
    }

    const char *what() const noexcept override
    {
        return text_.what();
    }

  private:
    std::runtime_error text_; /* unlike a std::string it can be copied without an exception */
};

namespace detail
{

inline std::error_code code_of(int code) noexcept
{
    return std::error_code(code, category());
}

#if MMSYNC_HAS_EXCEPTIONS
[[noreturn, gnu::cold, gnu::noinline]] inline void raise(int code)
{
    throw error(code_of(code), mms_last_code() == code ? mms_last_error() : mms_strerror(code));
}

inline void check(int code)
{
    if (__builtin_expect(code != 0, 0))
        raise(code);
}
#endif

/* True if it is success. A std::error_code that holds no error is left alone: to clear one takes a
   call. */
inline bool store(int code, std::error_code &out) noexcept
{
    if (__builtin_expect(code != 0, 0))
        out = code_of(code);
    else if (out)
        out.clear();
    return code == 0;
}

} // namespace detail

/* The last parameter of calls that can fail: a std::error_code for the result, or nothing, and then
   the call throws. */
class on_error
{
  public:
#if MMSYNC_HAS_EXCEPTIONS
    on_error() noexcept = default;
#endif
    on_error(std::error_code &code) noexcept : code_(&code)
    {
    }

    /* Report a result. True if it is success. */
    bool operator()(int code) const
    {
#if MMSYNC_HAS_EXCEPTIONS
        if (!code_) {
            detail::check(code);
            return true;
        }
#endif
        return detail::store(code, *code_);
    }

  private:
    std::error_code *code_ = nullptr;
};

} // namespace mmsync

#endif
