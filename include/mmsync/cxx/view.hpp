/* SPDX-License-Identifier: Apache-2.0 */
/* A value that a reader has pinned. */
#ifndef MMSYNC_CXX_VIEW_HPP
#define MMSYNC_CXX_VIEW_HPP

#include <mmsync/cxx/region.hpp>
#include <optional>
#include <vector>

namespace mmsync
{

using type_id = std::array<std::uint64_t, 2>;
/* What may differ; nothing: everything may. */
using changes = std::optional<std::vector<range>>;

/* A value in place. It does not change while the view exists; the destructor gives it back.

   A view must end before its reader does, on the thread of that reader. The bytes must not be used
   after the view. (A reader that finds a view left asserts; without assertions it leaves its line
   open, so that the view stays good.)

   Where a writer may take views away (region_options::allow_evict, the files of mmap-sync), call
   release, which gives errc::evicted if what was read is to be discarded. A destructor cannot. */
class view
{
  public:
    view() noexcept = default;
    view(view &&other) noexcept
        : line_(other.line_), data_(other.data_), size_(other.size_), generation_(other.generation_)
    {
        other.forget();
    }
    view &operator=(view &&other) noexcept
    {
        if (this != &other) {
            end();
            line_ = other.line_;
            data_ = other.data_;
            size_ = other.size_;
            generation_ = other.generation_;
            other.forget();
        }
        return *this;
    }
    view(const view &) = delete;
    view &operator=(const view &) = delete;
    ~view()
    {
        end();
    }

    /* Whether it holds a value. */
    explicit operator bool() const noexcept
    {
        return line_ != nullptr;
    }
    /* Aligned to 64. */
    const std::byte *data() const noexcept MMSYNC_BORROWED
    {
        return static_cast<const std::byte *>(data_);
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
        return bytes_view(data_, size_);
    }
    std::string_view text() const noexcept MMSYNC_BORROWED
    {
        return bytes().text();
    }
    /* As an array of plain values: bytes_view::as. */
    template <typename T> span<const T> as() const noexcept MMSYNC_BORROWED
    {
        return bytes().template as<T>();
    }

#if MMSYNC_HAS_EXCEPTIONS
    /* Move on to the newest value. True if that is another one; bytes that were found before are
       gone then. After an error the view is empty. */
    bool refresh()
    {
        const std::uint64_t before = generation_;

        detail::check(refresh_code());
        return generation_ != before;
    }
    /* End the view, and say whether it was whole: errc::evicted, errc::no_view. */
    void release()
    {
        detail::check(release_code());
    }
#endif
    bool refresh(std::error_code &code) noexcept
    {
        const std::uint64_t before = generation_;

        return detail::store(refresh_code(), code) && generation_ != before;
    }
    void release(std::error_code &code) noexcept
    {
        detail::store(release_code(), code);
    }

    /* What was published with the value. The schema's text is valid as long as the view. */
    view_info describe(on_error report MMSYNC_OR_THROW) const
    {
        view_info info = {};

        report(mms_view_describe(line_, &info));
        return info;
    }
    mmsync::type_id type_id(on_error report MMSYNC_OR_THROW) const
    {
        mmsync::type_id id = {};

        report(mms_view_type(line_, id.data()));
        return id;
    }

    /* What may differ from the value of an older generation: ranges, ascending. Nothing if that is
       not known, so that all of the value may differ. errc::evicted empties the view. */
    mmsync::changes changes(std::uint64_t since, on_error report MMSYNC_OR_THROW)
    {
        std::vector<range> ranges(16);
        std::size_t count = 0;
        int code;

        while ((code = mms_changes(line_, since, ranges.data(), ranges.size(), &count)) == 0 && count > ranges.size())
            ranges.resize(count);
        if (code == MMS_E_EVICTED)
            forget();
        if (code == MMS_E_FORGOTTEN || !report(code))
            return std::nullopt;
        ranges.resize(count);
        return mmsync::changes(std::move(ranges));
    }

    mms_reader *native_handle() const noexcept
    {
        return line_;
    }

  protected:
    friend class reader;
    friend class table_view;

    MMSYNC_HOT view(mms_reader *line, const mms_view &held) noexcept
        : line_(line), data_(held.data), size_(held.size), generation_(held.generation)
    {
    }

    void hold(mms_reader *line, const mms_view &held) noexcept
    {
        line_ = line;
        data_ = held.data;
        size_ = held.size;
        generation_ = held.generation;
    }

    void forget() noexcept
    {
        line_ = nullptr;
        data_ = nullptr;
        size_ = 0;
        generation_ = 0;
    }

    MMSYNC_HOT void end() noexcept
    {
        if (line_)
            static_cast<void>(mms_release(line_));
    }

    int refresh_code() noexcept
    {
        mms_view held;
        mms_reader *const line = line_;
        const int code = mms_refresh(line, &held);

        if (code == 0)
            hold(line, held);
        else
            forget();
        return code;
    }

    int release_code() noexcept
    {
        mms_reader *const line = line_;

        if (!line)
            return MMS_E_NO_VIEW;
        forget();
        return mms_release(line);
    }

    mms_reader *line_ = nullptr;
    const void *data_ = nullptr;
    std::size_t size_ = 0;
    std::uint64_t generation_ = 0;
};

/* The same of a typed value, T being a type of a schema: a pointer to what mmsc calls ArchivedT. */
template <typename T> class typed_view : private view
{
  public:
    typed_view() noexcept = default;
    typed_view(typed_view &&other) noexcept : view(std::move(other)), root_(std::exchange(other.root_, nullptr))
    {
    }
    typed_view &operator=(typed_view &&other) noexcept
    {
        if (this != &other) {
            view::operator=(std::move(other));
            root_ = std::exchange(other.root_, nullptr);
        }
        return *this;
    }

    const detail::archived<T> *get() const noexcept MMSYNC_BORROWED
    {
        return root_;
    }
    const detail::archived<T> *operator->() const noexcept MMSYNC_BORROWED
    {
        MMSYNC_ASSERT(root_);
        return root_;
    }
    const detail::archived<T> &operator*() const noexcept MMSYNC_BORROWED
    {
        MMSYNC_ASSERT(root_);
        return *root_;
    }

    using view::operator bool;
    using view::bytes;
    using view::changes;
    using view::data;
    using view::describe;
    using view::generation;
    using view::native_handle;
    using view::size;
    using view::type_id;

#if MMSYNC_HAS_EXCEPTIONS
    bool refresh()
    {
        const std::uint64_t before = generation();

        detail::check(refresh_root());
        return generation() != before;
    }
    void release()
    {
        root_ = nullptr;
        view::release();
    }
#endif
    bool refresh(std::error_code &code) noexcept
    {
        const std::uint64_t before = generation();

        return detail::store(refresh_root(), code) && generation() != before;
    }
    void release(std::error_code &code) noexcept
    {
        root_ = nullptr;
        view::release(code);
    }

  private:
    friend class reader;

    MMSYNC_HOT typed_view(mms_reader *line, const mms_view &held, const void *root) noexcept
        : view(line, held), root_(static_cast<const detail::archived<T> *>(root))
    {
    }

    int refresh_root() noexcept
    {
        const void *root = nullptr;
        int code = refresh_code();

        if (code == 0) {
            code = mms__archive_root_slow(line_, detail::schema<T>::archive(), nullptr, &root);
            if (code != 0)
                forget();
        }
        root_ = static_cast<const detail::archived<T> *>(root);
        return code;
    }

    const detail::archived<T> *root_ = nullptr;
};

} // namespace mmsync

#endif
