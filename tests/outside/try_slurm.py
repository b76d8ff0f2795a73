"""The contributors' recipe for Slurm, as it stands on the page, run where Slurm is.

    python -m tests.outside.try_slurm

The book is a small one, with the project's Makefile. Its array has four parts, and the part that
follows may execute nothing that they executed.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.book import small_book
from tests.book.test_contributing import TEXT, workshop

SCRIPTS = ("execute.sh", "pages.sh")


def recipe() -> tuple[list[str], list[str]]:
    """The scripts of the page, and the commands that submit them."""
    section = TEXT.split("(contributing-shards)=")[1].split("\n(contributing-")[0]
    scripts = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```bash\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    (submit,) = [block for block in blocks if "sbatch" in block]
    return scripts, submit.splitlines()


def main() -> None:
    """Run it; AssertionError when something is not as the page says."""
    scripts, commands = recipe()
    with tempfile.TemporaryDirectory() as temporary:
        folder = workshop(Path(temporary) / "book")
        for name, text in zip(SCRIPTS, scripts, strict=True):
            (folder / name).write_text(text)
        done = subprocess.run(
            ["bash", "-ec", "\n".join(commands)],
            cwd=folder,
            env={**small_book.environment(folder), "LABCODE_DATA": str(folder / "data")},
        )
        logs = {path.name: path.read_text() for path in sorted(folder.glob("*.log"))}
        for name, text in logs.items():
            print(f"--- {name}\n{text}")
        assert done.returncode == 0, f"the recipe ended with {done.returncode}"
        parts = [text for name, text in logs.items() if name != "pages.log"]
        executed = sum(
            int(n) for text in parts for n in re.findall(r"(\d+) of \d+ notebooks", text)
        )
        assert len(parts) == 4 and executed == 4, logs
        assert "0 executed, 4 from the cache" in logs["pages.log"]
    print("the recipe of the page works", f"(as {os.environ.get('USER') or 'root'})")


if __name__ == "__main__":
    sys.exit(main())
