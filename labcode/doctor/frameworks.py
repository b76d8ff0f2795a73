"""Each framework, imported in a process of its own: version, devices, CUDA, and whose cuDNN."""

import json
import re
import sys
from collections.abc import Iterator

from labcode.doctor.finding import MISSING, NOTE, OK, Finding, Machine
from labcode.doctor.hardware import DRIVERS, driver_of
from labcode.doctor.probes import FRAME, PROBES, SUM
from labcode.frameworks import FRAMEWORKS, interpreter, setting

PATIENCE = 300
"""Seconds for an import; the first one of a fresh environment compiles byte code."""

SHARED = ("nvidia-cudnn", "nvidia-nccl")
"""Packages whose builds for CUDA 12 and 13 put files of the same names into the same folder."""

GPU_BUILDS = {
    "pytorch": "pip install --force-reinstall with the build for your GPU; "
    "see the contributor's guide",
    "tensorflow": "pip install 'tensorflow[and-cuda]', pinned as in pyproject.toml",
}


def frameworks(machine: Machine) -> Iterator[Finding]:
    """What each framework is and finds."""
    for key, framework in FRAMEWORKS.items():
        yield from look(machine, key, framework.label)


def look(machine: Machine, key: str, label: str) -> Iterator[Finding]:
    """One framework, in the interpreter that runs its kernels."""
    python = interpreter(key)
    where = "" if python == sys.executable else f" in {python} ({setting(key)})"
    done = machine.run(python, "-c", FRAME, PROBES[key], key, timeout=PATIENCE)
    told = re.search(r"^labcode-probe (.*)$", done.stdout if done else "", re.MULTILINE)
    if told is None:
        end = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]) if done \
            else ["it cannot be started, or does not answer"]  # fmt: skip
        yield Finding(MISSING, label, f"cannot be tried{where}: {end[-1]}",
                      f"unset {setting(key)}" if where else "make setup")  # fmt: skip
        return
    found = json.loads(told[1])
    if "version" not in found:
        yield Finding(MISSING, label, f"cannot be imported{where}: {found['error']}",
                      f"{python} -m pip install, with the pins" if where
                      else "make setup")  # fmt: skip
        return
    yield from _devices(machine, key, label, where, found)
    yield from _shared(key, label, found)
    if found["lacks"] and where:  # this environment's own packages are looked at as a whole
        yield Finding(MISSING, label, f"lacks {', '.join(found['lacks'])}{where}",
                      f"{python} -m pip install -c requirements.txt -e '.[edge,{key}]'"
                      )  # fmt: skip
    if key == "pytorch" and not found["headers"]:
        yield Finding(NOTE, label, "no Python.h: torch.compile fails on the CPU",
                      "apt-get install python3-dev")  # fmt: skip


def _devices(machine: Machine, key: str, label: str, where: str, found: dict) -> Iterator[Finding]:
    """Version, device, and whether it computes; then the driver for its CUDA."""
    built = ", ".join(f"{name} {version}" for name, version in found["built"].items() if version)
    loaded = "".join(f", loads {path}" for path in found["loaded"])
    said = f"{found['version']}{where}, {f'built for {built}' if built else 'CPU build'}{loaded}"
    devices = "; ".join(found["devices"])
    wrong = [value for value in found["sums"] if value != SUM]
    if "error" in found or wrong:
        why = found.get("error") or f"a convolution of ones sums to {wrong[0]}, not {SUM}"
        yield Finding(MISSING, label, f"{said}; {devices or 'no device'} fails: {why}",
                      "see 'One environment or two' in the contributor's guide")  # fmt: skip
    elif not found["devices"] and driver_of(machine):
        yield Finding(NOTE, label, f"{said}; does not see the GPU", GPU_BUILDS[key])
    else:
        yield Finding(OK, label, f"{said}; on {devices or 'the CPU'}")
    cuda = re.match(r"\d+", str(found["built"].get("CUDA") or ""))
    wanted = DRIVERS.get(int(cuda[0])) if cuda else None
    if wanted and 0 < driver_of(machine) < wanted:
        yield Finding(NOTE, label, f"CUDA {cuda[0]} needs driver {wanted} or newer; this is "
                      f"{driver_of(machine)}", "install a newer driver")  # fmt: skip


def _shared(key: str, label: str, found: dict) -> Iterator[Finding]:
    """Two builds of one library in one folder: the files of whichever was installed last."""
    for stem in SHARED:
        both = [name for name in sorted(found["nvidia"]) if name.startswith(f"{stem}-cu")]
        if len(both) > 1:
            yield Finding(NOTE, label, f"{' and '.join(both)} share one folder, and the last one "
                          "installed has overwritten the other",
                          f"give {FRAMEWORKS['tensorflow'].label} its own environment: "
                          f"{setting('tensorflow')}")  # fmt: skip
