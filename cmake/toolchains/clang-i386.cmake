# SPDX-License-Identifier: Apache-2.0
# 32-bit x86 by clang, with the C library, headers and linker that i386.cmake names. Debian: clang-14 and those packages
include(${CMAKE_CURRENT_LIST_DIR}/i386.cmake)
set(CMAKE_C_COMPILER clang-14)
set(CMAKE_C_COMPILER_TARGET i686-linux-gnu)
set(CMAKE_C_FLAGS_INIT "-isystem /usr/i686-linux-gnu/include")
