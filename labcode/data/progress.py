"""A progress bar on stderr for the long steps of `labcode.data`: silent where nobody watches."""

import sys
import time
from typing import Any


class Progress:
    """Context manager; call it with (done, total). Shows nothing unless stderr is a terminal.

    ``unit`` is "images", "files" or "bytes". A line at the end says how long it took, also where
    there is no terminal, so that a log tells what was done.
    """

    def __init__(self, title: str, unit: str) -> None:
        self.title, self.unit = title, unit
        self._bar: Any = None
        self._done = 0

    def __enter__(self) -> "Progress":
        self._start = time.perf_counter()
        if sys.stderr.isatty():
            # Imported here because opening decoded data needs no bar and should not pay for it.
            from tqdm import tqdm

            unit, scale = ("B", True) if self.unit == "bytes" else (f" {self.unit}", False)
            self._bar = tqdm(desc=self.title, unit=unit, unit_scale=scale, leave=False)
        return self

    def __call__(self, done: int, total: int | None) -> None:
        if self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._done)
        self._done = done

    def __exit__(self, kind: type | None, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        if kind is None and self._done:
            seconds = time.perf_counter() - self._start
            print(
                f"labcode: {self.title}: {self._done:,} {self.unit} in {seconds:.1f} s",
                file=sys.stderr,
            )
