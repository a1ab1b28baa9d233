# SPDX-License-Identifier: Apache-2.0
# 32-bit x86, which an x86-64 kernel runs without an emulator. Debian: gcc-i686-linux-gnu libc6-dev-i386-cross
# The cross compiler, as gcc-multilib cannot be installed beside those for other machines. Everything is told where the
# loader and its libraries are, since a system without 32-bit packages does not know. As DT_RPATH, not DT_RUNPATH: that
# holds for a program's own libraries alone, and libc itself opens libgcc_s when a thread ends.
set(CMAKE_C_COMPILER i686-linux-gnu-gcc)
set(rpath "-Wl,--disable-new-dtags -Wl,-rpath,/usr/i686-linux-gnu/lib")
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-Wl,--dynamic-linker=/usr/i686-linux-gnu/lib/ld-linux.so.2 ${rpath}")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "${rpath}")
