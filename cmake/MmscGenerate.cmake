# SPDX-License-Identifier: Apache-2.0
# mmsc_generate(TARGET SCHEMA... [PREFIX text] [OFFSETS 32|64] [CFG condition...])
#
# Where programs of the machine compiled for do not run, set MMSYNC_MMSC to the path of an mmsc that does.
#
# Compile schemas with mmsc when they change, add the C that comes out to TARGET, and let it include the headers: x.rs gives
# x.h. TARGET must be linked to mmsync::mmsync or mmsync::mmsync_static.
#
# What comes out is C. A project of C++ alone gets its C compiler here; CMake cannot do that from within a function.
macro(mmsc_generate target)
    if(NOT CMAKE_C_COMPILER_LOADED)
        if(CMAKE_CURRENT_FUNCTION)
            message(FATAL_ERROR "mmsc_generate(${target}): the C compiler must be known in this directory; "
                                "write project(... LANGUAGES C CXX)")
        endif()
        enable_language(C)
    endif()
    mmsync_generate_sources(${ARGV})
endmacro()

function(mmsync_generate_sources target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "PREFIX;OFFSETS" "CFG")
    if(NOT TARGET ${target})
        message(FATAL_ERROR "mmsc_generate: there is no target ${target}")
    endif()
    if(NOT TARGET mmsync::mmsc)
        message(FATAL_ERROR "mmsc_generate(${target}): this mmsync was installed without mmsc; "
                            "build it with -DMMSYNC_BUILD_MMSC=ON")
    endif()
    if(NOT arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "mmsc_generate(${target}): give a schema")
    endif()
    set(options "")
    if(arg_PREFIX)
        list(APPEND options --prefix ${arg_PREFIX})
    endif()
    if(arg_OFFSETS)
        list(APPEND options --offsets ${arg_OFFSETS})
    endif()
    foreach(condition IN LISTS arg_CFG)
        list(APPEND options --cfg ${condition})
    endforeach()
    set(mmsc mmsync::mmsc)
    if(MMSYNC_MMSC)
        set(mmsc ${MMSYNC_MMSC})
    elseif(CMAKE_CROSSCOMPILING AND TARGET mmsc)
        set(mmsc mmsc) # by its own name, CMake runs it under the emulator, if there is one
    endif()
    set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target}.mmsc)
    file(MAKE_DIRECTORY ${directory})
    foreach(schema IN LISTS arg_UNPARSED_ARGUMENTS)
        cmake_path(ABSOLUTE_PATH schema BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
        cmake_path(GET schema STEM LAST_ONLY stem)
        add_custom_command(
            OUTPUT ${directory}/${stem}.h ${directory}/${stem}.c
            COMMAND ${mmsc} ${options} -o ${directory} ${schema}
            DEPENDS ${schema} ${mmsc}
            COMMENT "mmsc ${stem}.rs" VERBATIM)
        target_sources(${target} PRIVATE ${directory}/${stem}.h ${directory}/${stem}.c)
    endforeach()
    # For #include "x.h" alone, as x may be the name of a system's header: features.h is one of glibc's.
    # One word, as SHELL: would take a space in the path for the end of it.
    target_compile_options(${target} PUBLIC "$<BUILD_INTERFACE:-iquote${directory}>")
    target_compile_features(${target} PRIVATE c_std_11)
endfunction()
