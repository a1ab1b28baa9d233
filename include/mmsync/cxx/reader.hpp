/* SPDX-License-Identifier: Apache-2.0 */
/* A thread's access to the values of a region. */
#ifndef MMSYNC_CXX_READER_HPP
#define MMSYNC_CXX_READER_HPP

#include <mmsync/cxx/table_view.hpp>
#include <mmsync/cxx/view.hpp>

namespace mmsync
{

namespace detail
{

/* Whether a view of this reader's line exists. */
inline bool is_held(const mms_reader *line) noexcept
{
#ifndef MMS_NO_INLINE
    const auto state = reinterpret_cast<const struct mms__reader_head *>(line)->state;

    return state == MMS__HELD || state == MMS__HELD_SLOW;
#else
    type_id id;

    return mms_view_type(const_cast<mms_reader *>(line), id.data()) == 0;
#endif
}

/* Whether it can be told at once that there is none. */
inline bool is_ready(const mms_reader *line) noexcept
{
#ifndef MMS_NO_INLINE
    return !line || __builtin_expect(reinterpret_cast<const struct mms__reader_head *>(line)->state == MMS__READY, 1);
#else
    return !line;
#endif
}

} // namespace detail

/* mms_reader: for one thread, the one that opened it, which must also close it (thread_local does
   that). With region_options::detached it may go from thread to thread, one at a time.

   Several views of a reader may exist at a time. Each needs a line of the region's reader table
   (max_readers), which the reader keeps for later ones. Views must end before their reader does. */
class reader
{
  public:
    using typed_table_read = int (*)(mms_reader *, mms_view *, mms_table_view *);

    reader() noexcept = default;
    explicit reader(const region &source, on_error report MMSYNC_OR_THROW) : region_(source.handle_)
    {
        report(open(&first_));
    }
    reader(reader &&other) noexcept
        : first_(std::exchange(other.first_, nullptr)), spare_(std::exchange(other.spare_, nullptr)),
          region_(std::move(other.region_))
    {
    }
    reader &operator=(reader &&other) noexcept
    {
        if (this != &other) {
            close();
            first_ = std::exchange(other.first_, nullptr);
            spare_ = std::exchange(other.spare_, nullptr);
            region_ = std::move(other.region_);
        }
        return *this;
    }
    reader(const reader &) = delete;
    reader &operator=(const reader &) = delete;
    ~reader()
    {
        close();
    }

    explicit operator bool() const noexcept
    {
        return first_ != nullptr;
    }
    /* Of the line that the first view takes. */
    mms_reader *native_handle() const noexcept
    {
        return first_;
    }

#if MMSYNC_HAS_EXCEPTIONS
    /* Pin the newest value: one store and one load of shared memory. errc::empty, errc::gone,
       errc::type, errc::read_only; errc::full for a further view at a time. */
    [[nodiscard]] MMSYNC_HOT view read() & MMSYNC_BORROWED
    {
        const choice found = choose();
        mms_view held = {};

        detail::check(pin(found, held));
        return view(found.line, held);
    }
    /* The value as a T of a schema. Bytes that write(T) did not make are checked: errc::corrupt. */
    template <typename T> [[nodiscard]] MMSYNC_HOT typed_view<T> read() & MMSYNC_BORROWED
    {
        const choice found = choose();
        const void *root = nullptr;
        mms_view held = {};

        detail::check(pin<T>(found, held, root));
        return typed_view<T>(found.line, held, root);
    }
    /* The value as a table: errc::type if it is not one. */
    [[nodiscard]] table_view read_table() & MMSYNC_BORROWED
    {
        return table_view(read());
    }
    /* A typed table, by the function that mmsc generates: read_table(T_table_read). */
    [[nodiscard]] table_view read_table(typed_table_read by) & MMSYNC_BORROWED
    {
        mms_view held = {};
        mms_table_view table = {};
        const choice found = choose();

        detail::check(found.code == 0 ? by(found.line, &held, &table) : found.code);
        return table_view(view(found.line, held), table);
    }
#endif
    [[nodiscard]] MMSYNC_HOT view read(std::error_code &code) &noexcept MMSYNC_BORROWED
    {
        const choice found = choose();
        mms_view held = {};

        return detail::store(pin(found, held), code) ? view(found.line, held) : view();
    }
    template <typename T> [[nodiscard]] MMSYNC_HOT typed_view<T> read(std::error_code &code) &noexcept MMSYNC_BORROWED
    {
        const choice found = choose();
        const void *root = nullptr;
        mms_view held = {};

        return detail::store(pin<T>(found, held, root), code) ? typed_view<T>(found.line, held, root) : typed_view<T>();
    }
    [[nodiscard]] table_view read_table(std::error_code &code) & MMSYNC_BORROWED
    {
        view held = read(code);

        return held ? table_view(std::move(held), code) : table_view();
    }
    [[nodiscard]] table_view read_table(typed_table_read by, std::error_code &code) & MMSYNC_BORROWED
    {
        mms_view held = {};
        mms_table_view table = {};
        const choice found = choose();

        if (!detail::store(found.code == 0 ? by(found.line, &held, &table) : found.code, code))
            return table_view();
        return table_view(view(found.line, held), table);
    }
    /* Views would outlive a reader that nobody keeps. */
    void read() && = delete;
    void read(std::error_code &code) && = delete;
    template <typename T> void read() && = delete;
    template <typename T> void read(std::error_code &code) && = delete;
    void read_table() && = delete;
    void read_table(std::error_code &code) && = delete;
    void read_table(typed_table_read by) && = delete;
    void read_table(typed_table_read by, std::error_code &code) && = delete;

