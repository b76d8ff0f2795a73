"""A meter tells the joules that a block of work took, from a counter that the hardware keeps."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from labcode.errors import EnergyError


class Counter(Protocol):
    """Something that counts joules.

    ``name`` is what a page calls it, ``box`` what its joules include. ``period`` is how many
    seconds may pass before its value changes. ``sampling`` is how often, in seconds, it must be
    read to count rightly; None for a counter that needs no company.
    """

    name: str
    box: str
    period: float
    sampling: float | None

    def joules(self) -> float:
        """Joules since some fixed moment; raises EnergyError when it can no longer be read."""


@dataclass
class Energy:
    """What a block of work took: joules and seconds, both NaN until the block has ended."""

    joules: float = math.nan
    seconds: float = math.nan

    @property
    def watts(self) -> float:
        """Mean power: joules a second."""
        return self.joules / self.seconds

    def above(self, idle_watts: float) -> float:
        """Joules beyond what the idle machine would have taken in the same time."""
        return self.joules - idle_watts * self.seconds


@dataclass(frozen=True)
class NotMeasurable:
    """Takes the place of a meter where there is none, and is false: ``if meter: ...``."""

    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"not measurable here: {self.reason}"


class Meter:
    """Measures blocks of work by ``counter``: ``with meter.measure() as energy: work()``."""

    def __init__(self, counter: Counter):
        self.counter = counter
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return f"{self.counter.name}; counts {self.counter.box}"

    @contextmanager
    def measure(self) -> Iterator[Energy]:
        """Yield an Energy that is filled when the block ends.

        A GPU's work must have ended within the block: synchronise at its end. Raises EnergyError
        when the counter stood still, as it does over a block shorter than its period.
        """
        energy = Energy()
        with self._sampled():
            before, start = self._joules(), time.perf_counter()
            yield energy
            seconds, joules = time.perf_counter() - start, self._joules() - before
        if joules <= 0:
            raise EnergyError(
                f"{self.counter.name} did not move within {seconds:.3g} s; it changes about every "
                f"{self.counter.period:.3g} s. Repeat the work until it takes a second or more"
            )
        energy.joules, energy.seconds = joules, seconds

    def moves(self, patience: float) -> bool:
        """Whether the counter changes within ``patience`` seconds: some are there but stay 0."""
        before, end = self._joules(), time.perf_counter() + patience
        while time.perf_counter() < end:
            if self._joules() > before:
                return True
            time.sleep(self.counter.period / 4)
        return False

    def _joules(self) -> float:
        with self._lock:
            return self.counter.joules()

    @contextmanager
    def _sampled(self) -> Iterator[None]:
        """Within the block a thread reads the counter as often as it must be."""
        if self.counter.sampling is None:
            yield
            return
        ended = threading.Event()

        def sample() -> None:
            while not ended.wait(self.counter.sampling):
                try:
                    self._joules()
                except EnergyError:
                    return  # The reading at the block's end meets the same fault and reports it.

        thread = threading.Thread(target=sample, name="energy", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
