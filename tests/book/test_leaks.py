"""Nothing of a solution, a hidden test or a grading note is in what students get.

The instructor's site shows that the search finds: there it must find every one of them. Each way
of hiding that we could think of is planted, and must be found.
"""

import base64
import gzip
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from labcode.publish.bundles import bundles
from labcode.publish.contents import read_book
from labcode.publish.notebooks import export
from tests.book import html_pages, leaks

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = "return x + x  # CANARY-SOLUTION"
HIDDEN = "assert double(7) == 14  # CANARY-HIDDEN"
NOTE = "a common mistake is five"


def labcode_sources() -> list[str]:
    """What students may read in the package."""
    paths = sorted((ROOT / "labcode").rglob("*.py"))
    return [path.read_text(encoding="utf-8") for path in paths]


@pytest.fixture(scope="module")
def source(desk) -> leaks.Source:
    return leaks.read(desk)


@pytest.fixture(scope="module")
def real() -> tuple[leaks.Source, leaks.Needles]:
    source = leaks.read(ROOT)
    return source, leaks.needles(source, labcode_sources())


def found_in(folder: Path, source: leaks.Source) -> list[str]:
    search = leaks.Search(leaks.needles(source))
    search.folder(folder)
    return search.messages() + leaks.index_leaks(folder, source)


def test_the_students_site_of_a_small_book_has_nothing_of_them(desk, source):
    assert found_in(desk / "_build" / "html", source) == []


def test_the_instructors_site_has_all_of_them_and_each_is_found(desk, source):
    search = leaks.Search(leaks.needles(source))
    search.folder(desk / "_build" / "html-instructor")
    # Chapters may share a line; it is then found in the name of one.
    assert {s.lines for _, s in search.found} == {s.lines for s in source.secrets}
    assert {secret.kind for secret in source.secrets} == {"solution", "hidden test", "grading note"}


def picture(text: str, compressed: bool = False, after: bytes = b"") -> bytes:
    """A PNG with ``text`` in a chunk of its own."""
    about, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    about.add_text("Comment", text, zip=compressed)
    Image.new("RGB", (4, 4)).save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue() + after


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return buffer.getvalue()


