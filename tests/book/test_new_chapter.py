"""The template: a chapter made of it runs in both frameworks, agrees, and is a page of a book."""

import os
import subprocess
import sys

import pytest

from labcode.cli import main
from labcode.errors import ChapterError
from labcode.publish.new_chapter import label, write
from tests.book import html_pages, small_book


@pytest.fixture
def book(tmp_path):
    return small_book.make(tmp_path / "small")


def test_the_template_runs_in_the_real_frameworks_and_becomes_a_page(book, capsys):
    assert main(["new-chapter", "lab/12-two-by-two", "--title", "Two by two", "--root",
                 str(book)]) == 0  # fmt: skip
    line = capsys.readouterr().out.splitlines()[-1]
    toc = book / "_toc.yml"
    # The small book lists its chapters without parts, and so less indented.
    toc.write_text("format: jb-book\nroot: book/index\nchapters:\n" + line[4:] + "\n")
    done = small_book.build(book)
    assert done.returncode == 0, done.stdout
    assert "2 notebooks: 2 executed" in done.stdout
    site = book / "_build" / "html"
    assert html_pages.faults(book, site) == []
    page = html_pages.soup(site / "book" / "lab" / "12-two-by-two.html")
    assert page.h1.get_text().startswith("Two by two") and page.find(id="two-by-two")
    assert page.find("img", alt=lambda text: text and text.startswith("A matrix of two by two"))
    text = page.get_text()
    assert "product" in text and "point is for the reason" not in text
    executed = small_book.environment(book)
    said = subprocess.run(
        [sys.executable, "-m", "labcode.cli", "links", "--root", str(book)],
        env={**os.environ, **executed}, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0 and "lead somewhere" in said.stdout, said.stderr


def test_nothing_that_exists_is_changed(book):
    path = book / "book" / "lab" / "second.md"
    before = path.read_text()
    with pytest.raises(ChapterError, match="lab/second.md is there already"):
        write(book, "lab/second", "Second")
    assert path.read_text() == before


def test_a_label_that_is_taken_is_refused(book):
    with pytest.raises(ChapterError, match=r"book/lab/sums.md has the label \(sums\)="):
        write(book, "start/03-sums", "Sums")
    assert not (book / "book" / "start").exists()


@pytest.mark.parametrize("name", ["", "../out", "/tmp/x", "Lab/x", "a b", "x.md", "lab/"])
def test_a_name_that_is_none_is_refused(book, name):
    before = sorted(book.rglob("*"))
    with pytest.raises(ChapterError, match="no name for a chapter"):
        write(book, name, "Title")
    assert sorted(book.rglob("*")) == before


@pytest.mark.parametrize("title", ["", "  ", "two\nlines"])
def test_a_title_is_one_line(book, title):
    with pytest.raises(ChapterError, match="one line"):
        write(book, "new", title)


def test_outside_of_a_book_nothing_is_written(tmp_path):
    with pytest.raises(ChapterError, match="no book"):
        write(tmp_path, "new", "New")
    assert list(tmp_path.iterdir()) == []


def test_the_label_leaves_the_number_out():
    assert label("lab/12-pruning") == "pruning" and label("equal/speed") == "speed"
