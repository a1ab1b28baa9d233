# SPDX-License-Identifier: Apache-2.0
# The library, and the tool if it may be, for a package that carries both.
# A source distribution has a copy of the library's sources (backend.py); the repository is two up.
set(core ${CMAKE_CURRENT_SOURCE_DIR}/core)
if(NOT EXISTS ${core}/CMakeLists.txt)
    cmake_path(SET core NORMALIZE ${CMAKE_CURRENT_SOURCE_DIR}/../..)
endif()

# The tool comes along where it can be linked to nothing but libc.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
    pkg_check_modules(jansson QUIET jansson>=2.10)
    find_library(jansson_archive libjansson.a HINTS ${jansson_LIBDIR})
endif()
set(MMSYNC_BUILD_CLI OFF)
if(jansson_archive)
    set(MMSYNC_BUILD_CLI ON)
    set(MMSYNC_STATIC_CLI ON)
else()
    message(STATUS "no libjansson.a: `python -m mmsync` will run the tool that is installed on the machine")
endif()
set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
add_subdirectory(${core} core EXCLUDE_FROM_ALL)
