"""Where PyTorch spends a forward pass, by torch.profiler; the device's peaks; MACs as counted."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The profiler's library writes a line to stderr whenever it starts or stops; read at its first use.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import numpy as np
import torch
from torch import nn
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils.flop_counter import FlopCounterMode

from labcode.errors import DeviceError
from labcode.profiling import Profile, Run, collect
from labcode.pytorch.batches import ResidentImages, to_input
from labcode.pytorch.devices import select_device, synchronize, true_float32
from labcode.roofline import Peak
from labcode.timing import measure
from labcode.toycnn import INPUT_SHAPE, LAYERS
from labcode.trace import read_trace, write_trace

_NAMES = {layer.name for layer in LAYERS}


def profile_layers(
    model: nn.Module,
    images: np.ndarray,
    *,
    repeats: int = 15,
    device: str | torch.device | None = None,
    trace: str | Path | None = None,
) -> Profile:
    """Time of each layer for ``images`` uint8 (N, 64, 64, 3) as one batch, and of the whole pass.

    From float32 inputs that lie on the device to logits that lie there, in true float32; plain and
    profiled runs take turns, ``repeats`` of each. On a CPU a layer's time is that between its start
    and its end, on a GPU that of its kernels. ``trace`` names a ``.json.gz`` file for the trace of
    the last run. The model comes back as it was, without hooks. Raises DeviceError where
    torch.profiler sees no kernels, ProfileError for a profile that makes no sense.
    """
    device = select_device(device)
    if device.type not in ("cpu", "cuda"):
        raise DeviceError(
            f"torch.profiler sees no kernels on {device.type!r}, so layers have no times there; "
            'profile with device="cpu"'
        )
    home = next(model.parameters()).device
    modes = {module: module.training for module in model.modules()}
    inputs = to_input(ResidentImages(images, np.zeros(len(images)), device).images)
    profilers = []

    def plain() -> float:
        run = measure(lambda: model(inputs), lambda: synchronize(device), repeats=1, warmup=0)
        return run.total

    def profiled() -> Run:
        with _named_ranges(model), profile(activities=_activities(device)) as profiler:
            seconds = plain()
        profilers[:] = [profiler]
        return _read(profiler.events(), seconds, on_gpu=device.type == "cuda")

    try:
        model.to(device).eval()
        with torch.inference_mode(), true_float32():
            found = collect(plain, profiled, batch=len(images), device=device.type, repeats=repeats)
    finally:
        for module, mode in modes.items():
            module.training = mode
        model.to(home)
    if trace is not None:
        profilers[0].export_chrome_trace(str(trace))
        write_trace(trace, read_trace(trace))
    return found


def measure_peak(*, device: str | torch.device | None = None, repeats: int = 15) -> Peak:
    """Float32 MACs and bytes per second of ``device``: the best of ``repeats`` runs of each.

    MACs from a square matrix product, bytes from adding one large array to another in place, which
    reads two numbers and writes one.
    """
    device = select_device(device)
    # A small product fits between two interruptions of a busy machine; a GPU needs a large one.
    sizes = (512, 1024) if device.type == "cpu" else (4096,)
    # 256 MiB each: larger than the caches of most machines.
    x, y = (torch.ones(1 << 26, device=device) for _ in range(2))
    with torch.inference_mode(), true_float32():
        rates = []
        for size in sizes:
            a, b = (torch.rand(size, size, device=device) for _ in range(2))
            product = measure(lambda a=a, b=b: a @ b, lambda: synchronize(device), repeats)
            rates.append(size**3 / product.low)
        add = measure(lambda: y.add_(x), lambda: synchronize(device), repeats)
    return Peak(max(rates), 3 * x.nbytes / add.low)


def count_macs(model: nn.Module) -> dict[str, int]:
    """MACs of each layer for one image as PyTorch's own counter finds them, biases left out.

    The counter watches the operators of a real pass and takes two floating-point operations for a
    MAC; a layer without products has 0.
    """
    image = torch.zeros(1, *INPUT_SHAPE, dtype=torch.uint8, device=next(model.parameters()).device)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(to_input(image))
    counts = counter.get_flop_counts()
    prefix = type(model).__name__
    return {
        layer.name: sum(counts.get(f"{prefix}.{layer.name}", {}).values()) // 2 for layer in LAYERS
    }


@contextmanager
def _named_ranges(model: nn.Module) -> Iterator[None]:
    """Open a range with the layer's name before each module and close it after; then no hook stays.

    A layer's ReLU and dropout are modules of their own and open the same name once more.
    """
    opened, handles = [], []
    try:
        for name, module in model.named_children():
            layer = name.removesuffix("_relu").removesuffix("_dropout")

            def enter(module, inputs, layer=layer):
                opened.append(record_function(layer))
                opened[-1].__enter__()

            def leave(module, inputs, output):
                opened.pop().__exit__(None, None, None)

            handles.append(module.register_forward_pre_hook(enter))
            handles.append(module.register_forward_hook(leave, always_call=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _activities(device: torch.device) -> list[ProfilerActivity]:
    gpu = [ProfilerActivity.CUDA] if device.type == "cuda" else []
    return [ProfilerActivity.CPU, *gpu]


def _read(events, seconds: float, on_gpu: bool) -> Run:
    """Sum the profiler's events up by layer and by kernel; its times are in microseconds.

    On a GPU a range's device time is that of all kernels launched within it, and the kernels are
    events of the device; the same range drawn on the device's time line would count them again.
    """
    layers: dict[str, float] = {}
    kernels: dict[str, tuple[int, float]] = {}
    for event in events:
        on_host = event.device_type == DeviceType.CPU
        if event.is_user_annotation or event.name in _NAMES:
            if on_host and event.name in _NAMES:
                spent = event.device_time_total if on_gpu else event.cpu_time_total
                layers[event.name] = layers.get(event.name, 0) + spent / 1e6
        elif on_host != on_gpu:
            spent = event.time_range.elapsed_us() if on_gpu else event.self_cpu_time_total
            calls, before = kernels.get(event.name, (0, 0))
            kernels[event.name] = calls + 1, before + spent / 1e6
    return Run(seconds, layers, kernels)
