# SPDX-License-Identifier: Apache-2.0
"""Build the harness and the contestants in build/bench, and report what could not be built."""

import os
import re
import shutil
import subprocess

from contestants import ALL

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "bench")


class BuildError(Exception):
    pass


def run(command, log, **options):
    """Run a command with its output in a log; if it fails, the end of the log says why."""
    with open(log, "w", encoding="utf-8") as file:
        code = subprocess.call(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **options)
    if code != 0:
        with open(log, encoding="utf-8", errors="replace") as file:
            tail = [line.strip() for line in file if line.strip()][-8:]
        errors = [line for line in tail if "error" in line.lower()] or tail[-1:]
        raise BuildError(
            f"{' '.join(command[:3])} failed ({errors[0] if errors else 'no output'}); all of it is in {log}"
        )


def build_c(directory, tree):
    os.makedirs(directory, exist_ok=True)
    run(
        [
            "cmake",
            "-S",
            os.path.join(ROOT, "bench"),
            "-B",
            directory,
            "-G",
            "Ninja",
            f"-DMMSYNC_ROOT={tree}",
            "-DCMAKE_BUILD_TYPE=Release",
        ],
        os.path.join(directory, "configure.log"),
    )
    run(["cmake", "--build", directory], os.path.join(directory, "build.log"))
    return os.path.join(directory, "bench")


def build_crate(name, plugins):
    source = os.path.join(ROOT, "bench", "rust", name)
    target = os.path.join(BUILD, "cargo")
    environment = dict(os.environ, CARGO_TARGET_DIR=target)
    run(
        ["cargo", "build", "--release", "--manifest-path", os.path.join(source, "Cargo.toml")],
        os.path.join(BUILD, f"cargo-{name}.log"),
        env=environment,
    )
    library = os.path.join(target, "release", f"libbench_{name.replace('-', '_')}.so")
    shutil.copyfile(library, os.path.join(plugins, name + ".so"))


def build_all(say):
    """The plugins' directory, and the reason for each contestant that is missing."""
    missing = {}
    say("building the harness, mmsync and the contestants in C")
    plugins = build_c(BUILD, ROOT)
    for contestant in ALL:
        if contestant.crate:
            try:
                if not shutil.which("cargo"):
                    raise BuildError("there is no cargo; install Rust (rustup.rs) and run again")
                say(f"building {contestant.name} with cargo")
                build_crate(contestant.crate, plugins)
            except BuildError as error:
                missing[contestant.name] = str(error)
    return plugins, missing | find_missing(plugins, missing)


def find_missing(plugins, known=()):
    reasons = {}
    for contestant in ALL:
        if contestant.name in known or os.path.exists(os.path.join(plugins, contestant.file)):
            continue
        if contestant.package:
            reasons[contestant.name] = f"not built: the package {contestant.package} is not installed"
        elif contestant.crate:
            reasons[contestant.name] = "not built: this run uses what was built before, without cargo"
        else:
            reasons[contestant.name] = "not built"
    return reasons


def git(*words, tree=ROOT):
    done = subprocess.run(["git", "-C", tree, *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def build_base(base, say):
    """The plugins' directory of another commit's library in this tree's harness."""
    commit = git("rev-parse", "--verify", "--quiet", base + "^{commit}")
    if not commit:
        raise BuildError(f"--compare {base}: git knows no such commit")
    tree = os.path.join(BUILD, "base-" + commit[:12])
    if not os.path.exists(os.path.join(tree, "include", "mmsync.h")):
        git("worktree", "prune")
        if os.path.isdir(tree):
            shutil.rmtree(tree)
        run(["git", "-C", ROOT, "worktree", "add", "--detach", tree, commit], os.path.join(BUILD, "worktree.log"))
    say(f"building mmsync of {commit[:12]}")
    return build_c(os.path.join(BUILD, "base-build-" + commit[:12]), tree), commit


def tool_versions():
    commands = {
        "gcc": ["gcc", "--version"],
        "rustc": ["rustc", "--version"],
        "gnuplot": ["gnuplot", "--version"],
        "strace": ["strace", "--version"],
        "cmake": ["cmake", "--version"],
    }
    found = {}
    for name, command in commands.items():
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            line = (done.stdout or done.stderr).splitlines()
            found[name] = re.sub(r"\s+", " ", line[0]).strip() if line else "?"
    return found
