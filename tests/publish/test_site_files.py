"""What the site has for download, and the bar that offers it."""

import nbformat
import pytest
from bs4 import BeautifulSoup

from labcode.errors import ChapterError
from labcode.publish import bundles, distribution, site_files, wheel
from labcode.publish.contents import Book
from labcode.publish.notebooks import export
from labcode.publish.repository import Repository
from tests.publish.small_chapters import PLAIN, book, chapter, whole

CODE = "# One\n\n```{code-cell}\nx = 1\n```\n"


def configured(root):
    (root / "_config.yml").write_text("repository:\n  url: https://github.com/example/lab\n")
    return book(root, two=CODE, plain=PLAIN)


def test_the_files_are_the_students_notebooks_the_bundles_and_the_wheel():
    found = site_files.files(whole())
    name, data = wheel.build()
    students, packed = export(whole()), bundles.bundles(whole())
    wanted = {**students, **packed, name: data}
    assert found == {f"notebooks/{key}": value for key, value in wanted.items()}
    assert len(wanted) == 4 + 2 + 1
    assert not any(canary in data for data in found.values() for canary in (b"CANARY", b"NOTE-"))
    for key in students:
        nbformat.validate(nbformat.reads(found[f"notebooks/{key}"].decode(), as_version=4))


def test_a_book_without_code_has_nothing_for_download():
    assert site_files.files(book(plain=PLAIN)) == {}


def test_binder_finds_the_wheel_and_both_frameworks_once_there_is_a_repository(tmp_path):
    found = site_files.files(configured(tmp_path))
    lines = found[".binder/requirements.txt"].decode().splitlines()
    assert lines[0][2:] in found and lines[0] == f"./notebooks/{wheel.build()[0]}"
    for key in ("pytorch", "tensorflow"):
        assert set(distribution.requirements(key)) <= set(lines)
    assert len(lines) == len(set(lines))
    assert found[".binder/runtime.txt"] == b"python-3.11\n"
    assert not any(name.startswith(".binder") for name in site_files.files(whole()))


def test_a_chapter_may_not_lie_where_the_downloads_do():
    found = chapter(PLAIN)
    moved = type(found)(found.path, "notebooks/one", found.title, found.cells)
    with pytest.raises(ChapterError, match=r"^notebooks/one.md:1: .*downloads in notebooks/"):
        site_files.files(Book(found.path.parent, {"notebooks/one": moved}))


def links(one, home=False, published=None) -> dict[str, list[tuple[str, str | None]]]:
    """Class of a line -> address and file name of each link in it."""
    parsed = BeautifulSoup(site_files.bar(one, home, published), "html.parser")
    return {
        line["class"][0]: [(a["href"], a.get("download")) for a in line.find_all("a")]
        for line in parsed.find_all("p")
    }


def test_the_bar_offers_notebook_and_bundle_of_each_framework_as_files():
    assert links(chapter(CODE)) == {
        f"lab-{key}": [
            (f"../notebooks/one-{key}.ipynb", f"one-{key}.ipynb"),
            (f"../notebooks/lab1-{key}.zip", f"lab1-{key}.zip"),
        ]
        for key in ("pytorch", "tensorflow")
    }


def test_colab_and_binder_are_offered_once_there_is_a_repository():
    one, lab = chapter(CODE), Repository("example/lab")
    path = "notebooks/one-tensorflow.ipynb"
    found = links(one, published=lab)["lab-tensorflow"]
    assert found[2:] == [(lab.colab(path), None), (lab.binder(path), None)]


def test_a_page_without_code_has_no_bar_and_the_first_page_has_the_bundles():
    plain = chapter(PLAIN)
    assert site_files.bar(plain, False, None) == ""
    found = links(plain, home=True, published=Repository("example/lab"))
    assert found["lab-pytorch"] == [("../notebooks/lab1-pytorch.zip", "lab1-pytorch.zip")]
