#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compare mmsync's archives with those of the crate that defines their layout, rkyv 0.7: the same
# values, the same bytes, taking turns on one machine.
# Usage: run.sh [--instructions] [--rounds N] BUILD [CASE...]
#
#   BUILD            a directory with bin/mmsc and src/libmmsync.so, built for release
#   --rounds N       runs of each side, taking turns; the medians are shown (9)
#   --instructions   count instructions under valgrind instead: the same on a busy machine
#
# Ratios are C over Rust: below 1, C is faster. Needs cargo and the crates.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
rounds=9 instructions=
while [[ ${1-} == --* ]]; do
    case $1 in
    --rounds) rounds=${2:?--rounds needs a number} && shift ;;
    --instructions) instructions=yes ;;
    *) sed -n '3,${/^#/!q; s/^# \{0,1\}//p}' "$0" && exit 2 ;;
    esac
    shift
done
need() {
    command -v "$1" >/dev/null || { echo "run.sh: $1 is missing: apt install $1" >&2 && exit 1; }
}
need cargo
[[ -z $instructions ]] || need valgrind
build=$(realpath "${1:?usage: run.sh [--instructions] [--rounds N] BUILD [CASE...]}")
shift
work=$build/bench-archive
for file in bin/mmsc src/libmmsync.so; do
    [[ -e $build/$file ]] || { echo "run.sh: there is no $build/$file: cmake --build it first" >&2 && exit 1; }
done

# case: times, and what one of them is
declare -A times=(
    [hello-serialize]=1000000 [hello-check]=1000000
    [table-serialize]=8 [table-check]=30 [table-find]=2000000
    [directory-serialize]=8 [directory-check]=20 [directory-find]=2000000
    [read-plain]=5000000 [read-checked]=5000000 [read-unchecked]=5000000)
pairs=(hello-serialize hello-check table-serialize table-check table-find directory-serialize directory-check directory-find)
reads=(read-plain read-checked read-unchecked)
if (($#)); then
    pairs=("$@") reads=()
fi

make_both() {
    mkdir -p "$work"
    "$build/bin/mmsc" -o "$work" "$here/pairs.rs"
    ${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -g -iquote "$work" -I "$here/../../include" "$here/pairs.c" "$work/pairs.c" \
        -L "$build/src" -lmmsync -Wl,-rpath,"$build/src" -o "$work/pairs"
    CARGO_TARGET_DIR=$work/target cargo build --quiet --release --manifest-path "$here/Cargo.toml"
    c=$work/pairs rust=$work/target/release/archive_pairs
}

# count PROGRAM CASE TIMES: all instructions of a run
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
        sed -nE 's/.*Collected : ([0-9]+).*/\1/p'
}

# Twice the times cost twice as much, but for what is done once.
measure() {
    local few=$((times[$2] / 10 > 2 ? times[$2] / 10 : 2)) # so many that Rust's random hash seeds do not matter
    if [[ $instructions ]]; then
        echo $((($(count "$1" "$2" $((2 * few))) - $(count "$1" "$2" $few)) / few))
    else
        "$1" "$2" "${times[$2]}" | cut -d' ' -f1
    fi
}

median() {
    sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# Both sides must make the same bytes, and find the same keys.
compare() {
    local a b
    a=$("$c" "$1" 2 | cut -d' ' -f2) b=$("$rust" "$1" 2 | cut -d' ' -f2)
    [[ $a == "$b" ]] || { echo "run.sh: the sides differ in $1: $a and $b" >&2 && exit 1; }
}

row() {
    awk -v name="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%-22s %14.1f %14.1f %8.2f\n", name, a, b, a / b }'
}

run_pair() {
    local a=() b=()
    compare "$1"
    for ((i = 0; i < rounds; i++)); do
        a+=("$(measure "$c" "$1")") b+=("$(measure "$rust" "$1")")
    done
    row "$1" "$(printf '%s\n' "${a[@]}" | median)" "$(printf '%s\n' "${b[@]}" | median)"
}

# Against mms_read, which knows nothing of types.
run_reads() {
    local name plain
    local -A typed=()
    for ((i = 0; i < rounds; i++)); do
        for name in "${reads[@]}"; do
            typed[$name]+=$(measure "$c" "$name")$'\n'
        done
    done
    plain=$(printf '%s' "${typed[read-plain]}" | median)
    for name in "${reads[@]:1}"; do
        row "$name" "$(printf '%s' "${typed[$name]}" | median)" "$plain"
    done
}

make_both
[[ -z $instructions ]] || rounds=1
unit=$([[ $instructions ]] && echo instructions || echo ns)
printf '%-22s %14s %14s %8s\n' "$unit" mmsync "rkyv 0.7" ratio
for name in "${pairs[@]}"; do
    run_pair "$name"
done
if ((${#reads[@]})); then
    printf '\n%-22s %14s %14s %8s\n' "$unit, read and release" typed mms_read ratio
    run_reads
fi
