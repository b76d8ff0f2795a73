"""A device whose seconds are made up: what is timed on it does not depend on the machine.

Its queue works as that of a GPU: a call returns at once, and the clock runs on when somebody waits.
Exercises that measure are checked on it, with ``clock`` in the place of ``time.perf_counter``.
"""

from collections.abc import Callable

import numpy as np

LAUNCH = 1e-6
"""Seconds that a call takes until its work is in the queue."""


class Device:
    """Takes batches of images and remembers them; ``cost(call, images)`` is a batch's seconds.

    ``call`` counts from 0, ``images`` is the length of the batch. ``batches`` holds what came in,
    in order.
    """

    def __init__(self, cost: Callable[[int, int], float]) -> None:
        self.batches: list[np.ndarray] = []
        self._cost = cost
        self._now = 0.0
        self._free = 0.0

    @property
    def sizes(self) -> list[int]:
        """How many images each batch had."""
        return [len(batch) for batch in self.batches]

    def clock(self) -> float:
        """Seconds since the device was made."""
        return self._now

    def work(self, batch: np.ndarray) -> None:
        """Put a batch of shape (images, height, width, channels) into the queue, and return."""
        assert np.ndim(batch) == 4, (
            f"a batch has 4 axes, and shape {np.shape(batch)} came in; "
            "pictures[i] drops the first axis, pictures[i : i + 1] keeps it"
        )
        assert len(batch), "an empty batch came in"
        cost = self._cost(len(self.batches), len(batch))
        self._free = max(self._free, self._now) + cost
        self._now += LAUNCH
        self.batches.append(np.array(batch))

    def wait(self) -> None:
        """Return when the queue is empty."""
        self._now = max(self._now, self._free)

    def classify(self, batch: np.ndarray) -> np.ndarray:
        """Class numbers (all 0) of a batch; waits, since the answer must reach the host."""
        self.work(batch)
        self.wait()
        return np.zeros(len(batch), np.int64)


def pictures(count: int) -> np.ndarray:
    """Tiny pictures, uint8 (count, 2, 2, 3), no two neighbours alike: picture i is filled with i
    modulo 256."""
    numbers = np.arange(count, dtype=np.int64).astype(np.uint8)
    return np.broadcast_to(numbers[:, None, None, None], (count, 2, 2, 3)).copy()
