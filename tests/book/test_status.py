"""The status page: what it says of each notebook, and when it is made anew."""

import json
from pathlib import Path

import pytest

from labcode.agreement import Comparison
from labcode.publish import status
from labcode.publish.contents import Book
from labcode.publish.parsing import read_chapter
from tests.book import html_pages, small_book

PAGE = "_build/html/book/status.html"


def rows(folder: Path) -> list[list[str]]:
    """The table's rows as a reader sees them, a cell that spans two rows in both."""
    found, spanning = [], {}
    for row in html_pages.soup(folder / PAGE).select(".lab-status tbody tr"):
        texts = []
        for cell in row.find_all("td"):
            while spanning.get(len(texts), (0, ""))[0]:
                left, text = spanning[len(texts)]
                spanning[len(texts)] = left - 1, text
                texts.append(text)
            text = " ".join(cell.get_text(" ").split())
            if int(cell.get("rowspan", 1)) > 1:
                spanning[len(texts)] = int(cell["rowspan"]) - 1, text
            texts.append(text)
        found.append(texts)
    return found


def made(folder: Path) -> int:
    """When the status page was read last."""
    return (folder / "_build" / "work" / ".doctrees" / "book" / "status.doctree").stat().st_mtime_ns


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_each_notebook_has_a_row_that_says_what_its_page_says(built):
    found = rows(built)
    assert [(row[0], row[1]) for row in found] == [
        ("A small book", "no code to run"),
        ("Sums in two frameworks", "PyTorch"),
        ("Sums in two frameworks", "TensorFlow"),
        ("A second page", "PyTorch"),
        ("A second page", "TensorFlow"),
        ("The state", "no code to run"),
    ]
    for row in found[1:5]:
        name = "sums" if "Sums" in row[0] else "second"
        told = json.loads((built / f"_build/html/book/lab/{name}.provenance.json").read_text())
        run = told["notebooks"][row[1].lower()]
        assert row[2] == f"{run['seconds']:.1f} s"
        assert row[3] == f"{run['peak_memory_bytes'] / 2**20:,.0f} MiB"
        assert row[5] == run["provenance"]["made"][:10]
        assert row[6] == run["provenance"]["device"]["name"]
        assert row[7:] == ["Tiny ImageNet, 6 + 3 images", "quick"]
    assert [row[4] for row in found[1:5:2]] == ["2 values, no difference", "none"]


def test_the_time_of_all_notebooks_is_summed(built):
    seconds = sum(
        run["seconds"]
        for path in (built / "_build/html").rglob("*.provenance.json")
        for run in json.loads(path.read_text())["notebooks"].values()
    )
    text = html_pages.soup(built / PAGE).get_text()
    assert f"All 4 notebooks together took {seconds:.1f}\N{NO-BREAK SPACE}s to execute." in text


def test_chapters_are_linked(built):
    links = html_pages.soup(built / PAGE).select(".lab-status tbody a")
    assert [link["href"] for link in links] == [
        "index.html", "lab/sums.html", "lab/second.html", "#"]  # fmt: skip


def test_prose_leaves_it_alone_and_a_result_makes_it_anew(copy):
    edit(copy / "book/index.md", "in one line", "in a line")  # Sphinx reads a moved book anew
    small_book.build(copy)
    before = made(copy)
    sums = copy / "book/lab/sums.md"
    edit(sums, "Both kernels begin", "Indeed both kernels begin")
    assert small_book.build(copy).returncode == 0
    assert made(copy) == before

    shown = rows(copy)
    edit(sums, 'total = sum(numbers)\nprint("tens', 'total = sum(numbers) + 5e-7\nprint("tens')
    assert small_book.build(copy).returncode == 0
    assert made(copy) > before
    assert [row[4] for row in rows(copy)[1:3]] == ["2 values, at most 50% of the tolerance"] * 2
    assert rows(copy)[3:] == shown[3:]


def test_a_new_title_reaches_the_contents_of_every_page(copy):
    edit(copy / "book/index.md", "in one line", "in a line")  # Sphinx reads a moved book anew
    small_book.build(copy)
    edit(copy / "book/lab/second.md", "# A second page", "# Another page")
    assert small_book.build(copy).returncode == 0
    assert rows(copy)[3][0] == "Another page"
    for page in (copy / "_build/html/book").rglob("*.html"):
        assert "Another page" in page.read_text() and "A second page" not in page.read_text()


def test_titles_and_their_order_count_and_prose_does_not(tmp_path):
    def signature(*texts: str) -> str:
        chapters = [read_chapter(tmp_path / f"{i}.md", t, tmp_path) for i, t in enumerate(texts)]
        return status.signature(Book(tmp_path, {chapter.name: chapter for chapter in chapters}))

    first = signature("# A\n\nProse.\n", "# B\n")
    assert signature("# A\n\nOther.\n", "# B\n") == first
    assert len({first, signature("# A\n", "# C\n"), signature("# B\n", "# A\n")}) == 3


@pytest.mark.parametrize(
    "differences, said",
    [
        ([(0.0, 0.0)], "1 value, no difference"),
        ([(0.0, 1e-3), (1e-7, 1e-3)], "2 values, at most 1% of the tolerance"),
        ([(1e-3, 1e-3), (1e-7, 1e-3)], "2 values, at most 100% of the tolerance"),
        ([], "none"),
    ],
)
def test_agreement_is_told_by_the_largest_share_of_a_tolerance(differences, said):
    found = [Comparison("x", (1,), d, atol, None, None, True, "") for d, atol in differences]
    assert status.agreed(found) == said
