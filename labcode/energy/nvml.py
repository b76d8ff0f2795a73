"""An NVIDIA GPU's energy by NVML, the library behind nvidia-smi: its counter, else its power.

GPUs since Volta count their millijoules. For older ones the power is read every 20 ms and
integrated. Either number is the whole board's, and of all programs on it.
"""

import os
import time
from collections.abc import Mapping
from types import ModuleType

from labcode.energy.meter import Meter, NotMeasurable
from labcode.errors import EnergyError

_BOX = "the GPU's board (chip, its memory, voltage regulators), no processor and no power supply"
_PATIENCE = 1.0


class EnergyCounter:
    """The GPU's own count of millijoules, renewed every 20 to 100 ms."""

    period = 0.1
    sampling = None

    def __init__(self, nvml: ModuleType, gpu: object, label: str):
        self.nvml, self.gpu = nvml, gpu
        self.name, self.box = f"NVML, energy counter of {label}", _BOX

    def joules(self) -> float:
        """Joules since the driver was loaded."""
        return _asked(self.nvml, self.nvml.nvmlDeviceGetTotalEnergyConsumption, self.gpu) / 1000


class SampledPower:
    """Power readings integrated over time by the trapezoid rule.

    ``period`` is NVML's: from Ampere on a reading is the mean over the second before it, so a
    measurement must last much longer than that.
    """

    period = 1.0
    sampling = 0.02

    def __init__(self, nvml: ModuleType, gpu: object, label: str):
        self.nvml, self.gpu = nvml, gpu
        self.name, self.box = f"NVML, power of {label} read every 20 ms", _BOX
        self._total, self._last = 0.0, None

    def joules(self) -> float:
        """Joules since the first call."""
        watts = _asked(self.nvml, self.nvml.nvmlDeviceGetPowerUsage, self.gpu) / 1000
        now = time.perf_counter()
        if self._last is not None:
            then, before = self._last
            self._total += (now - then) * (watts + before) / 2
        self._last = now, watts
        return self._total


def find_nvml(
    index: int = 0,
    nvml: ModuleType | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Meter | NotMeasurable:
    """The meter of CUDA's GPU number ``index``, or why there is none."""
    if nvml is None:
        try:
            import pynvml as nvml
        except ImportError:
            return NotMeasurable("NVML's package is missing: pip install nvidia-ml-py")
    try:
        nvml.nvmlInit()
        gpu = _gpu(nvml, index, environment)
        if isinstance(gpu, NotMeasurable):
            return gpu
        label = nvml.nvmlDeviceGetName(gpu)
    except nvml.NVMLError as error:
        return NotMeasurable(
            f"NVML does not answer ({error}); it comes with NVIDIA's driver and knows NVIDIA's "
            "GPUs only"
        )
    for kind in (EnergyCounter, SampledPower):
        meter = Meter(kind(nvml, gpu, label))
        try:
            if meter.moves(_PATIENCE):
                return meter
        except EnergyError:
            continue
    return NotMeasurable(
        f"{label} tells NVML neither energy nor power, as slices of a GPU and virtual GPUs do not"
    )


def _gpu(nvml: ModuleType, index: int, environment: Mapping[str, str]) -> object:
    """NVML's handle of the GPU that CUDA calls ``index``.

    CUDA counts the GPUs of CUDA_VISIBLE_DEVICES, and the fastest first unless
    CUDA_DEVICE_ORDER=PCI_BUS_ID; NVML counts all of them along the bus.
    """
    visible = [name.strip() for name in environment.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    if visible != [""]:
        if index >= len(visible):
            return NotMeasurable(f"CUDA_VISIBLE_DEVICES names no GPU number {index}")
        name = visible[index]
        if name.startswith("MIG-"):
            return NotMeasurable("this is a slice of a GPU (MIG), and the board has one meter")
        if not name.isdigit():
            return nvml.nvmlDeviceGetHandleByUUID(name)
        index = int(name)
    gpus = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
    if index >= len(gpus):
        return NotMeasurable(f"NVML knows {len(gpus)} GPUs, and none has number {index}")
    kinds = {nvml.nvmlDeviceGetName(gpu) for gpu in gpus}
    if len(kinds) > 1 and environment.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        return NotMeasurable(
            f"the machine has unlike GPUs ({', '.join(sorted(kinds))}), which CUDA and NVML count "
            "in different orders; set CUDA_DEVICE_ORDER=PCI_BUS_ID before you start Python"
        )
    return gpus[index]


def _asked(nvml: ModuleType, question, gpu: object) -> int:
    try:
        return question(gpu)
    except nvml.NVMLError as error:
        raise EnergyError(f"NVML no longer answers: {error}") from error
