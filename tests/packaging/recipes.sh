#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# packaging/: the RPM spec, the Conan recipe and the vcpkg port have the version of the headers, are
# well-formed, and set options that the build knows. `script/package rpm` and `conan` build with them.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR/packaging"

# ---- RPM ----

grep -qx "Version: *$(version)" rpm/mmsync.spec || fail "rpm/mmsync.spec has another version than $(version)"
if command -v rpmspec >/dev/null; then
    run rpmspec --parse rpm/mmsync.spec >"$tmp/spec"
    while read -r option; do
        grep -qE "(option|set)\($option " ../CMakeLists.txt ../bindings/python/CMakeLists.txt ||
            fail "rpm/mmsync.spec sets $option, which the build does not know"
    done < <(grep -o 'MMSYNC_[A-Z_]*' "$tmp/spec" | sort -u)
else
    echo "skipped: rpmspec, which is not installed"
fi

# ---- vcpkg: the port is run with stand-ins for vcpkg's functions, as far as the configuration ----

cat >"$tmp/run.cmake" <<'end'
cmake_minimum_required(VERSION 3.21)
function(vcpkg_check_features)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_FEATURE_OPTIONS" "FEATURES")
    list(GET arg_FEATURES 0 feature)
    list(GET arg_FEATURES 1 option)
    if(feature IN_LIST FEATURES)
        set(${arg_OUT_FEATURE_OPTIONS} -D${option}=ON PARENT_SCOPE)
    else()
        set(${arg_OUT_FEATURE_OPTIONS} -D${option}=OFF PARENT_SCOPE)
    endif()
endfunction()

function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${BUILD} ${arg_OPTIONS} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(name vcpkg_cmake_install vcpkg_cmake_config_fixup vcpkg_fixup_pkgconfig vcpkg_copy_tools vcpkg_install_copyright)
    cmake_language(EVAL CODE "macro(${name})\nmessage(STATUS \"${name} \${ARGN}\")\nendmacro()")
endforeach()
include(${PORT}/portfile.cmake)
end
port=$PWD/vcpkg/mmsync
for features in "" tool; do
    "$CMAKE" -DPORT="$port" -DFEATURES="$features" -DBUILD="$tmp/build$features" -DCURRENT_PACKAGES_DIR="$tmp/packages" \
        -P "$tmp/run.cmake" >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail "the port does not configure"; }
    grep 'vcpkg_copy_tools TOOL_NAMES' "$tmp/log" || fail "the port does not get to its end: $(<"$tmp/log")"
    ! grep -A 5 'not used by the project' "$tmp/log" || fail "the port sets what the build does not know"
    want=OFF
    [ -z "$features" ] || want=ON
    grep -q "MMSYNC_BUILD_CLI:BOOL=$want" "$tmp/build$features/CMakeCache.txt" || fail "the feature '$features' has no effect"
done

command -v python3 >/dev/null || { echo "skipped: JSON and Python, as there is no python3"; exit 0; }
run python3 - "$(version)" <<'end'
import ast, json, pathlib, sys
port = json.loads(pathlib.Path("vcpkg/mmsync/vcpkg.json").read_text())
assert port["version"] == sys.argv[1], f"vcpkg.json has version {port['version']}"
assert "xxhash" in port["dependencies"] and port["features"]["tool"]["dependencies"] == ["jansson"]
for recipe in pathlib.Path("conan").rglob("conanfile.py"):
    ast.parse(recipe.read_text(), recipe)
end
