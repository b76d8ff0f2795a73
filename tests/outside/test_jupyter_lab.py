"""A real JupyterLab opens an exported chapter and runs it end to end, as a student would."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from labcode.publish.contents import read_book
from labcode.publish.notebooks import export, released

pytest.importorskip("jupyterlab", reason="no JupyterLab here: pip install 'labcode[notebook]'")

from tests.outside.inside import error_of  # noqa: E402
from tests.outside.jupyter_lab import serving  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "tensors-pytorch.ipynb"
SECONDS = 180
"""For the whole notebook; it takes a few on two idle cores."""

MYST = re.compile(r":::|`{3}\{|\{[\w-]+\}`|^\([\w-]+\)=$|\[\]\(", re.M)
COUNTED = """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")]
    .every((prompt) => /\\[\\d+\\]/.test(prompt.innerText))"""
"""Every code cell has run; the star before a number goes out at an error, though more is queued."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    """JupyterLab with both editions of a chapter of this book."""
    folder = tmp_path_factory.mktemp("lab")
    solution = export(read_book(ROOT), "solution", ["pytorch"])[NOTEBOOK].decode()
    student = nbformat.writes(released(nbformat.reads(solution, as_version=4)))
    with serving(folder) as running:
        for name, text in (("student", student), ("solution", solution)):
            (running.home / name).mkdir()
            (running.home / name / NOTEBOOK).write_text(text, encoding="utf-8")
        yield running


@pytest.fixture
def opened(browser, lab):
    """Opens an edition of the notebook in a page of its own, its kernel ready."""
    pages = []

    def open_edition(edition):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        pages.append(page)
        page.goto(lab.page(f"{edition}/{NOTEBOOK}"))
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
        return page

    yield open_edition
    for page in pages:
        page.close()


def run_all(page, path: Path) -> list:
    """The code cells of the notebook, saved after *Run*, *Run All Cells*."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(COUNTED, timeout=SECONDS * 1000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    before = path.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    for _ in range(100):
        page.wait_for_timeout(200)
        if path.stat().st_mtime_ns != before:
            break
    # A file may be read while it is written, so the content must be whole JSON.
    for _ in range(20):
        try:
            return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4).cells
        except (json.JSONDecodeError, nbformat.reader.NotJSONError):
            page.wait_for_timeout(100)
    raise AssertionError("JupyterLab saved no notebook")


def code(cells) -> list:
    return [cell for cell in cells if cell.cell_type == "code"]


def test_the_solution_runs_from_the_first_cell_to_the_last_without_an_error(opened, lab):
    page = opened("solution")
    cells = code(run_all(page, lab.home / "solution" / NOTEBOOK))
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert [error for cell in cells if (error := error_of(cell))] == []
    assert page.locator(".jp-OutputArea-output pre").count() > 10


def test_a_blank_notebook_runs_on_past_the_exercises_that_are_open(opened, lab):
    page = opened("student")
    cells = code(run_all(page, lab.home / "student" / NOTEBOOK))
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    kinds = {error["kind"] for cell in cells if (error := error_of(cell))}
    assert "check" in kinds and "other" not in kinds


def test_prose_math_and_hints_are_rendered_and_nothing_of_myst_is_left(opened):
    page = opened("student")
    page.locator(".jp-RenderedMarkdown mjx-container").first.wait_for()
    prose = page.locator(".jp-MarkdownCell .jp-RenderedMarkdown").all_inner_texts()
    assert len(prose) > 20
    assert [found[0] for text in prose if (found := MYST.search(text))] == []
    assert page.locator(".jp-RenderedMarkdown h3", has_text="Exercise: ").count() == 1
    hint = page.locator(".jp-RenderedMarkdown details").first
    assert not hint.locator("p").first.is_visible()
    hint.locator("summary").click()
    assert hint.locator("p").first.is_visible()
