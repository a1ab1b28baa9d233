/* SPDX-License-Identifier: Apache-2.0 */
/* Writes that have begun: values that are built in place, and changes of the newest one. */
#ifndef MMSYNC_CXX_PENDING_HPP
#define MMSYNC_CXX_PENDING_HPP

#include <memory>
#include <mmsync/cxx/region.hpp>

namespace mmsync
{

namespace detail
{

struct writer_state {
    explicit writer_state(mms_writer *opened) noexcept : handle(opened)
    {
    }
    writer_state(const writer_state &) = delete;
    writer_state &operator=(const writer_state &) = delete;
    ~writer_state()
    {
        static_cast<void>(mms_writer_close(handle));
    }

    mms_writer *const handle;
    std::uint64_t writes = 0; /* begun, ever */
};

/* A write that has begun. It keeps the writer open, and is aborted unless it was committed. */
class pending
{
  public:
    pending(const pending &) = delete;
    pending &operator=(const pending &) = delete;

    /* Whether it has begun, and was neither committed nor aborted. */
    explicit operator bool() const noexcept
    {
        return state_ != nullptr;
    }

    /* Give it up; nothing is published. */
    void abort() noexcept
    {
        /* Not what a later object has begun, after this one's commit failed. */
        if (state_ && state_->writes == number_)
            static_cast<void>(mms_write_abort(state_->handle));
        forget();
    }

    /* The type of this value, instead of the writer's. `schema` must be there until the commit. */
    void set_type(const std::array<std::uint64_t, 2> &id, std::string_view schema, on_error report MMSYNC_OR_THROW)
    {
        report(mms_write_set_type(native_handle(), id.data(), schema.data(), schema.size()));
    }

    /* The tag of this value, instead of the writer's. */
    void set_tag(std::uint64_t tag, on_error report MMSYNC_OR_THROW)
    {
        report(mms_write_set_tag(native_handle(), tag));
    }

    mms_writer *native_handle() const noexcept
    {
        return state_ ? state_->handle : nullptr;
    }

  protected:
    pending() noexcept = default;
    pending(pending &&other) noexcept
        : state_(std::move(other.state_)), memory_(std::exchange(other.memory_, nullptr)),
          room_(std::exchange(other.room_, 0)), number_(other.number_)
    {
    }
    pending &operator=(pending &&other) noexcept
    {
        if (this != &other) {
            abort();
            state_ = std::move(other.state_);
            memory_ = std::exchange(other.memory_, nullptr);
            room_ = std::exchange(other.room_, 0);
            number_ = other.number_;
        }
        return *this;
    }
    ~pending()
    {
        abort();
    }

    void begun(const std::shared_ptr<writer_state> &state, void *memory, std::size_t room) noexcept
    {
        state_ = state;
        number_ = ++state_->writes;
        memory_ = memory;
        room_ = room;
    }

    receipt finish(std::size_t size, const on_error &report)
    {
        receipt out = {};
        const int code = mms_write_commit(native_handle(), size, &out);

        if (code == 0)
            forget();
        report(code);
        return out;
    }

    /* Its memory is the readers' after a commit. */
    void forget() noexcept
    {
        state_.reset();
        memory_ = nullptr;
        room_ = 0;
    }

    void make_room(std::size_t capacity, const on_error &report)
    {
        if (report(mms_write_grow(native_handle(), capacity, &memory_)))
            room_ = capacity > room_ ? capacity : room_;
    }

    std::shared_ptr<writer_state> state_;
    void *memory_ = nullptr;
    std::size_t room_ = 0;
    std::uint64_t number_ = 0;
};

} // namespace detail

/* A value that is built in place: writer::build. */
class build : public detail::pending
{
  public:
    build() noexcept = default;
    build(build &&) noexcept = default;
    build &operator=(build &&) noexcept = default;

    /* All of the room, aligned to 64, of undefined content. */
    buffer bytes() const noexcept
    {
        return buffer(memory_, room_);
    }
    std::byte *data() const noexcept
    {
        return bytes().data();
    }
    std::size_t capacity() const noexcept
    {
        return room_;
    }
    template <typename T> span<T> as() const noexcept
    {
        return bytes().template as<T>();
    }
    /* Get more room. Use bytes() anew. */
    void grow(std::size_t capacity, on_error report MMSYNC_OR_THROW)
    {
        make_room(capacity, report);
    }
    /* Publish the first `size` bytes. After an error it is still there, to commit again. */
    receipt commit(std::size_t size, on_error report MMSYNC_OR_THROW)
    {
        return finish(size, report);
    }

  private:
    friend class writer;
};

/* A change of the newest value: writer::update. Report every byte that you change, by touch or
   patch, unless the writer tracks changes (mms_write_update says more). */
class update : public detail::pending
{
  public:
    update() noexcept = default;
    update(update &&other) noexcept = default;
    update &operator=(update &&other) noexcept = default;

    /* The value. */
    buffer bytes() const noexcept
    {
        return buffer(memory_, *this ? size_ : 0);
    }
    std::byte *data() const noexcept
    {
        return bytes().data();
    }
    std::size_t size() const noexcept
    {
        return bytes().size();
    }
    template <typename T> span<T> as() const noexcept
    {
        return bytes().template as<T>();
    }
    /* The value and the room behind it. */
    buffer room() const noexcept
    {
        return buffer(memory_, room_);
    }
    void grow(std::size_t capacity, on_error report MMSYNC_OR_THROW)
    {
        make_room(capacity, report);
    }

    void touch(std::size_t offset, std::size_t length, on_error report MMSYNC_OR_THROW)
    {
        report(mms_write_touch(native_handle(), offset, length));
    }
    /* Copy bytes to a place, and touch that. */
    void patch(std::size_t offset, bytes_view bytes, on_error report MMSYNC_OR_THROW)
    {
        report(mms_write_patch(native_handle(), offset, bytes.data(), bytes.size()));
    }

    /* Publish as many bytes as there were, or the first `size`. After an error it is still there. */
    receipt commit(on_error report MMSYNC_OR_THROW)
    {
        return finish(size_, report);
    }
    receipt commit(std::size_t size, on_error report MMSYNC_OR_THROW)
    {
        return finish(size, report);
    }

  private:
    friend class writer;
    std::size_t size_ = 0;
};

/* A change of a typed value by the setters that mmsc generates: writer::update<T>. */
template <typename T> class typed_update : public detail::pending
{
  public:
    typed_update() noexcept = default;
    typed_update(typed_update &&) noexcept = default;
    typed_update &operator=(typed_update &&) noexcept = default;

    /* The newest value, to find what to change. */
    const detail::archived<T> *get() const noexcept
    {
        return static_cast<const detail::archived<T> *>(memory_);
    }
    const detail::archived<T> *operator->() const noexcept
    {
        MMSYNC_ASSERT(memory_);
        return get();
    }

    /* update.set(Board_set_revision, update.get(), 7) calls that setter of mmsc's. */
#if MMSYNC_HAS_EXCEPTIONS
    template <typename... Parameters>
    void set(int (*setter)(mms_writer *, Parameters...), detail::as_is<Parameters>... arguments)
    {
        detail::check(setter(native_handle(), arguments...));
    }
#endif
    template <typename... Parameters>
    void set(std::error_code &code, int (*setter)(mms_writer *, Parameters...), detail::as_is<Parameters>... arguments)
    {
        detail::store(setter(native_handle(), arguments...), code);
    }

    receipt commit(on_error report MMSYNC_OR_THROW)
    {
        return finish(room_, report);
    }

  private:
    friend class writer;
};

} // namespace mmsync

#endif
