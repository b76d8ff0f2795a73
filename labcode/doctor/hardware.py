"""The machine itself: processor, memory, disk, GPU, and programs that the book calls."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from labcode.doctor.finding import MISSING, NOTE, OK, Finding, Machine, size

MEMORY = 2 * 2**30
"""Bytes: the largest notebook met peaked at 1.15 GiB, and the build runs beside it."""

DISK = 5 * 2**30
"""Bytes: the environment without CUDA measured 3.9 GiB, decoded Tiny ImageNet 1.4 GB."""

DRIVERS = {12: 525, 13: 580}
"""CUDA's major version -> the oldest driver for it (NVIDIA, "Minor Version Compatibility")."""

BFLOAT16 = {"amx_bf16": "matrices", "avx512_bf16": "vectors", "bf16": "vectors, ARM's"}
"""Flags of /proc/cpuinfo for arithmetic in bfloat16."""


def processor(machine: Machine) -> Iterator[Finding]:
    """Name, cores, and whether there are instructions for bfloat16."""
    text = machine.read("cpuinfo")
    if not text:
        yield Finding(NOTE, "processor", "the system does not tell (no /proc/cpuinfo)")
        return
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    cores = len(re.findall(r"^processor\s*:", text, re.MULTILINE))
    yield Finding(OK, "processor", f"{name[1].strip() if name else 'unnamed'}, {cores} cores")
    line = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    flags = line[1].split() if line else []
    have = [f"{flag} ({what})" for flag, what in BFLOAT16.items() if flag in flags]
    if have:
        yield Finding(OK, "bfloat16", f"the processor has {', '.join(have)}")
    else:
        yield Finding(NOTE, "bfloat16", "no instructions for it: on this processor it is emulated "
                      "and slower than float32, which both profiles use")  # fmt: skip


def memory(machine: Machine) -> Finding:
    """Available memory, which a container's limit may make less."""
    found = re.search(r"^MemAvailable:\s*(\d+) kB", machine.read("meminfo"), re.MULTILINE)
    if not found:
        return Finding(NOTE, "memory", "the system does not tell (no /proc/meminfo)")
    free = int(found[1]) * 1024
    try:
        limit = int((machine.cgroup / "memory.max").read_text())
        free = min(free, limit - int((machine.cgroup / "memory.current").read_text()))
    except (OSError, ValueError):
        pass  # no limit, or it says "max"
    said = f"{size(free)} available"
    if free < MEMORY:
        return Finding(MISSING, "memory", f"{said}; a build needs {size(MEMORY)}",
                       "close other programs, or shut down kernels that still run")  # fmt: skip
    return Finding(OK, "memory", said)


def disk(machine: Machine) -> Finding:
    """Free space where the book is built."""
    free = shutil.disk_usage(machine.root).free
    said = f"{size(free)} free for {machine.root}"
    if free < DISK:
        return Finding(NOTE, "disk", f"{said}; environment, data and book need {size(DISK)}",
                       "df -h, and free some space")  # fmt: skip
    return Finding(OK, "disk", said)


def gpu(machine: Machine) -> Finding:
    """NVIDIA's GPUs and their driver as nvidia-smi tells them; other makers' are the frameworks'.

    That there is none is no fault: the quick profile is for two cores.
    """
    if machine.which("nvidia-smi") is None:
        if sys.platform == "darwin" or machine.which("rocm-smi") or machine.which("amd-smi"):
            return Finding(OK, "gpu", "not NVIDIA's; see what each framework finds")
        return Finding(NOTE, "gpu", "no NVIDIA driver (nvidia-smi): the book is built on the CPU")
    query = ("--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    done = machine.run("nvidia-smi", *query)
    if done is None or done.returncode or not done.stdout.strip():
        said = (done.stdout + done.stderr).strip().splitlines()[:1] if done else []
        return Finding(NOTE, "gpu", f"nvidia-smi fails: {said[0] if said else 'no answer'}",
                       "nvidia-smi, and mend the driver")  # fmt: skip
    rows = [[part.strip() for part in line.split(",")] for line in done.stdout.splitlines()]
    said = "; ".join(f"{row[0]}, {row[-1]}" for row in rows) + f"; driver {rows[0][1]}"
    if driver_of(machine) < min(DRIVERS.values()):
        return Finding(NOTE, "gpu", f"{said}: too old for CUDA {min(DRIVERS)}, which the "
                       "frameworks bring", "install a newer driver")  # fmt: skip
    return Finding(OK, "gpu", said)


def driver_of(machine: Machine) -> int:
    """Major version of NVIDIA's driver; 0 where there is none."""
    done = machine.run("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
    found = re.match(r"\s*(\d+)", done.stdout) if done and not done.returncode else None
    return int(found[1]) if found else 0


def programs(machine: Machine) -> Iterator[Finding]:
    """The compiler of torch.compile, the browser of the page tests, make and git."""
    default = "clang++" if sys.platform == "darwin" else "g++"
    compiler = machine.environ.get("CXX") or default
    if machine.which(compiler):
        yield Finding(OK, "compiler", f"{compiler}, for torch.compile")
    else:
        yield Finding(NOTE, "compiler", f"no {compiler}: torch.compile fails",
                      "apt-get install g++, or CXX=your-compiler")  # fmt: skip
    browser = next(filter(machine.which, ("chromium", "google-chrome")), None)
    if browser:
        yield Finding(OK, "browser", f"{browser}, for the tests of the pages")
    else:
        yield Finding(NOTE, "browser", "no chromium: the tests of the pages are skipped",
                      "apt-get install chromium")  # fmt: skip
    for program, use in (("make", "every verb is a make target"), ("git", "pages name no commit")):
        if not machine.which(program):
            yield Finding(NOTE, program, f"not there: {use}", f"apt-get install {program}")


def folders(wanted: dict[str, Path]) -> Iterator[Finding]:
    """Whether one may write where the book, the data and the decoded arrays go."""
    for what, folder in wanted.items():
        place = folder
        while not place.exists() and place != place.parent:
            place = place.parent
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            todo = {"book": "chown or copy the book's folder"}.get(
                what, f"export LABCODE_{what.upper()}=/a/folder/of/yours"
            )
            yield Finding(MISSING, "folders", f"cannot write {what} in {folder}: "
                          f"{error.strerror or os.strerror(error.errno or 0)}", todo)  # fmt: skip
        else:
            yield Finding(OK, "folders", f"{what} in {folder}")
