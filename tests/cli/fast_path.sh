#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What mms_read, mms_refresh and mms_release compile to in a user's program: no locked instruction,
# no fence, no system call, and no call but the one out of the steady state. And a loop of reads
# keeps its view in registers: nothing is stored on the stack.
source "$(dirname "${BASH_SOURCE[0]}")/support.bash"
: "${MMSYNC_TEST_BIN_DIR:?is to be the directory of the helper programs}"
program=$MMSYNC_TEST_BIN_DIR/fast_path

[[ -z ${MMSYNC_SANITIZE:-} ]] || skip "a sanitizer ($MMSYNC_SANITIZE) adds its own instructions"
command -v objdump >/dev/null || skip "objdump is not installed (package binutils)"
! grep -q __gcov_ "$program" || skip "this build counts what it runs, with locked instructions"
[[ $(uname -m) == x86_64 ]] || skip "the instructions to look for are known for x86_64 alone, and this is $(uname -m)"

instructions() {
    objdump --disassemble="$1" --no-show-raw-insn "$program" | sed -n "/<$1>:/,\$p" | sed 1d | sed '/^$/,$d'
}

for function in fast_read fast_refresh fast_release; do
    code=$(instructions "$function")
    slow=mms__${function#fast_}_slow
    # Without optimisation nothing is inlined.
    if grep -q 'call.*<mms_[^_]' <<<"$code"; then
        skip "this build does not inline (CMAKE_BUILD_TYPE Debug?)"
    fi
    check "$function has instructions" grep -q ret <<<"$code"
    # The compiler may move the call to a cold part, which is another symbol.
    check "$function goes to $slow otherwise" grep -Eq "(j[a-z]+|call) +[0-9a-f]+ <($slow(@plt)?|$function\.cold.*)>" <<<"$code"
    for forbidden in '\block\b' '\bxchg\b.*\(' '\b[mls]fence\b' '\bsyscall\b' "\\bcall\\b.*<(?!$slow)"; do
        if grep -Pq "$forbidden" <<<"$code"; then
            complain "$function has $(grep -P "$forbidden" <<<"$code")"
        fi
    done
    echo "$function: $(wc -l <<<"$code") instructions"
done
stores=$(instructions fast_loop | grep -P 'mov\w* +%(xmm\d+, *(0x\w+)?\(|[^,]*, *(0x\w+)?\(%rsp\))' || true)
[[ -z $stores ]] || complain "fast_loop stores its view: $stores"
check "the slow paths are reached with bad arguments" "$program"
finish
