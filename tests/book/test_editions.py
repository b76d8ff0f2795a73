"""Both editions of one book: what each shows, and that neither gets into the other's way."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest

from labcode.publish import editions
from tests.book import desk_book, html_pages, small_book
from tests.book.test_build import jupyter_book

SITES = {edition: editions.folders(edition)[0] for edition in editions.EDITIONS}


def site(folder: Path, edition: str) -> Path:
    return folder / "_build" / SITES[edition]


def page(folder: Path, edition: str, name: str):
    return html_pages.soup(site(folder, edition) / "book" / "lab" / f"{name}.html")


def state(folder: Path) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def leaks(folder: Path) -> list[str]:
    """What only instructors may read in the files of the student edition that are text."""
    texts = desk_book.texts(site(folder, "student"))
    return [
        f"{name}: {it}"
        for name, text in texts.items()
        for it in desk_book.NEVER
        if it in text.lower()
    ]


def rebuilt(folder: Path, edition: str = "student") -> str:
    done = small_book.build(folder, "--edition", edition)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("edition", editions.EDITIONS)
def test_every_cell_is_on_its_page_as_the_edition_shows_it(desk, edition):
    assert html_pages.faults(desk, site(desk, edition), edition) == []
    other = next(e for e in editions.EDITIONS if e != edition)
    assert html_pages.faults(desk, site(desk, edition), other), "and the two are not the same"


def test_the_students_site_has_nothing_of_a_solution_a_hidden_test_or_a_note(desk):
    assert leaks(desk) == []
    assert len(desk_book.texts(site(desk, "student"))) > 20


def test_a_page_that_showed_the_source_of_a_cell_would_be_found(desk_copy, monkeypatch):
    fault = (
        "from labcode.publish import editions\neditions.shown = lambda cell, edition: cell.source\n"
    )
    monkeypatch.setattr(small_book, "DRIVER", fault + small_book.DRIVER)
    (site(desk_copy, "student") / ".stamp.json").unlink()
    shutil.rmtree(desk_copy / "_build" / "work")
    rebuilt(desk_copy)
    found = {each.split(":")[0] for each in leaks(desk_copy)}
    assert found == {"book/lab/shared.html", "book/lab/apart.html", "searchindex.js"}
    assert html_pages.faults(desk_copy, site(desk_copy, "student"))


@pytest.mark.parametrize(("name", "outputs"), [("shared", 1), ("apart", 2)])
def test_an_exercise_is_a_box_hints_a_stub_its_output_and_a_check(desk, name, outputs):
    parsed = page(desk, "student", name)
    (box,) = parsed.select(".admonition.lab-exercise")
    title = box.select_one(".admonition-title")
    assert " ".join(title.text.split()) == "Exercise: Double it 3 points"
    assert box["id"] == "exercise-double" and "Write double." in box.text
    hints = parsed.select("details.lab-hint")
    assert [" ".join(hint.summary.text.split()) for hint in hints] == ["Hint 1", "Hint 2"]
    assert not any(hint.has_attr("open") for hint in hints)
    assert "What is twice a number?" in hints[0].text

    cells = parsed.select(".cell.tag_exercise")
    assert len(cells) == outputs
    for cell in cells:
        captions = [caption.text for caption in cell.select(".lab-part")]
        assert captions == ["Your code", "Expected output"]
        assert "raise NotImplementedError()" in cell.select_one(".cell_input").text
        output = cell.select_one(".lab-part + .cell_output").text
        assert output.strip().startswith("seven doubled: 14")
        framework = html_pages.tab_of(cell)
        assert framework is None or output.strip().endswith(f"in {framework}")
    for cell in parsed.select(".cell.tag_check"):
        assert [caption.text for caption in cell.select(".lab-part")] == ["Check"]
        assert "twice 2 is 4" in cell.text
    tabs = [html_pages.tab_of(cell) for cell in cells]
    assert tabs == ([None] if outputs == 1 else ["pytorch", "tensorflow"])


def test_the_instructors_pages_show_solutions_hidden_tests_and_notes_marked(desk):
    for name, notes in (("shared", ["ZEBRA-FIRST", "ZEBRA-SECOND"]), ("apart", ["ZEBRA-PROSE"])):
        parsed = page(desk, "instructor", name)
        (box,) = parsed.select(".admonition.lab-grading")
        assert all(note in box.text for note in notes)
        assert box.select_one(".admonition-title").text == "Grading notes"
        marked = [each.text for each in parsed.select(".cell .hll")]
        assert any("CANARY-SOLUTION" in line for line in marked)
        assert any("CANARY-HIDDEN" in line for line in marked)
        assert not any("seven doubled" in line or "twice 2" in line for line in marked)
        captions = {caption.text for caption in parsed.select(".lab-part")}
        assert captions == {"Solution", "Expected output", "Check, with hidden tests"}


def test_every_page_of_the_instructors_edition_says_so_and_no_other(desk):
    for edition in editions.EDITIONS:
        pages = list((site(desk, edition) / "book").rglob("*.html"))
        pages += [site(desk, edition) / name for name in ("search.html", "genindex.html")]
        assert len(pages) == 5
        said = [html_pages.soup(p).select_one(".bd-header-announcement") for p in pages]
        if edition == "instructor":
            assert {each.text.strip() for each in said} == {editions.NOTICE}
        else:
            assert said == [None] * 5
            assert not any(editions.NOTICE in p.read_text() for p in pages)


def test_only_the_students_site_has_downloads_and_they_open_as_files_or_elsewhere(desk):
    found = site(desk, "student") / "notebooks"
    names = {p.name for p in found.iterdir()}
    assert {"shared-pytorch.ipynb", "apart-tensorflow.ipynb", "lab1-pytorch.zip"} <= names
    for path in found.glob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))
    assert (site(desk, "student") / ".binder" / "requirements.txt").is_file()
    for name in ("shared", "apart"):
        links = page(desk, "student", name).select(".lab-bar a")
        assert len(links) == 2 * 4
        for link in links:
            if link.has_attr("download"):
                assert (site(desk, "student") / "book" / "lab" / link["href"]).resolve().is_file()
            else:
                assert "example/lab" in link["href"] and "gh-pages" in link["href"]
        assert not page(desk, "instructor", name).select(".lab-bar")
    other = site(desk, "instructor")
    assert not (other / "notebooks").exists() and not (other / ".binder").exists()


def test_building_one_edition_leaves_the_other_untouched_and_out_of_date(desk_copy):
    chapter = desk_copy / "book" / "lab" / "shared.md"
    for edition, other in zip(editions.EDITIONS, reversed(editions.EDITIONS), strict=True):
        text = re.sub(r"Write `double`.*", f"Write `double` ({edition}).", chapter.read_text())
        chapter.write_text(text.replace("ZEBRA-FIRST", f"ZEBRA-FIRST ({edition})"))
        before = [state(desk_copy / "_build" / name) for name in editions.folders(other)]
        told = rebuilt(desk_copy, edition)
        assert "0 executed, 4 from the cache" in told and "nothing changed" not in told
        assert [state(desk_copy / "_build" / name) for name in editions.folders(other)] == before
        assert f"Write double ({edition})." in page(desk_copy, edition, "shared").text
    assert "ZEBRA-FIRST (instructor) (student)" in page(desk_copy, "instructor", "shared").text
    assert leaks(desk_copy) == []
    assert "nothing changed" not in rebuilt(desk_copy, "student"), "the notes' file changed"
    for edition in editions.EDITIONS:
        assert "nothing changed" in rebuilt(desk_copy, edition)


def test_downloads_follow_their_chapter_and_a_lost_or_foreign_one_is_put_right(desk_copy):
    folder = site(desk_copy, "student") / "notebooks"
    (folder / "apart-pytorch.ipynb").unlink()
    (folder / "old-pytorch.ipynb").write_text("{}")
    chapter = desk_copy / "book" / "lab" / "shared.md"
    chapter.write_text(chapter.read_text().replace("Write `double`.", "Write `double`, please."))
    rebuilt(desk_copy)
    assert (folder / "apart-pytorch.ipynb").is_file()
    assert not (folder / "old-pytorch.ipynb").exists()
    assert "please" in (folder / "shared-pytorch.ipynb").read_text()

    toc = desk_copy / "_toc.yml"
    toc.write_text(toc.read_text().replace("  - file: book/lab/apart\n", ""))
    rebuilt(desk_copy)
    assert {p.stem for p in folder.glob("*.ipynb")} == {"shared-pytorch", "shared-tensorflow"}


def test_a_notebook_that_changed_without_its_page_is_published(desk_copy, monkeypatch):
    names = ("shared", "apart")
    pages = [page(desk_copy, "student", name).select_one("article") for name in names]
    newer = (
        "from labcode.publish import distribution\n"
        "locked = distribution.locked\n"
        "distribution.locked = lambda: locked() | {'torch': '99.9'}\n"
    )
    monkeypatch.setattr(small_book, "DRIVER", newer + small_book.DRIVER)
    assert "nothing changed" not in rebuilt(desk_copy)
    notebook = site(desk_copy, "student") / "notebooks" / "shared-pytorch.ipynb"
    assert "99.9" in notebook.read_text()
    assert [page(desk_copy, "student", name).select_one("article") for name in names] == pages


def test_a_repository_that_is_set_reaches_pages_whose_source_is_the_same(desk_copy):
    config = desk_copy / "_config.yml"
    config.write_text(config.read_text().replace(desk_book.ADDRESS, "https://github.com/else/lab"))
    rebuilt(desk_copy)
    links = [a["href"] for a in page(desk_copy, "student", "shared").select(".lab-bar a")]
    assert any("else/lab" in link for link in links)
    assert not any("example/lab" in link for link in links)


def test_plain_jupyter_book_makes_the_student_edition_beside_an_instructors_one(desk_copy):
    before = state(site(desk_copy, "instructor"))
    shutil.rmtree(site(desk_copy, "student"))
    done = jupyter_book(desk_copy)
    assert done.returncode == 0, done.stdout
    assert leaks(desk_copy) == []
    assert (site(desk_copy, "student") / "notebooks" / "lab1-tensorflow.zip").is_file()
    assert state(site(desk_copy, "instructor")) == before


def test_what_cannot_be_exported_stops_the_build_with_file_and_line(desk_copy):
    chapter = desk_copy / "book" / "lab" / "shared.md"
    lines = chapter.read_text().splitlines()
    at = lines.index("What it does with a word:")
    lines[at] = "What it does with a word: <!-- a page hides this, a notebook shows it -->"
    chapter.write_text("\n".join(lines) + "\n")
    done = small_book.build(desk_copy)
    assert done.returncode == 1 and f"book/lab/shared.md:{at + 1}: a comment" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_note_that_reached_a_students_page_would_stop_the_build(desk_copy, monkeypatch):
    fault = (
        "from labcode.publish import grading, page\n"
        "page.shown = lambda c, i, e: page.replace(c.cells[i], source=grading.restored(c, i))"
        " if c.cells[i].kind == 'markdown' else c.cells[i]\n"
    )
    monkeypatch.setattr(small_book, "DRIVER", fault + small_book.DRIVER)
    shutil.rmtree(desk_copy / "_build" / "work")
    (site(desk_copy, "student") / ".stamp.json").unlink()
    done = small_book.build(desk_copy)
    assert done.returncode == 1
    assert "a grading note on a page of the student edition" in done.stdout
