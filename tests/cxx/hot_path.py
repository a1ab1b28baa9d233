# SPDX-License-Identifier: Apache-2.0
"""What a loop of reads by mmsync.hpp costs, in instructions: hardly more than the same loop in C,
no call, and nothing stored on the stack.

C has the handle in a register, where a reader's must be loaded and compared with null: three
instructions with gcc. clang adds up to three more to a typed read.

hot_path.py PROGRAM: PROGRAM is what loops.cc was compiled to."""
import collections
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

# A loop in C, the same by mmsync.hpp, and how many more instructions these may have.
LOOPS = (("loop_in_c", ("loop_throwing", "loop_with_code"), 3),
         ("loop_typed_in_c", ("loop_typed",), 6))


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def instructions(program, function):
    """The code of a function: a list of (address, text), in order."""
    out = subprocess.run(["objdump", f"--disassemble={function}", "--no-show-raw-insn", program],
                         check=True, capture_output=True, text=True).stdout
    found = re.finditer(r"^ +([0-9a-f]+):\t(.*)$", out, re.M)
    return [(int(m[1], 16), m[2].strip()) for m in found]


def successors(code):
    """For each instruction, the indices of those that may be next. None after a call."""
    index = {address: i for i, (address, _) in enumerate(code)}
    for i, (_, text) in enumerate(code):
        jump = re.match(r"(j\w+) +([0-9a-f]+)", text)
        following = []
        if jump and int(jump[2], 16) in index:
            following.append(index[int(jump[2], 16)])
        if not re.match(r"jmp|ret|call|ud2", text) and i + 1 < len(code):
            following.append(i + 1)
        yield following


def steady_state(program, function):
    """The shortest way from the store that releases a value to itself, without a call."""
    code = instructions(program, function)
    following = list(successors(code))
    releases = re.compile(r"movq +\$0x0,\(%r\w+\)$")
    for start in (i for i, (_, text) in enumerate(code) if releases.match(text)):
        before, queue = {}, collections.deque([start])
        while queue and start not in before:
            at = queue.popleft()
            for to in following[at]:
                if to not in before:
                    before[to] = at
                    queue.append(to)
        if start in before:
            way, at = [start], before[start]
            while at != start:
                way.append(at)
                at = before[at]
            return [code[i][1] for i in reversed(way) if "nop" not in code[i][1]]
    sys.exit(f"{function} has no loop without a call:\n" + "\n".join(text for _, text in code))


def main(program):
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([program, os.path.join(scratch, "region")], check=True)
    if platform.machine() != "x86_64":
        skip("the instructions to look for are known for x86_64 alone, and this is "
             + platform.machine())
    if not shutil.which("objdump"):
        skip("objdump is not installed (package binutils)")
    if any(re.search(r"call.*<mms_read", text) for _, text in instructions(program, "loop_in_c")):
        skip("this build does not inline (CMAKE_BUILD_TYPE Debug?)")
    bad = 0
    for base, others, more in LOOPS:
        in_c = len(steady_state(program, base))
        print(f"{base}: {in_c} instructions")
        for function in others:
            way = steady_state(program, function)
            stored = [text for text in way if re.search(r"mov\w* .*,(0x\w+)?\(%rsp\)$", text)]
            print(f"{function}: {len(way)} instructions")
            if len(way) > in_c + more or stored:
                print("\n".join(way))
                bad = 1
    return bad


sys.exit(main(sys.argv[1]))
