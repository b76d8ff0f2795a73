"""Where PyTorch computes: the best device there is, or the one asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from labcode.errors import DeviceError


def available_devices() -> list[str]:
    """Devices PyTorch can use here, best first: ``cuda`` (also ROCm), ``mps`` (Metal), ``cpu``."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def select_device(name: str | None = None) -> torch.device:
    """The device called ``name``, or the best one; DeviceError when it is not there."""
    devices = available_devices()
    if name is None:
        return torch.device(devices[0])
    kind, _, index = str(name).partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind not in devices or not (index or "0").isdigit() or int(index or 0) >= count:
        raise DeviceError(
            f"PyTorch finds no device {name!r} here, only {devices}. "
            "Leave the device out to use the best one, or see the set-up chapter."
        )
    return torch.device(name)


def synchronize(device: torch.device) -> None:
    """Wait until ``device`` has finished its queue; a CPU has none."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def peak_device_memory(device: torch.device) -> int | None:
    """The most bytes of ``device``'s own memory that tensors have held; None where it has none."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


@contextmanager
def true_float32() -> Iterator[None]:
    """Keep float32 convolutions and matrix products out of TensorFloat-32 within the block.

    cuDNN's convolutions round to TensorFloat-32's ten bits by default on recent GPUs.
    """
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before
