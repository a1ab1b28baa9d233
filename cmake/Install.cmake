# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where. The pkg-config file and the CMake package find everything relative to themselves, so a
# prefix may be chosen at installation and moved afterwards.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mmsync)

install(TARGETS mmsync mmsync_static EXPORT mmsyncTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(MMSYNC_BUILD_MMSC)
    install(TARGETS mmsc EXPORT mmsyncTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    install(FILES man/mmsc.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(DIRECTORY man/man3/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 FILES_MATCHING PATTERN "*.3")
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
if(MMSYNC_HAVE_PROBES)
    install(DIRECTORY share/bpftrace DESTINATION ${CMAKE_INSTALL_DATADIR}/mmsync FILES_MATCHING PATTERN "*.bt")
endif()
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(MMSYNC_BUILD_CLI)
    install(TARGETS mmsync_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(relay_FOUND)
        install(TARGETS mmsync_relay RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/mmsync)
        install(FILES share/systemd/mmsync-push@.service share/systemd/mmsync-follow@.service DESTINATION lib/systemd/system)
    endif()
    install(FILES man/mmsync.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES share/prometheus/mmsync.rules.yml DESTINATION ${CMAKE_INSTALL_DATADIR}/mmsync)
    # Units name the tool without a directory, as systemd looks for it in /usr/local/bin and /usr/bin.
    install(FILES share/systemd/mmsync-publish@.service share/systemd/mmsync-publish@.path share/systemd/mmsync-exporter.service
        share/systemd/mmsync-recover@.service DESTINATION lib/systemd/system)
    install(FILES share/systemd/sysusers.conf share/systemd/tmpfiles.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/mmsync/systemd)
    install(FILES share/grafana/mmsync.json DESTINATION ${CMAKE_INSTALL_DATADIR}/mmsync/grafana)
    if(TARGET mmsync_top)
        install(TARGETS mmsync_top RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/mmsync)
    endif()
    install(FILES completion/mmsync.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME mmsync)
    install(FILES completion/_mmsync DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
    install(FILES completion/mmsync.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# Names with a :: in them, so that a target that is missing is an error and not a library to search for.
install(EXPORT mmsyncTargets NAMESPACE mmsync:: DESTINATION ${package_dir})
configure_package_config_file(cmake/mmsyncConfig.cmake.in mmsyncConfig.cmake INSTALL_DESTINATION ${package_dir})
# 0.x promises nothing from one minor version to the next.
write_basic_package_version_file(mmsyncConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mmsyncConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/mmsyncConfigVersion.cmake
    cmake/MmscGenerate.cmake DESTINATION ${package_dir})

set(pc_prefix ${CMAKE_INSTALL_PREFIX})
foreach(dir LIBDIR INCLUDEDIR)
    set(pc_${dir} ${CMAKE_INSTALL_${dir}})
    if(NOT IS_ABSOLUTE ${pc_${dir}})
        set(pc_${dir} "\${prefix}/${pc_${dir}}")
    endif()
endforeach()
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" up ${up})
    set(pc_prefix "\${pcfiledir}/${up}")
endif()
configure_file(cmake/mmsync.pc.in mmsync.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mmsync.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Where the loader looks by a cache, programs would not find the library before the cache knows it.
install(CODE [[
    if(NOT DEFINED ENV{DESTDIR} AND CMAKE_INSTALL_PREFIX MATCHES "^/usr(/local)?/*$")
        execute_process(COMMAND /sbin/ldconfig RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
        if(failed)
            message(WARNING "ldconfig failed; run it as root before you start programs that use libmmsync.so")
        endif()
    endif()
]])
