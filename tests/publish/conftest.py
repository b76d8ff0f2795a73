"""A small book in a temporary folder, with a labcode of its own that tests may edit."""

import io
import os
import shutil
from pathlib import Path

import pytest

import labcode
from labcode.publish.execute import execute_chapters
from labcode.publish.parsing import read_chapter
from labcode.publish.progress import Progress

GROUND_FLOOR = ("__init__", "agreement", "downloads", "errors", "files", "frameworks", "profiles",
                "provenance")  # fmt: skip

COUNT = """\
import os
with open(os.environ["EXECUTIONS"], "a") as log:
    print("{name}", os.environ["LABCODE_FRAMEWORK"], file=log)
"""


class SmallBook:
    """Chapters below ``root/book``; ``execute`` runs them and ``ran`` lists what really ran."""

    def __init__(self, root: Path):
        self.root = root
        self.package = root / "src" / "labcode"
        self.package.mkdir(parents=True)
        (root / "book").mkdir()
        (root / "_config.yml").touch()
        (root / "requirements.txt").write_text("numpy\n")
        for name in GROUND_FLOOR:
            shutil.copy(Path(labcode.__file__).parent / f"{name}.py", self.package)
        (self.package / "publish").mkdir()
        (self.package / "publish" / "page.py").write_text("first = 1\n")
        self.printed = ""

    def write(self, name: str, *cells: str, prose: str = "Some prose.", counted=False) -> Path:
        """A chapter of code cells; ``"pytorch: code"`` and ``"tensorflow: code"`` are tagged."""
        blocks = [f"# Chapter {name}", prose]
        for cell in ([COUNT.format(name=name)] if counted else []) + list(cells):
            tag, colon, code = cell.partition(": ")
            tagged = colon and tag in ("pytorch", "tensorflow")
            options = f":tags: [{tag}]\n\n" if tagged else ""
            blocks.append(f"```{{code-cell}}\n{options}{code if tagged else cell}\n```")
        path = self.root / "book" / f"{name}.md"
        path.write_text("\n\n".join(blocks) + "\n")
        return path

    def chapters(self) -> list:
        paths = sorted((self.root / "book").glob("*.md"))
        return [read_chapter(path, root=self.root) for path in paths]

    def execute(self, *frameworks: str, **options) -> dict:
        """Run the book; what it printed is kept in ``printed``."""
        stream = io.StringIO()
        try:
            return execute_chapters(
                self.chapters(),
                root=self.root,
                frameworks=frameworks or ("pytorch", "tensorflow"),
                report=Progress(stream),
                dataset={"name": "none", "digest": "0"},
                package=self.package,
                **options,
            )
        finally:
            self.printed = stream.getvalue()

    def ran(self) -> list[str]:
        """``"chapter framework"`` for each execution of a counted chapter since the last call."""
        log = Path(os.environ["EXECUTIONS"])
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return sorted(lines)

    def entries(self) -> list[Path]:
        """Every file in the cache, temporary ones included."""
        folder = self.root / "_build" / "executed"
        return sorted(folder.iterdir()) if folder.exists() else []


@pytest.fixture
def book(tmp_path, monkeypatch) -> SmallBook:
    monkeypatch.setenv("EXECUTIONS", str(tmp_path / "executions.log"))
    for name in ("LABCODE_EXECUTED", "LABCODE_CELL_TIMEOUT", "PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LABCODE_PYTHON_PYTORCH", "LABCODE_PYTHON_TENSORFLOW"):
        monkeypatch.delenv(name, raising=False)
    return SmallBook(tmp_path)
