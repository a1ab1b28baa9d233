/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync for C++17 and later, header only: the calls of mmsync.h as classes that clean up after
   themselves. mmsync.h is the manual of what the calls do; docs/cxx.md has a first program.

     mmsync::writer writer("prices");             the writer: one process
     writer.write(prices);                        a copy of a whole value
     auto update = writer.update();               or a change of it
     update.patch(8, mmsync::bytes_of(price));
     update.commit();

     mmsync::region region("prices");             once per process
     mmsync::reader reader(region);               once per thread
     auto view = reader.read();                   in place, unchanged while `view` exists
     use(view.as<double>());

   Every class can be moved but not copied. A default-constructed object, and one that was moved from,
   is empty: it may be destroyed, assigned to and tested (operator bool), and calls on it give
   errc::invalid.

   Lifetimes: a reader keeps its region open, and a build, update or table its writer. A view does
   not keep its reader, which would make reads slower: end views before their reader.

   Errors: a call throws mmsync::error, a std::system_error whose what() is the C library's detail;
   or it takes a std::error_code as its last argument, and throws only if memory runs out.
   Without exceptions only the latter exist. Waiting, opening a writer and writing are cancellation
   points of pthread_cancel, and therefore never noexcept.

   Threads: a writer and a reader serve one thread at a time, a region all threads.
   fork: objects belong to the process that made them. In a child, calls give errc::forked; objects
   may be destroyed there, which changes nothing for the parent. */
#ifndef MMSYNC_HPP
#define MMSYNC_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "mmsync.hpp needs C++17 or later; mmsync.h works from C++11 on"
#else
#include <mmsync/cxx/inspect.hpp>
#include <mmsync/cxx/range.hpp>
#include <mmsync/cxx/reader.hpp>
#include <mmsync/cxx/region.hpp>
#include <mmsync/cxx/table.hpp>
#include <mmsync/cxx/wait_fd.hpp>
#include <mmsync/cxx/writer.hpp>
#endif

#endif
