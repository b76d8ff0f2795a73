"""Files that cells offer: beside their page, from the cache too, and gone when none offers them."""

import shutil
from pathlib import Path
from urllib.parse import unquote

from tests.book import html_pages, small_book

PAGE = "_build/html/book/lab/second.html"
FOLDER = "_build/html/book/lab/_files"


def offered(folder: Path) -> Path:
    """The file behind the one link that the second page offers."""
    (link,) = html_pages.soup(folder / PAGE).select(".lab-download a")
    assert link.text == "Every byte once"
    return (folder / PAGE).parent / unquote(link["href"])


def kept(folder: Path) -> list[str]:
    """Everything below the folders of offered files."""
    return sorted(p.name for p in (folder / "_build/html").rglob("_files/**/*") if p.is_file())


def test_the_link_on_the_page_leads_to_the_very_file(built):
    assert offered(built).read_bytes() == bytes(range(256))
    assert "256 bytes" in html_pages.soup(built / PAGE).get_text()
    assert kept(built) == ["all bytes.bin"]


def test_the_file_comes_from_the_cache_when_the_site_is_made_anew(copy):
    for name in ("html", "work"):
        shutil.rmtree(copy / "_build" / name)
    done = small_book.build(copy)
    assert "0 executed, 4 from the cache" in done.stdout
    assert offered(copy).read_bytes() == bytes(range(256))


def test_a_file_that_was_lost_from_the_site_comes_back(copy):
    offered(copy).unlink()
    assert small_book.build(copy).returncode == 0
    assert offered(copy).read_bytes() == bytes(range(256))


def test_a_file_that_none_offers_any_more_is_removed(copy):
    chapter = copy / "book/lab/second.md"
    text = chapter.read_text()
    chapter.write_text(text.replace('downloads.offer("all bytes.bin", "Every byte once")\n', ""))
    assert small_book.build(copy).returncode == 0
    assert kept(copy) == [] and not (copy / FOLDER).exists()
    assert not html_pages.soup(copy / PAGE).select(".lab-download")

    chapter.write_text(text.replace("range(256)", "range(255)"))
    assert small_book.build(copy).returncode == 0
    assert offered(copy).read_bytes() == bytes(range(255)) and kept(copy) == ["all bytes.bin"]


def test_a_file_that_is_missing_stops_the_build(copy):
    chapter = copy / "book/lab/second.md"
    chapter.write_text(chapter.read_text().replace('offer("all', 'offer("no'))
    done = small_book.build(copy)
    assert done.returncode == 1
    assert "book/lab/second.md:" in done.stdout and "there is no file no bytes.bin" in done.stdout
    assert offered(copy).read_bytes() == bytes(range(256)), "the site of before stands"
