"""Read built pages: which cells of a chapter stand where, and with which output."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from labcode.frameworks import FRAMEWORKS
from labcode.publish import cache, editions
from labcode.publish.contents import read_book
from labcode.publish.tabs import sync_key

ROOT = Path(__file__).resolve().parents[2]


def real_site() -> Path:
    """The built book; the test is skipped where there is none, or an older one."""
    site = ROOT / "_build" / "html"
    if not (site / "index.html").is_file():
        pytest.skip("the book is not built here: make book")
    built = (site / ".stamp.json").stat().st_mtime
    sources = [*(ROOT / "book").rglob("*.md"), *(ROOT / "labcode").rglob("*.py")]
    if any(source.stat().st_mtime > built for source in sources):
        pytest.skip("a chapter or labcode was edited after the last build: make book")
    return site


@dataclass
class Shown:
    """One cell as the page shows it; ``framework`` is the tab it stands in, None outside tabs."""

    index: int
    framework: str | None
    source: str | None
    output: str
    pictures: int


def soup(page: Path) -> BeautifulSoup:
    """A parsed page."""
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def tab_of(element: Tag) -> str | None:
    """The key of the framework in whose tab ``element`` stands."""
    panel = element.find_parent(class_="sphinx-tabs-panel")
    if panel is None:
        return None
    return next(k for k, f in FRAMEWORKS.items() if panel["name"] == sync_key(f.label))


def cells_on_page(page: Path) -> list[Shown]:
    """Every code cell of a page in the order of the page."""
    found = []
    for cell in soup(page).select("div.cell"):
        index = next(int(c[9:]) for c in cell["class"] if c.startswith("lab-cell-"))
        source = cell.select_one(".cell_input pre")
        outputs = cell.select(".cell_output")
        found.append(
            Shown(
                index,
                tab_of(cell),
                source.get_text().strip() if source else None,
                "".join(o.get_text() for o in outputs),
                sum(len(o.find_all("img")) for o in outputs),
            )
        )
    return found


def faults(root: Path, site: Path, edition: str = editions.STUDENT) -> list[str]:
    """What is missing or misplaced: cells in the source = cells run = cells on the page.

    What ran is read from the executed notebooks whose keys the page itself names; empty when all
    is right.
    """
    wrong = []
    silent = "check" if edition == editions.STUDENT else None  # hidden tests may have printed it
    for name, chapter in read_book(root).chapters.items():
        if not chapter.executable:
            continue
        shown = cells_on_page(site / f"{name}.html")
        ran = executed_cells(root, site / f"{name}.provenance.json")
        for index, cell in enumerate(chapter.cells):
            if cell.kind != "code":
                continue
            where = f"{chapter.where}:{cell.line} ({cell.framework or 'shared'})"
            for framework in [cell.framework] if cell.framework else chapter.frameworks:
                run = ran.get((framework, index))
                if run is None or run["execution_count"] is None:
                    wrong.append(f"{where}: was not run in {framework}")
                elif run["source"].strip() != cell.source.strip():
                    wrong.append(f"{where}: another source was run in {framework}")
                elif not {"remove-cell", "remove-output", silent} & set(cell.tags):
                    here = [
                        s for s in shown if s.index == index and s.framework in (None, framework)
                    ]
                    if any(map(visible, run["outputs"])) and not any(shows(s, run) for s in here):
                        wrong.append(f"{where}: its output in {framework} is not on the page")
            if "remove-cell" in cell.tags:
                continue
            own = [s for s in shown if s.index == index and s.source is not None]
            if "remove-input" in cell.tags:
                own = [s for s in shown if s.index == index]
            elif len(own) != 1 or own[0].source != editions.shown(cell, edition).strip():
                wrong.append(f"{where}: its source is on the page {len(own)} times")
            if cell.framework and any(s.framework != cell.framework for s in own):
                wrong.append(f"{where}: not in the tab of its framework")
            if not cell.framework and own and own[0].framework:
                wrong.append(f"{where}: a shared cell inside a tab")
    return wrong


def executed_cells(root: Path, provenance: Path) -> dict[tuple[str, int], dict]:
    """The code cells of the executed notebooks behind a page, by framework and position."""
    found = {}
    for framework, told in json.loads(provenance.read_text(encoding="utf-8"))["notebooks"].items():
        entry = cache.load(cache.folder(root), told["key"])
        if entry is not None:
            for cell in entry.notebook["cells"]:
                if cell["cell_type"] == "code":
                    found[framework, cell["metadata"]["labcode"]["index"]] = cell
    return found


def shows(shown: Shown, run: dict) -> bool:
    """Whether ``shown`` holds every line that the cell printed, and as many pictures."""
    outputs = run["outputs"]
    printed = [
        line for o in outputs if o["output_type"] == "stream" for line in o["text"].split("\n")
    ]
    pictures = sum("image/png" in o.get("data", {}) for o in outputs)
    on_page = " ".join(shown.output.split())
    return shown.pictures == pictures and all(" ".join(p.split()) in on_page for p in printed)


def visible(output: dict) -> bool:
    """True unless the output is blank."""
    if output["output_type"] == "stream":
        return bool("".join(output["text"]).strip())
    return True