    /* As region::wait and region::wait_for. Views stay. */
    void wait(std::uint64_t seen, on_error report MMSYNC_OR_THROW) const
    {
        report(mms_wait(first_, seen, MMS_FOREVER));
    }
    template <typename Rep, typename Period>
    bool wait_for(std::uint64_t seen, std::chrono::duration<Rep, Period> time, on_error report MMSYNC_OR_THROW) const
    {
        const int code = detail::wait_milliseconds(detail::milliseconds(time),
                                                   [&](int some) { return mms_wait(first_, seen, some); });

        return report(code == MMS_E_TIMEOUT ? 0 : code) && code == 0;
    }

  private:
    /* A line for a further view. */
    struct spare_line {
        mms_reader *handle;
        spare_line *next;
    };

    int open(mms_reader **out) const noexcept
    {
        return mms_reader_open(region_.get(), out);
    }

    /* A line for the next view, or why there is none. Both fit in registers: what a call fills in
       memory would be there in the steady state too (mmsync/fast.h). */
    struct choice {
        mms_reader *line;
        int code;
    };

    MMSYNC_HOT choice choose() noexcept
    {
        if (__builtin_expect(detail::is_ready(first_), 1))
            return choice{first_, 0};
        return choose_slowly();
    }

    [[gnu::cold, gnu::noinline]] choice choose_slowly() noexcept
    {
        if (!detail::is_held(first_))
            return choice{first_, 0};
        for (spare_line *each = spare_; each; each = each->next)
            if (!detail::is_held(each->handle))
                return choice{each->handle, 0};
        const int code = open_spare();
        return choice{code == 0 ? spare_->handle : nullptr, code};
    }

    MMSYNC_HOT static int pin(choice found, mms_view &held) noexcept
    {
        return __builtin_expect(found.code == 0, 1) ? mms_read(found.line, &held) : found.code;
    }

    template <typename T> MMSYNC_HOT static int pin(choice found, mms_view &held, const void *&root) noexcept
    {
        if (__builtin_expect(found.code != 0, 0))
            return found.code;
        root = mms__archive_root(found.line, detail::schema<T>::archive(), &held, sizeof(detail::archived<T>));
        return __builtin_expect(root != nullptr, 1) ? 0 : mms_last_code();
    }

    int open_spare() noexcept
    {
        spare_line *more = new (std::nothrow) spare_line{nullptr, spare_};
        const int code = more ? open(&more->handle) : -ENOMEM;

        if (code == 0)
            spare_ = more;
        else
            delete more;
        return code;
    }

    /* A line whose view is left stays open, and the region with it: memory must not go from under
       the view. */
    static void close(mms_reader *handle) noexcept
    {
        const bool a_view_outlives_its_reader = handle && detail::is_held(handle);

        MMSYNC_ASSERT(!a_view_outlives_its_reader);
        if (!a_view_outlives_its_reader)
            static_cast<void>(mms_reader_close(handle));
    }

    void close() noexcept
    {
        close(std::exchange(first_, nullptr));
        while (spare_line *each = spare_) {
            spare_ = each->next;
            close(each->handle);
            delete each;
        }
        region_.reset();
    }

    mms_reader *first_ = nullptr;
    spare_line *spare_ = nullptr;
    std::shared_ptr<mms_region> region_;
};

} // namespace mmsync

#endif
