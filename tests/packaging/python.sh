#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Python package builds from its source distribution, and passes its own tests in a fresh venv.
. "$(dirname "$0")/common.sh"
package=$MMSYNC_SOURCE_DIR/bindings/python

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

# The system's own: with it comes what script/setup installs.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3) || skip "no python3; script/setup python installs it"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip "$python is older than 3.11"
include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -e "$include/Python.h" ] || skip "no Python.h; script/setup python installs it"
"$python" -m venv "$tmp/venv" >"$tmp/log" 2>&1 || skip "$python cannot make a venv; script/setup python installs what it needs"

pip=("$tmp/venv/bin/pip" --quiet --disable-pip-version-check)
"${pip[@]}" install build scikit-build-core pytest numpy mypy safetensors >"$tmp/log" 2>&1 ||
    skip "pip cannot install scikit-build-core, build, pytest, numpy, mypy and safetensors: $(tail -n 1 "$tmp/log")"
# Their tests are skipped where they are not. script/python-ecosystem asks for all of them.
optional=(pyarrow lmdb)
[ -z "${MMSYNC_PYTHON_ECOSYSTEM:-}" ] || optional+=(polars duckdb pandas ml_dtypes jax matplotlib auditwheel abi3audit)
for name in "${optional[@]}"; do
    "${pip[@]}" install "$name" >"$tmp/log" 2>&1 || printf 'without %s: %s\n' "$name" "$(tail -n 1 "$tmp/log")"
done

# As `python -m build` does: a source distribution, and the wheel from that.
"$tmp/venv/bin/python" -m build --no-isolation --outdir "$tmp/dist" \
    --config-setting=cmake.define.CMAKE_COMPILE_WARNING_AS_ERROR=ON "$package" >"$tmp/log" 2>&1 || {
    cat "$tmp/log"
    fail "python -m build $package"
}
wheels=("$tmp"/dist/*.whl)
printf '%s\n' "${wheels[@]##*/}"
[[ ${wheels[*]} == *"/mmsync-$(version)-cp311-abi3-linux_"*.whl ]] || fail "not the one wheel for 3.11 and newer: ${wheels[*]}"
run "${pip[@]}" install "${wheels[@]}"

# The wheel needs libc alone, and keeps to the stable ABI that its name promises.
if [ -x "$tmp/venv/bin/auditwheel" ]; then
    run "$tmp/venv/bin/auditwheel" show "${wheels[0]}" >"$tmp/log"
    cat "$tmp/log"
    grep -q manylinux "$tmp/log" || fail "auditwheel knows no manylinux tag for the wheel"
fi
[ ! -x "$tmp/venv/bin/abi3audit" ] || run "$tmp/venv/bin/abi3audit" --strict --verbose "${wheels[0]}"

# The benchmark runs, with whatever contestants there are.
[ ! -e /dev/shm ] || PYTHONDONTWRITEBYTECODE=1 run "$tmp/venv/bin/python" "$package/bench/main.py" --tiny >"$tmp/bench" || {
    cat "$tmp/bench"
    fail "the benchmark of the Python package"
}

# Not beside the sources, where `import mmsync` would find those.
cd "$tmp"
PYTHONDONTWRITEBYTECODE=1 run "$tmp/venv/bin/python" -m pytest -c "$package/pyproject.toml" "$package/tests"
