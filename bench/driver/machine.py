# SPDX-License-Identifier: Apache-2.0
"""Describe the machine that the figures come from."""

import os
import platform


def read(path, default=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return default


def processor():
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def caches():
    found = []
    base = "/sys/devices/system/cpu/cpu0/cache"
    for index in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        level, kind, size = (read(f"{base}/{index}/{name}") for name in ("level", "type", "size"))
        if level and size and kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found)


def memory():
    for line in read("/proc/meminfo").splitlines():
        if line.startswith("MemTotal"):
            return f"{int(line.split()[1]) / (1 << 20):.1f} GiB"
    return "?"


def memory_free():
    """Bytes that can be had without taking them from anybody."""
    for line in read("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) * 1024
    return 0


def distribution():
    for line in read("/etc/os-release").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.split("=", 1)[1].strip('"')
    return "?"


def bracketed(path):
    text = read(path)
    return text[text.find("[") + 1 : text.find("]")] if "[" in text else text


def describe():
    virtual = " (virtual machine)" if " hypervisor" in read("/proc/cpuinfo") else ""
    return {
        "processor": processor() + virtual,
        "processors used": str(len(os.sched_getaffinity(0))),
        "caches": caches(),
        "memory": memory(),
        "system": f"{distribution()}, {platform.system()} {platform.release()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()),
        "frequency governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "not shown here"),
        "huge pages on tmpfs": bracketed("/sys/kernel/mm/transparent_hugepage/shmem_enabled"),
        "load average at the end": ", ".join(f"{load:.2f}" for load in os.getloadavg()),
    }
