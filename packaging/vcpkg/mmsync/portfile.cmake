# SPDX-License-Identifier: Apache-2.0
# mmsync for vcpkg: `vcpkg install mmsync --overlay-ports=packaging/vcpkg`. Its sources are the tree that it is in.
cmake_path(SET SOURCE_PATH NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../..")

vcpkg_check_features(OUT_FEATURE_OPTIONS feature_options
    FEATURES
        tool MMSYNC_BUILD_CLI
)
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${feature_options}
        -DMMSYNC_BUILD_MMSC=ON
        -DMMSYNC_BUILD_TESTS=OFF
        -DMMSYNC_BUILD_EXAMPLES=OFF
        -DMMSYNC_RELAY=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/mmsync)
vcpkg_fixup_pkgconfig()

set(tools mmsc)
if("tool" IN_LIST FEATURES)
    list(APPEND tools mmsync)
endif()
vcpkg_copy_tools(TOOL_NAMES ${tools} AUTO_CLEAN)

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
