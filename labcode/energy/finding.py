"""Which meter belongs to a device."""

from labcode.energy.meter import Meter, NotMeasurable
from labcode.energy.nvml import find_nvml
from labcode.energy.rapl import POWERMETRICS, find_rapl


def find_meter(device: str = "cpu") -> Meter | NotMeasurable:
    """The meter of ``device`` (``cpu``, ``cuda``, ``cuda:1``, ``mps``), or why there is none.

    The answer is true when it is a meter: ``if meter: ...``. Takes up to a second or two, since it
    waits to see the counter move.
    """
    kind, _, index = str(device).partition(":")
    if kind == "cpu":
        return find_rapl()
    if kind == "cuda" and (index or "0").isdigit():
        return find_nvml(int(index or 0))
    if kind == "mps":
        return NotMeasurable(POWERMETRICS)
    return NotMeasurable(f"no meter is known for a device {device!r}")
