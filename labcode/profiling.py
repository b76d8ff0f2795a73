"""Per-layer times that must make sense: every layer there, no time counted twice, overhead named.

The rooms' ``profile_layers`` run a forward pass in turn with and without their framework's profiler
and hand each profiled run over as a ``Run``; here it is checked and summed up. No framework.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from labcode.errors import ProfileError
from labcode.timing import Times, interleave, ratios
from labcode.toycnn import LAYERS

# A profiler and ``time.perf_counter`` read different clocks; counting twice is far beyond this.
_CLOCKS_AGREE = 1.1


@dataclass(frozen=True)
class Run:
    """One profiled forward pass: the seconds of the whole call, of each layer, of each kernel.

    ``kernels`` maps a kernel's name to how often it was called and its seconds altogether, without
    those of kernels that it calls itself.
    """

    seconds: float
    layers: dict[str, float]
    kernels: dict[str, tuple[int, float]]


@dataclass(frozen=True)
class Kernel:
    """A kernel or operator under the framework's name: calls in a pass, and their time together."""

    name: str
    calls: int
    times: Times


@dataclass(frozen=True)
class Profile:
    """Where a forward pass of ``batch`` images spends its time on ``device``.

    ``end_to_end`` are runs without a profiler, ``layers`` (by name, in the network's order; a
    layer's ReLU belongs to it) and ``kernels`` (slowest first) the profiled runs between them.
    """

    batch: int
    device: str
    end_to_end: Times
    layers: dict[str, Times]
    kernels: tuple[Kernel, ...]

    @property
    def layer_sum(self) -> float:
        """The layers' medians together, in seconds."""
        return sum(times.median for times in self.layers.values())

    @property
    def overhead(self) -> float:
        """What the layers do not account for, in seconds: calls, checks, launches, the profiler.

        Below zero where the profiled runs were slower than the plain ones.
        """
        return self.end_to_end.median - self.layer_sum

    @property
    def ratios(self) -> list[float]:
        """Round by round, the layers' sum over the end-to-end time of the plain run beside it."""
        sums = [sum(one) for one in zip(*(t.seconds for t in self.layers.values()), strict=True)]
        return ratios(sums, self.end_to_end.seconds)

    @property
    def ratio(self) -> float:
        """The median of ``ratios``: near 1 when the layers explain the whole."""
        return statistics.median(self.ratios)

    def by_kind(self) -> dict[str, float]:
        """The layers' medians summed over each kind of layer, in seconds."""
        kinds: dict[str, float] = {}
        for layer in LAYERS:
            kinds[layer.kind] = kinds.get(layer.kind, 0) + self.layers[layer.name].median
        return kinds


def collect(
    plain: Callable[[], float],
    profiled: Callable[[], Run],
    *,
    batch: int,
    device: str,
    repeats: int,
    warmup: int = 2,
) -> Profile:
    """Take ``repeats`` plain and profiled runs in turn, after ``warmup`` of each that do not count.

    ``plain`` returns the seconds of one forward pass, ``profiled`` the record of one. Raises
    ProfileError for a run that lacks a layer or whose layers take longer than the run itself.
    """
    runs: list[Run] = []

    def keep(number: int) -> float:
        run = check(profiled())
        if number >= 0:
            runs.append(run)
        return run.seconds

    figures = interleave({"plain": lambda _: plain(), "profiled": keep}, repeats, warmup)
    layers = {
        layer.name: Times(tuple(run.layers.get(layer.name, 0.0) for run in runs))
        for layer in LAYERS
    }
    return Profile(batch, device, Times(tuple(figures["plain"])), layers, _kernels(runs))


def check(run: Run) -> Run:
    """Return ``run``, or raise ProfileError: a layer without a time, or time counted twice.

    Zero is no time: a GPU's profiler that may not read its counters says so of every layer. Only
    flatten may be missing: where it is a change of shape and no work, nothing is recorded.
    """
    missing = [
        layer.name for layer in LAYERS if layer.kind != "flatten" and not run.layers.get(layer.name)
    ]
    if missing:
        raise ProfileError(
            f"the profiler recorded no time for {', '.join(missing)}. Is this model the toy CNN, "
            "built by build_model, and does the profiler support this device? "
            'Try device="cpu".'
        )
    strange = sorted(set(run.layers) - {layer.name for layer in LAYERS})
    if strange:
        raise ProfileError(f"the profile has layers that the toy CNN has not: {strange}")
    total = sum(run.layers.values())
    if total > _CLOCKS_AGREE * run.seconds:
        raise ProfileError(
            f"the layers take {1000 * total:.3f} ms together, but the whole pass took only "
            f"{1000 * run.seconds:.3f} ms: some time is counted twice"
        )
    return run


def _kernels(runs: list[Run]) -> tuple[Kernel, ...]:
    names = dict.fromkeys(name for run in runs for name in run.kernels)
    found = []
    for name in names:
        ours = [run.kernels.get(name, (0, 0.0)) for run in runs]
        times = Times(tuple(seconds for _, seconds in ours))
        found.append(Kernel(name, statistics.median_high(calls for calls, _ in ours), times))
    return tuple(sorted(found, key=lambda kernel: -kernel.times.median))
