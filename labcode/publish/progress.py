"""Progress on the terminal: which notebook, which cell, for how long.

On a terminal one line is rewritten each second; elsewhere (a log, CI) each notebook gets a plain
line when it starts and one when it ends. ``summary`` prints a line for each notebook.
"""

import shutil
import sys
import threading
import time
from typing import TextIO

from labcode.frameworks import FRAMEWORKS


class Progress:
    """Tells a person how far ``execute_chapters`` has come; writes to ``stream`` (stderr)."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.notebooks = 0
        self.lines: list[str] = []
        self._ticker: threading.Thread | None = None
        self._stop = threading.Event()

    def begin(self, notebooks: int) -> None:
        """``notebooks`` will be executed; what the cache holds is not among them."""
        self.notebooks = notebooks

    def notebook(self, number: int, chapter: str, framework: str, cells: int) -> None:
        """Notebook ``number`` (from 1) with ``cells`` code cells starts."""
        self._title = f"[{number}/{self.notebooks}] {chapter} · {FRAMEWORKS[framework].label}"
        self._cells, self._cell = cells, 0
        self._start = self._cell_start = time.monotonic()
        if self.live:
            self._stop.clear()
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()
        else:
            self._print(f"{self._title}: {cells} cells")

    def cell(self, number: int) -> None:
        """Code cell ``number`` (from 1) starts."""
        self._cell, self._cell_start = number, time.monotonic()
        if self.live:
            self._draw()

    def done(self, outcome: str) -> None:
        """The notebook ended; ``outcome`` says how."""
        if self._ticker:
            self._stop.set()
            self._ticker.join()
            self._ticker = None
            self.stream.write("\r\x1b[K")
        self._print(f"{self._title}: {outcome}")

    def result(
        self, chapter: str, framework: str, seconds: float, peak_memory: int, cached: bool
    ) -> None:
        """Keep the line that ``summary`` prints for a notebook."""
        how = "cached" if cached else "executed"
        self.lines.append(
            f"{how:<8}  {seconds:8.1f} s  {peak_memory / 2**20:7,.0f} MiB  "
            f"{chapter} · {FRAMEWORKS[framework].label}"
        )

    def summary(self) -> None:
        """One line a notebook: cached or executed, seconds, peak memory of its kernel."""
        for line in self.lines:
            self._print(line)
        self.lines.clear()

    def _tick(self) -> None:
        while not self._stop.wait(1.0):
            self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        line = (
            f"{self._title}: cell {self._cell}/{self._cells}, {now - self._cell_start:.0f} s "
            f"(notebook {now - self._start:.0f} s)"
        )
        width = shutil.get_terminal_size().columns - 1  # a wrapped line cannot be rewritten
        self.stream.write(f"\r\x1b[K{line[:width]}")
        self.stream.flush()

    def _print(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()