def tar(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as opened:
        info = tarfile.TarInfo("inner")
        info.size = len(data)
        opened.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def spans(text: str) -> str:
    """As Pygments writes code."""
    words = "</span> <span class='n'>".join(word for word in text.split())
    return f"<pre><span>{words}</span></pre>".replace("+", "<span>+</span>")


def notebook(text: str) -> dict:
    cell = {"cell_type": "code", "source": [], "metadata": {"original": text}}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


LINES = ["def double(x):\n", f"    {SOLUTION}\n"]
PLANTS = {
    "page": ("p.html", spans(SOLUTION).encode()),
    "note on a page": (
        "p.html",
        b"<li>Four; a <em>common</em>\nmistake is <code>five</code>.</li>",
    ),
    "attribute": ("p.html", f'<a title="{SOLUTION.replace("+", "&#43;")}">x</a>'.encode()),
    "comment": ("p.html", f"<!-- {HIDDEN} -->".encode()),
    "address": ("p.html", b"<a href='data:,return%20x%20%2B%20x%20%20%23%20CANARY-SOLUTION'>x</a>"),
    "script": ("s.js", json.dumps(f"1\n\t{SOLUTION}").replace("+", "\\u002b").encode()),
    "metadata of a notebook": ("n.ipynb", json.dumps(notebook(HIDDEN)).encode()),
    "lines of a notebook": ("n.ipynb", json.dumps({"source": LINES}, indent=1).encode()),
    "_sources": ("_sources/one.md.txt", f"```\n{HIDDEN}\n```".encode()),
    "provenance": ("one.provenance.json", json.dumps({"a": [{"b": NOTE}]}).encode()),
    "doctree": (".doctrees/one.doctree", b"\x80\x05\0\0" + HIDDEN.encode() + b"\0\x94"),
    "archive": ("lab.zip", archive(a=SOLUTION.encode())),
    "archive in an archive": ("lab.zip", archive(whl=archive(cell=LINES[1].encode()))),
    "name in an archive": ("lab.zip", archive(**{HIDDEN: b""})),
    "tar": ("lab.tar.gz", tar(NOTE.encode())),
    "gzip": (".cache", gzip.compress(HIDDEN.encode())),
    "picture": ("p.png", picture(SOLUTION)),
    "compressed text of a picture": ("p.png", picture(HIDDEN, compressed=True)),
    "behind a picture": ("p.png", picture("nothing", after=SOLUTION.encode())),
    "base64": ("p.html", b"<img src='data:x;base64," + base64.b64encode(HIDDEN.encode()) + b"'>"),
    "gzip in base64 in JSON": (
        "p.json",
        json.dumps([base64.b64encode(gzip.compress(SOLUTION.encode())).decode()]).encode(),
    ),
    "picture in a notebook": (
        "n.ipynb",
        json.dumps({"image/png": base64.encodebytes(picture(NOTE)).decode()}).encode(),
    ),
    "UTF-16": ("p.txt", SOLUTION.encode("utf-16")),
    "name of a file": ("return x + x  # CANARY-SOLUTION", b""),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_leaked_on_purpose_is_found(source, tmp_path, plant):
    name, data = PLANTS[plant]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    search = leaks.Search(leaks.needles(source))
    search.folder(tmp_path)
    assert search.messages() and all(name in message for message in search.messages())


@pytest.mark.parametrize("pages", [0, []])
@pytest.mark.parametrize("word", ["canari", "hidden"])
def test_a_word_of_a_secret_in_the_search_index_is_found(desk, source, tmp_path, word, pages):
    site = shutil.copytree(desk / "_build" / "html", tmp_path / "site")
    index = leaks.read_index(site)
    assert leaks.index_leaks(site, source) == []
    index["terms"][word] = pages
    (site / "searchindex.js").write_text(f"Search.setIndex({json.dumps(index)})")
    (found,) = leaks.index_leaks(site, source)
    assert found.startswith("searchindex.js, ")


def test_a_line_that_students_read_elsewhere_is_no_leak_but_its_neighbours_are():
    secret = leaks.Secret(
        "solution", "one", "x.md:1", ("total = sum(numbers)", "total = total / 4")
    )
    source = leaks.Source([secret], {"x": ["total = sum(numbers)"]})
    found = leaks.needles(source)
    assert (found.common, found.total) == (1, 2)
    search = leaks.Search(found)
    search.file("shown", b"total = sum(numbers)")
    assert search.messages() == []
    search.file("leaked", b"total=total/4")
    assert search.messages() == ["leaked: solution of one (x.md:1)"]


def test_a_secret_that_could_not_be_recognised_is_an_error_that_names_it():
    secret = leaks.Secret("solution", "sum-up", "x.md:1", ("total = sum(numbers)",), "# write it")
    source = leaks.Source([secret], {"x": ["# write it", "total = sum(numbers)"]})
    with pytest.raises(ValueError, match=r"solution of sum-up \(x.md:1\)"):
        leaks.needles(source)


def test_every_exercise_and_note_of_the_real_book_can_be_recognised(real):
    source, needles = real
    alone = f"{needles.common} of {needles.total} lines stand where students read them, too"
    print(alone)
    assert needles.common < needles.total / 4, alone
    exercises = {e for c in read_book(ROOT).chapters.values() for e in _exercises(c)}
    assert exercises <= {secret.name for secret in source.secrets}


def _exercises(chapter) -> set[str]:
    return {c.metadata["exercise"]["id"] for c in chapter.cells if "exercise" in c.tags}


def test_each_solution_and_hidden_test_is_found_in_the_notebooks_for_grading(real):
    source, needles = real
    search = leaks.Search(needles)
    for name, data in export(read_book(ROOT), "solution").items():
        search.file(name, data)
    wanted = {s.lines for s in source.secrets if s.kind != "grading note"}
    assert wanted <= {s.lines for _, s in search.found}


def test_the_real_students_site_has_nothing_of_them(real):
    source, needles = real
    site = html_pages.real_site()
    search = leaks.Search(needles)
    search.folder(site)
    assert search.messages() + leaks.index_leaks(site, source) == []


def test_the_real_bundles_have_nothing_of_them(real):
    search = leaks.Search(real[1])
    for name, data in bundles(read_book(ROOT)).items():
        search.file(name, data)
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            members = opened.namelist()
            (wheel,) = [opened.read(name) for name in members if name.endswith(".whl")]
        with zipfile.ZipFile(io.BytesIO(wheel)) as opened:
            members += opened.namelist()
        assert all(m.startswith(("lab1-", "labcode/", "labcode-")) for m in members)
        assert not [m for m in members if m.endswith((".md", ".toml"))
                    and not m.endswith(("README.md",)) and "/shipped/" not in m]  # fmt: skip
    assert search.messages() == []
