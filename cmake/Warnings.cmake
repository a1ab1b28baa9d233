# SPDX-License-Identifier: Apache-2.0
# All code of the project is free of these; -DCMAKE_COMPILE_WARNING_AS_ERROR=ON holds it to that.
add_library(mmsync_warnings INTERFACE)
target_compile_options(mmsync_warnings INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wcast-qual -Wpointer-arith -Wundef -Wwrite-strings -Wvla)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(mmsync_warnings INTERFACE -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
endif()
