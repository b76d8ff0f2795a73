"""A processor's own energy counters (RAPL), as Linux shows them under /sys/class/powercap.

Intel since Sandy Bridge and AMD since Zen keep one counter for each package, the chip in its
socket, and some keep one more for its memory modules.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from labcode.energy.meter import Meter, NotMeasurable
from labcode.errors import EnergyError

POWERCAP = Path("/sys/class/powercap")
CPUINFO = Path("/proc/cpuinfo")
POWERMETRICS = (
    "macOS tells power to administrators only: "
    "sudo powermetrics --samplers cpu_power,gpu_power -i 1000 -n 10"
)

# intel-rapl-mmio:0 is left out: it shows the package of intel-rapl:0 by another way.
_ZONE = re.compile(r"intel-rapl:\d+(:\d+)?")
# A counter of 32 bits runs over after 65 kJ on some chips: more than a minute at 1000 W.
_SAMPLING = 30.0
_PATIENCE = 0.25


@dataclass
class Zone:
    """One zone's counter; ``joules`` goes on where the hardware's own starts again from 0."""

    folder: Path
    name: str
    range_uj: int
    last_uj: int
    total_uj: int = 0

    def joules(self) -> float:
        """Joules since this object was made."""
        now = _read(self.folder / "energy_uj")
        moved = now - self.last_uj
        self.total_uj += moved if moved >= 0 else moved + self.range_uj
        self.last_uj = now
        return self.total_uj / 1e6


class Rapl:
    """Packages and their memory, added up; read at least twice a minute because counters wrap."""

    period = 0.001
    sampling = _SAMPLING

    def __init__(self, zones: list[Zone]):
        self.zones = zones
        self.name = "RAPL, the processor's energy counter"
        names = " + ".join(zone.name for zone in zones)
        memory = any(zone.name == "dram" for zone in zones)
        self.box = f"{names} for all programs together, " + (
            "no board, disk or power supply" if memory else "no memory modules, board or disk"
        )

    def joules(self) -> float:
        """Joules since this object was made."""
        try:
            return sum(zone.joules() for zone in self.zones)
        except (OSError, ValueError) as error:
            raise EnergyError(f"the energy counter can no longer be read: {error}") from error


def find_rapl(root: Path = POWERCAP, cpuinfo: Path = CPUINFO) -> Meter | NotMeasurable:
    """The meter of this machine's processors, or why there is none.

    Package zones are summed. Of the zones below them ``core`` and ``uncore`` are part of the
    package and left out, and ``dram`` is not and counts. So is ``psys`` left out, the whole
    platform, of which the package is a part.
    """
    try:
        zones = list(_zones(root))
    except PermissionError as error:
        return NotMeasurable(
            f"{error.filename} is for administrators only, since its values can betray other "
            "programs' secrets (CVE-2020-8694). On a machine of your own, allow it until the next "
            f"start: sudo chmod a+r {root}/intel-rapl:*/energy_uj"
        )
    except (OSError, ValueError) as error:
        return NotMeasurable(f"the processor's energy counter cannot be read ({error})")
    if not any(zone.name.startswith("package") for zone in zones):
        return NotMeasurable(_why_none(root, cpuinfo))
    meter = Meter(Rapl(zones))
    if not meter.moves(_PATIENCE):
        return NotMeasurable(
            f"the processor's energy counter under {root} is there but stands still, as behind "
            "some hypervisors"
        )
    return meter


def _zones(root: Path):
    for folder in sorted(root.glob("intel-rapl:*")):
        if not _ZONE.fullmatch(folder.name):
            continue
        try:
            name = (folder / "name").read_text().strip()
        except FileNotFoundError:  # A container's runtime may hide what the link points to.
            continue
        if name == "dram" or (name.startswith("package") and folder.name.count(":") == 1):
            range_uj = _read(folder / "max_energy_range_uj")
            yield Zone(folder, name, range_uj, _read(folder / "energy_uj"))


def _read(path: Path) -> int:
    return int(path.read_text())


def _why_none(root: Path, cpuinfo: Path) -> str:
    if sys.platform == "darwin":
        return POWERMETRICS
    if sys.platform != "linux":
        return "this system has no energy counter that an ordinary program may read"
    try:
        virtual = re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo.read_text(), re.MULTILINE)
    except OSError:
        virtual = None
    if virtual:
        return "this is a virtual machine, and its hypervisor passes no energy counter on"
    return (
        f"the kernel shows no processor's energy counter under {root}; in a container it may be "
        "hidden, and on an Intel or AMD machine of your own it may want: "
        "sudo modprobe intel_rapl_msr"
    )
