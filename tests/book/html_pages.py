"""Read built pages: which cells of a chapter stand where, and with which output."""

import json
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from labcode.frameworks import FRAMEWORKS
from labcode.publish.contents import read_book
from labcode.publish.tabs import sync_key


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


def faults(root: Path, site: Path) -> list[str]:
    """What is missing or misplaced: cells in the source = cells run = cells on the page.

    Reads the chapters, the notebook that MyST-NB rendered and the site; empty when all is right.
    """
    wrong = []
    for name, chapter in read_book(root).chapters.items():
        shown = cells_on_page(site / f"{name}.html")
        notebook = site.parent / "work" / "jupyter_execute" / f"{name}.ipynb"
        run = run_cells(notebook)
        for index, cell in enumerate(chapter.cells):
            if cell.kind != "code" or "remove-cell" in cell.tags:
                continue
            where = f"{chapter.where}:{cell.line} ({cell.framework or 'shared'})"
            own = [s for s in shown if s.index == index and s.source is not None]
            if "remove-input" in cell.tags:
                own = [s for s in shown if s.index == index]
            elif len(own) != 1 or own[0].source != cell.source.strip():
                wrong.append(f"{where}: its source is on the page {len(own)} times")
            if cell.framework and any(s.framework != cell.framework for s in own):
                wrong.append(f"{where}: not in the tab of its framework")
            if not cell.framework and own and own[0].framework:
                wrong.append(f"{where}: a shared cell inside a tab")
            if index not in run:
                wrong.append(f"{where}: was not run")
            elif run[index] and "remove-output" not in cell.tags:
                if not any(s.output.strip() or s.pictures for s in shown if s.index == index):
                    wrong.append(f"{where}: its output is not on the page")
    return wrong


def run_cells(notebook: Path) -> dict[int, bool]:
    """Positions of the cells in the merged notebook; True for those with something to show."""
    if not notebook.is_file():
        return {}
    found: dict[int, bool] = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            index = cell["metadata"]["labcode"]["index"]
            found[index] = found.get(index, False) or any(map(visible, cell["outputs"]))
    return found


def visible(output: dict) -> bool:
    """True unless the output is blank."""
    if output["output_type"] == "stream":
        return bool("".join(output["text"]).strip())
    return True
