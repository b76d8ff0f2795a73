"""What the doctor says of one thing, and the machine that it looks at."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OK, NOTE, MISSING = "ok", "note", "missing"


@dataclass(frozen=True)
class Finding:
    """One line: ``state`` is ok, note (the book can be built all the same) or missing.

    ``todo`` is what to type, or to do, about it; empty where there is nothing to do.
    """

    state: str
    about: str
    said: str
    todo: str = ""

    def __str__(self) -> str:
        line = f"{self.state:8} {self.about:12} {self.said}"
        return f"{line}\n{'':21} do: {self.todo}" if self.todo else line


@dataclass(frozen=True)
class Machine:
    """Where the checks look: the folder of the book, the kernel's files, the environment."""

    root: Path
    proc: Path = Path("/proc")
    cgroup: Path = Path("/sys/fs/cgroup")
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def which(self, program: str) -> str | None:
        """The path of ``program``, or None."""
        return shutil.which(program, path=self.environ.get("PATH", ""))

    def run(self, *command: str, timeout: float = 20) -> subprocess.CompletedProcess | None:
        """The finished command with its output as text; None where it cannot be run or hangs."""
        program = self.which(command[0])
        if program is None:
            return None
        try:
            return subprocess.run(
                [program, *command[1:]],
                capture_output=True, text=True, timeout=timeout, env=dict(self.environ),
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return None

    def read(self, name: str) -> str:
        """The text of a file below ``/proc``; empty where there is none."""
        try:
            return (self.proc / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


def size(count: float) -> str:
    """Bytes in words, as in ``3.9 GiB``."""
    return f"{count / 2**30:.1f} GiB"
