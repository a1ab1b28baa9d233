# SPDX-License-Identifier: Apache-2.0
# MMSYNC_SANITIZE: the library, the tool, the examples and the tests are all built with it, as one must.
if(NOT MMSYNC_SANITIZE)
    return()
endif()

add_compile_options(-fsanitize=${MMSYNC_SANITIZE} -fno-omit-frame-pointer)
add_link_options(-fsanitize=${MMSYNC_SANITIZE})

if(MMSYNC_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
endif()
if(MMSYNC_SANITIZE MATCHES "thread" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # TSan does not know fences, and gcc warns at each. The orderings that it needs to see are the acquire loads and the
    # release stores beside them.
    add_compile_options(-Wno-tsan)
endif()
