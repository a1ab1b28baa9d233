/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting in an event loop. */
#ifndef MMSYNC_CXX_WAIT_FD_HPP
#define MMSYNC_CXX_WAIT_FD_HPP

#include <mmsync/cxx/region.hpp>
#include <mmsync/wait_fd.h>
#include <utility>

namespace mmsync
{

/* A descriptor that is readable while the newest generation is not the one that was acknowledged
   last (mmsync/wait_fd.h). It keeps its region open. Take it out of the event loop before it is
   destroyed. */
class wait_fd
{
  public:
    wait_fd() noexcept = default;
    explicit wait_fd(const region &of, on_error report MMSYNC_OR_THROW) : region_(of.handle_)
    {
        if (!report(mms_wait_fd(region_.get(), &fd_)))
            region_.reset();
    }
    wait_fd(wait_fd &&other) noexcept : region_(std::move(other.region_)), fd_(std::exchange(other.fd_, -1))
    {
    }
    wait_fd &operator=(wait_fd &&other) noexcept
    {
        wait_fd moved(std::move(other));

        std::swap(region_, moved.region_);
        std::swap(fd_, moved.fd_);
        return *this;
    }
    wait_fd(const wait_fd &) = delete;
    wait_fd &operator=(const wait_fd &) = delete;
    ~wait_fd()
    {
        if (fd_ >= 0)
            (void)mms_wait_fd_close(region_.get(), fd_);
    }

    explicit operator bool() const noexcept
    {
        return fd_ >= 0;
    }
    /* For epoll and the like; -1: none. Do not read from it, and do not close it. */
    int native_handle() const noexcept
    {
        return fd_;
    }
    /* Acknowledge the newest generation and return it; 0: there is no value yet. errc::gone: the
       region was removed, and the descriptor stays readable. */
    std::uint64_t acknowledge(on_error report MMSYNC_OR_THROW) const
    {
        std::uint64_t generation = 0;

        report(mms_wait_fd_ack(region_.get(), fd_, &generation));
        return generation;
    }

  private:
    std::shared_ptr<mms_region> region_;
    int fd_ = -1;
};

} // namespace mmsync

#endif
