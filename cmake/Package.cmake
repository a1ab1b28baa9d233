# SPDX-License-Identifier: Apache-2.0
# `cmake --build BUILD --target package` makes a tar file of what is installed. It may be unpacked anywhere: the tool finds
# its library, and pkg-config and CMake the rest, relative to themselves.
set(CPACK_GENERATOR TGZ)
set(CPACK_PACKAGE_VENDOR "The authors of mmsync")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME mmsync-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
