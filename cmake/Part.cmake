# SPDX-License-Identifier: Apache-2.0
# What every part of the library is compiled with.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Alone in a directory: beside it are the headers of this machine, and the library may be compiled for another.
configure_file(${XXHASH_INCLUDE_DIR}/xxhash.h ${PROJECT_BINARY_DIR}/xxhash/xxhash.h COPYONLY)

# To see the inside of the library, as its parts do, and tests.
add_library(mmsync_inside INTERFACE)
target_compile_definitions(mmsync_inside INTERFACE
    _GNU_SOURCE _FILE_OFFSET_BITS=64 $<$<BOOL:${MMSYNC_HAVE_PROBES}>:MMS__HAVE_SDT>)
target_include_directories(mmsync_inside INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_include_directories(mmsync_inside SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/xxhash)
target_link_libraries(mmsync_inside INTERFACE mmsync_warnings Threads::Threads)

# mmsync_part(NAME OBJECT|STATIC source...)
function(mmsync_part name type)
    add_library(${name} ${type} ${ARGN})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
    target_link_libraries(${name} PUBLIC mmsync_inside)
endfunction()
