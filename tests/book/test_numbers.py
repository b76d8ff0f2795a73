"""Each measured number in the book's prose lies in its band; the study's prose has no bare ones."""

from pathlib import Path

import pytest

from labcode.publish.contents import Book, read_book
from tests.book import stated
from tests.publish import small_chapters, small_results

ROOT = Path(__file__).resolve().parents[2]
STUDY = "book/equal/"
"""The chapters about the measurements, in which every number rests on a run or on the report."""


@pytest.fixture(scope="module")
def book() -> Book:
    return read_book(ROOT)


def test_every_measured_number_is_in_the_band_that_its_sentence_states(book):
    assert [fault for each in book.chapters.values() for fault in stated.wrong(each)] == []


def test_the_study_states_no_number_that_rests_on_nothing(book):
    chapters = [each for name, each in book.chapters.items() if name.startswith(STUDY)]
    assert [fault for each in chapters for fault in stated.bare(each)] == []


SAID = "{measured}`turtle.mean-time in 2..3`"

PLACES = {
    "prose": (f"It took\n{SAID} s.", 4),
    "a list": (f"- a\n- b {SAID}", 4),
    "a table": (f"| a |\n|---|\n| {SAID} |", 5),
    "a box": (f":::{{note}}\n:class: x\n\na\n{SAID}\n:::", 7),
    "a box in a box": (f"::::{{tip}}\n```{{note}}\n{SAID}\n```\n::::", 5),
    "a title": (f":::{{admonition}} {SAID}\na\n:::", 3),
    "a tab": (f'+++ {{"tags": ["pytorch"]}}\na\n\n{SAID}\n\n+++\n\nb', 6),
    "an answer": (f":::{{grading}}\nAbout {SAID} s.\n:::", 4),
}


@pytest.mark.parametrize("text, line", PLACES.values(), ids=PLACES)
def test_a_number_out_of_its_band_is_found_in_every_place(tmp_path, monkeypatch, text, line):
    small_results.plant_for_a_test(monkeypatch)
    small_results.write(tmp_path / "book" / "results", "turtle", 3.5)
    chapter = small_chapters.chapter(f"# A\n\n{text}\n", root=tmp_path)
    (fault,) = stated.wrong(chapter)
    assert fault.startswith(f"book/one.md:{line}: turtle.mean-time is 3.5, and its sentence states")
    small_results.write(tmp_path / "book" / "results", "turtle", 2.5)
    assert stated.wrong(chapter) == []


def bare(text: str) -> list[str]:
    return stated.bare(small_chapters.chapter(f"# A\n\n{text}\n"))


BARE = {
    "a share": ("PyTorch took 31 % less.", "3: 31 %"),
    "a share, tight": ("a\nIt took 31% less.", "4: 31%"),
    "in words": ("It took 31 per cent less.", "3: 31 per cent"),
    "a ratio": ("It is 1.8 times as fast.", "3: 1.8 times"),
    "a ratio, tight": ("It is 1.8× as fast.", "3: 1.8×"),
    "a time": ("A step takes 12.5 ms.", "3: 12.5 ms"),
    "seconds": ("It took 3 s, or so", "3: 3 s"),
    "a throughput": ("We saw 1,200 images/s.", "3: 1,200 images/s"),
    "memory": ("It held 512 MiB", "3: 512 MiB"),
    "power": ("It drew 300 W.", "3: 300 W"),
    "a range": ("30–32 % less", "3: 30–32 %"),
    "a no-break space": ("30\u00a0% less", "3: 30 %"),
    "across lines": ("It took 30\nms.", "3: 30 ms"),
    "a list": ("- a\n- b\n  - 3 GB", "5: 3 GB"),
    "a table": ("| a | b |\n|---|---|\n| x | 40 % |", "5: 40 %"),
    "a heading": ("## 31 % less", "3: 31 %"),
    "a box": (":::{note}\n:class: x\na\n\nb 5 ms\n:::", "7: 5 ms"),
    "a title": (":::{admonition} In 3 minutes\na\n:::", "3: 3 minutes"),
    "a tab": ('+++ {"tags": ["pytorch"]}\n\nHere 5 ms.\n\n+++\n\nb', "5: 5 ms"),
    "an answer": (":::{grading}\n31 %\n:::", "4: 31 %"),
    "a link's text": ("[31 % less](https://example.org)", "3: 31 %"),
    "another role": ("{ref}`31 % less <a>`", "3: 31 %"),
    "beside a role": ("{reported}`30 %`, and 31 % here", "3: 31 %"),
    "no role": ("\\{measured} 31 %", "3: 31 %"),
}


@pytest.mark.parametrize("text, wanted", BARE.values(), ids=BARE)
def test_a_number_with_a_unit_is_bare_outside_of_a_role(text, wanted):
    assert bare(text) == [f"book/one.md:{wanted}"]


FREE = {
    "measured": "It is {measured}`hare.share in 0.2..0.4 as .0%` less, in {measured}`a in 1..` s.",
    "reported": "The report says {reported}`30–32 %`, and {reported}`300 W`.",
    "code": "Guessing gives `0.5 %`.",
    "math": "Guessing gives $1 / 200 = 0.5\\,\\%$, in $5$ s.",
    "a block of code": "```text\n31 % of 5 ms\n```",
    "a block of math": "$$\n5\\,s\n$$",
    "a directive of code": ":::{code-block} text\n31 % of 5 ms\n:::",
    "a comment": "a\n\n% 31 % of 5 ms\n\nb",
    "an address": "[a](https://example.org/10%20ms) <https://example.org/10%20ms>",
    "counts and shapes": "In 2024, 3 layers of 5 × 5 × 32 weights, 200 classes, batch 32.",
    "names": "A5, top-1, float32, Lab 2, RTX 3090, the 1990s, C1–C3, H100s",
    "words": "Three times as fast.",
}


@pytest.mark.parametrize("text", FREE.values(), ids=FREE)
def test_what_is_marked_defined_or_counted_is_not_bare(text):
    assert bare(text) == []


def test_code_cells_are_not_prose():
    assert bare('```{code-cell}\nprint("31 % of 5 ms")\n```') == []
