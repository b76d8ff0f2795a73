"""What ``new-chapter`` refuses; that what it writes runs is in test_contributing."""

import pytest

from labcode.errors import ChapterError
from labcode.publish.new_chapter import label, write
from tests.book import small_book


@pytest.fixture
def book(tmp_path):
    return small_book.make(tmp_path / "small")


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
