# SPDX-License-Identifier: Apache-2.0
# What the build needs of other packages: all that is missing, said at once, with the names that Debian has for it.
set(missing "")
set(missing_packages "")

find_path(XXHASH_INCLUDE_DIR xxhash.h)
mark_as_advanced(XXHASH_INCLUDE_DIR)
if(NOT XXHASH_INCLUDE_DIR)
    list(APPEND missing "xxhash.h")
    list(APPEND missing_packages libxxhash-dev)
endif()

set(without "")
if(MMSYNC_BUILD_CLI)
    find_package(PkgConfig QUIET)
    if(PKG_CONFIG_FOUND)
        pkg_check_modules(jansson QUIET IMPORTED_TARGET GLOBAL jansson>=2.10)
    else()
        list(APPEND missing "pkg-config")
        list(APPEND missing_packages pkg-config)
    endif()
    if(NOT jansson_FOUND)
        list(APPEND missing "jansson")
        list(APPEND missing_packages libjansson-dev)
        set(without "\n  or leave the command line tool out: -DMMSYNC_BUILD_CLI=OFF")
    endif()
endif()

# Without it the tool's exporter writes files only.
if(MMSYNC_BUILD_CLI AND PKG_CONFIG_FOUND)
    pkg_check_modules(microhttpd QUIET IMPORTED_TARGET GLOBAL libmicrohttpd>=0.9.71)
    if(NOT microhttpd_FOUND)
        message(STATUS "mmsync: no libmicrohttpd (Debian: libmicrohttpd-dev): `mmsync exporter` will not serve HTTP")
    endif()
endif()

# What `mmsync push` and `mmsync follow` are made of. A wheel of Python carries no libraries.
set(relay_FOUND FALSE)
if(MMSYNC_BUILD_CLI AND PKG_CONFIG_FOUND AND NOT MMSYNC_RELAY STREQUAL "OFF" AND NOT MMSYNC_STATIC_CLI)
    pkg_check_modules(nats QUIET IMPORTED_TARGET GLOBAL libnats>=3.4)
    pkg_check_modules(zstd QUIET IMPORTED_TARGET GLOBAL libzstd>=1.4)
    if(nats_FOUND AND zstd_FOUND)
        set(relay_FOUND TRUE)
    elseif(MMSYNC_RELAY STREQUAL "ON")
        list(APPEND missing "libnats 3.4 or libzstd 1.4")
        list(APPEND missing_packages libnats-dev libzstd-dev)
        set(without "\n  or leave `mmsync push` and `mmsync follow` out: -DMMSYNC_RELAY=OFF")
    else()
        message(STATUS "mmsync: no libnats 3.4 or no libzstd 1.4 (Debian: libnats-dev libzstd-dev): "
                       "`mmsync push` and `mmsync follow` will not work")
    endif()
endif()

# `mmsync top` is a program of its own.
if(MMSYNC_BUILD_CLI AND PKG_CONFIG_FOUND AND NOT MMSYNC_STATIC_CLI)
    pkg_check_modules(ncursesw QUIET IMPORTED_TARGET GLOBAL ncursesw)
    if(NOT ncursesw_FOUND)
        message(STATUS "mmsync: no ncurses (Debian: libncurses-dev): there will be no `mmsync top`")
    endif()
endif()

# A header alone, and nothing at run time. The compiler has to find it, which may compile for another machine.
set(MMSYNC_HAVE_PROBES FALSE)
if(NOT MMSYNC_PROBES STREQUAL "OFF")
    include(CheckIncludeFile)
    check_include_file(sys/sdt.h MMSYNC_HAVE_SDT_H)
    if(MMSYNC_HAVE_SDT_H)
        set(MMSYNC_HAVE_PROBES TRUE)
    elseif(MMSYNC_PROBES STREQUAL "ON")
        list(APPEND missing "sys/sdt.h")
        list(APPEND missing_packages systemtap-sdt-dev)
        string(APPEND without "\n  or leave the probes for tracers out: -DMMSYNC_PROBES=OFF")
    else()
        message(STATUS "mmsync: no sys/sdt.h (Debian: systemtap-sdt-dev): the library will have no probes for tracers")
    endif()
endif()

if(missing)
    list(JOIN missing " and " missing)
    list(JOIN missing_packages " " missing_packages)
    # Lines that begin with a space are not broken.
    message(FATAL_ERROR "mmsync: ${missing} missing\n"
                        "  Debian: apt install ${missing_packages} (script/setup build does that)${without}")
endif()
