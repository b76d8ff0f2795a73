"""Where a result comes from: when, on what machine, with which versions, data, seed and commit.

Nothing is imported to find out: versions come from the installed packages' metadata, the GPU from
``nvidia-smi``. So the same answer comes from a kernel that runs PyTorch and one that does not.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

from labcode import __version__

PACKAGES = (
    "numpy",
    "torch",
    "torchvision",
    "tensorflow",
    "keras",
    "matplotlib",
    "pillow",
)

PROJECT = Path(__file__).resolve().parents[1]


def collect(dataset: dict | None = None, seed: int | None = None, used: str | None = None) -> dict:
    """Everything about the circumstances of a result, as a JSON-able dict.

    ``dataset`` is ``Dataset.describe()``; ``used`` is what the framework computed on (``cuda``,
    ``mps`` or ``cpu``), which may be less than the machine has. ``commit`` is None outside a
    checkout; ``dirty`` says whether tracked files differ from it.
    """
    from labcode import profiles

    commit, dirty = _commit()
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": cpu(),
        "cores": cores(),
        "memory_gib": memory_gib(),
        "device": device() if used != "cpu" else {"class": "cpu", "name": cpu(), "driver": None},
        "versions": versions(),
        "commit": commit,
        "dirty": dirty,
        "profile": profiles.current().name,
        "dataset": dataset,
        "seed": seed,
    }


def device_class() -> str:
    """``"cuda:<name>"``, ``"mps"`` or ``"cpu"``: on what kind of device a framework would run."""
    return device()["class"]


@cache
def device() -> dict:
    """``class`` as in device_class, ``name`` of the device, and ``driver`` (None without one)."""
    gpu = _nvidia()
    if gpu:
        name, driver = gpu
        return {"class": f"cuda:{name}", "name": name, "driver": driver}
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return {"class": "mps", "name": cpu(), "driver": None}
    return {"class": "cpu", "name": cpu(), "driver": None}


def versions() -> dict[str, str]:
    """Installed versions of the packages that outputs depend on; absent ones are left out."""
    # The labcode at work may be a checkout that is not the installed one, or none is installed.
    found = {"labcode": __version__}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def cpu() -> str:
    """The processor's model name, or its architecture where the system does not tell."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        if match := re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE):
            return match[1].strip()
    except OSError:
        if sys.platform == "darwin" and (name := _run("sysctl", "-n", "machdep.cpu.brand_string")):
            return name
    return platform.machine() or "unknown"


def memory_gib() -> float | None:
    """Physical memory in GiB, to one decimal; None where the system does not tell."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far (resident set), in bytes.

    Linux keeps ``ru_maxrss`` over exec, so a child starts at its parent's; VmHWM does not.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE)[1]) * 1024
    except (OSError, TypeError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def cores() -> int:
    """Cores that this process may use, which a container may have fewer of than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _nvidia() -> tuple[str, str] | None:
    """Name and driver of the first visible NVIDIA GPU."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return None
    query = ("--query-gpu=name,driver_version", "--format=csv,noheader")
    which = ("--id=" + visible.split(",")[0].strip(),) if visible else ()
    line = (_run("nvidia-smi", *which, *query) or "").splitlines()[:1]
    name, _, driver = line[0].rpartition(",") if line else ("", "", "")
    return (name.strip(), driver.strip()) if name else None


def _commit() -> tuple[str | None, bool | None]:
    """Commit of the checkout that labcode is imported from, and whether tracked files differ."""
    if not (PROJECT / ".git").exists():
        return None, None
    commit = _run("git", "-C", str(PROJECT), "rev-parse", "HEAD")
    if not commit:
        return None, None
    changes = _run("git", "-C", str(PROJECT), "status", "--porcelain", "--untracked-files=no")
    return commit, changes is None or bool(changes)


def _run(*command: str) -> str | None:
    """What the command printed, stripped; None when it is not there or fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout.strip()
