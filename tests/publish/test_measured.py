"""Numbers in prose: how they are written, what becomes of them, and what stops the build."""

import math
import sys
from pathlib import Path

import pytest

from labcode.errors import ChapterError
from labcode.experiments import numbers, quantities
from labcode.experiments.measured import Claim, formatted, read
from labcode.experiments.quantities import QuantityError, quantity, value
from labcode.publish import exercises
from labcode.publish.commonmark import Converter
from labcode.publish.notebooks import export
from labcode.publish.references import References
from tests.publish import small_chapters, small_results

CODE = "\n\n```{code-cell}\nz = 3\n```\n"
MEAN = "turtle.mean-time"
SAID = f"{{measured}}`{MEAN} in 2..4 as .1f`"


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A book's folder whose study ``turtle`` has three runs with a mean of 3.25 s."""
    small_results.plant_for_a_test(monkeypatch)
    small_results.write(tmp_path / "book" / "results", "turtle", 3.0, 3.25, 3.5)
    return tmp_path


def folder(root: Path) -> Path:
    return root / "book" / "results"


# ---- the syntax --------------------------------------------------------------------------------

WRITTEN = {
    "ladder.first-gap in 0.3..0.6 as .0%": Claim("ladder.first-gap", 0.3, 0.6, ".0%"),
    "a in 1..2": Claim("a", 1, 2, ".3g"),
    "a in 1.8..4 as ,.1f": Claim("a", 1.8, 4, ",.1f"),
    "a in 1.8..": Claim("a", 1.8, math.inf),
    "a in ..-0.5 as +.2f": Claim("a", -math.inf, -0.5, "+.2f"),
    "a.b2.c-d in -1e-3..+2E4": Claim("a.b2.c-d", -0.001, 20000),
    "  a  in  1..1  as  .0f ": Claim("a", 1, 1, ".0f"),
}


@pytest.mark.parametrize("text, wanted", WRITTEN.items(), ids=WRITTEN)
def test_a_role_states_a_quantity_a_band_and_a_format(text, wanted):
    assert read(text) == wanted


MISTYPED = {
    "": "NAME in LOW..HIGH",
    "a": "NAME in LOW..HIGH",
    "a in 1": "NAME in LOW..HIGH",
    "a in 1.2": "NAME in LOW..HIGH",
    "a in 1...2": "NAME in LOW..HIGH",
    "a in 1..2..3": "NAME in LOW..HIGH",
    "a in .5..2": "NAME in LOW..HIGH",
    "a in 1,5..2": "NAME in LOW..HIGH",
    "a in inf..nan": "NAME in LOW..HIGH",
    "a in 30%..60%": "NAME in LOW..HIGH",
    "A in 1..2": "NAME in LOW..HIGH",
    "a. in 1..2": "NAME in LOW..HIGH",
    "a in 1..2 as": "NAME in LOW..HIGH",
    "a in 1..2 .1f": "NAME in LOW..HIGH",
    "a in 1..2 as .1f please": "NAME in LOW..HIGH",
    "a in ..": "at least one bound",
    "a in 2..1": "empty band",
    "a in 1..2 as .1q": "does not format a number",
    "a in 1..2 as d": "does not format a number",
}


@pytest.mark.parametrize("text, words", MISTYPED.items(), ids=MISTYPED)
def test_a_mistyped_role_is_an_error_that_says_how_to_write_it(text, words):
    with pytest.raises(QuantityError, match=words):
        read(text)


@pytest.mark.parametrize(
    "number, spec, wanted",
    [
        (0.3149, ".0%", "31\u00a0%"),
        (2.06, ".1f", "2.1"),
        (0.00012345, ".3g", "0.000123"),
        (12345.6, ",.0f", "12,346"),
        (5, ">8.1f", "5.0"),
    ],
)
def test_a_number_is_shown_by_its_format(number, spec, wanted):
    assert formatted(number, spec) == wanted


# ---- the band ----------------------------------------------------------------------------------


@pytest.mark.parametrize("band", ["3.25..3.25", "..3.25", "3.25..", "3..4"])
def test_both_bounds_belong_to_the_band(root, band):
    assert read(f"{MEAN} in {band}").shown(folder(root)).text == "3.25"


@pytest.mark.parametrize("band", ["3.26..4", "1..3.24", "3.2500001..", "..3.2499999"])
def test_a_number_outside_of_its_band_is_an_error_with_both(root, band):
    claim = read(f"{MEAN} in {band} as .0f")  # though it is shown as 3
    with pytest.raises(QuantityError) as caught:
        claim.shown(folder(root))
    assert f"{MEAN} is 3.25" in str(caught.value) and claim.band in str(caught.value)


def test_the_title_names_the_quantity_the_band_and_the_files(root):
    assert read(f"{MEAN} in 3..").shown(folder(root)).title == (
        "turtle.mean-time, from 3 result files; the sentence holds for at least 3"
    )
    small_results.write(folder(root), "hare", 1.0)
    assert read("hare.mean-time in ..2").shown(folder(root)).title == (
        "hare.mean-time, from 1 result file; the sentence holds for at most 2"
    )


# ---- quantities --------------------------------------------------------------------------------

UNKNOWN = {
    "turtle.mean-tim": "did you mean turtle.mean-time",
    "zzz": "labcode/experiments/numbers",
    "hare.mean-time": "labcode experiment run hare",
    "turtle.key": "KeyError: 'watts'",
    "turtle.nan": "is nan",
    "nothing.read": "rests on no recorded run",
}


@pytest.mark.parametrize("name, words", UNKNOWN.items(), ids=UNKNOWN)
def test_what_has_no_value_is_an_error_that_names_it(root, name, words):
    with pytest.raises(QuantityError) as caught:
        value(name, folder(root))
    assert name in str(caught.value) and words in str(caught.value)


def test_the_files_of_a_study_count_once_however_often_it_is_read(root):
    quantity("twice")(lambda results: len(results.study("turtle")) + len(results.study("turtle")))
    assert quantities.measure("twice", folder(root)) == quantities.Measurement(6.0, 3)


def test_a_result_that_changes_is_read_anew(root):
    assert value(MEAN, folder(root)) == value(MEAN, folder(root)) == 3.25
    small_results.write(folder(root), "turtle", 3.5, 3.75, 4.0)
    assert value(MEAN, folder(root)) == 3.75
    for path in (folder(root) / "turtle").iterdir():
        path.write_text(path.read_text().replace("3.5", "2.0"))
    assert value(MEAN, folder(root)) == 3.25


def test_failed_runs_are_read_on_demand_and_count_as_files(root):
    small_results.write(folder(root), "turtle", 3.0, 3.5, failed=2)
    assert quantities.measure(MEAN, folder(root)) == quantities.Measurement(3.25, 4)
    assert value("turtle.failed", folder(root)) == 4


def test_kernels_find_the_results_by_themselves(root, monkeypatch):
    monkeypatch.setenv("LABCODE_RESULTS", str(folder(root)))
    assert value(MEAN) == 3.25


@pytest.mark.parametrize("name", ["Ladder", "a b", "a.", "", "a_b"])
def test_a_name_that_no_role_can_hold_is_refused(root, name):
    with pytest.raises(QuantityError, match="ladder.first-gap"):
        quantity(name)(lambda results: 1.0)


def test_a_name_is_given_once(root):
    def other(results):
        return 1.0

    with pytest.raises(QuantityError, match="turtle.mean-time is defined twice"):
        quantity(MEAN)(other)


def test_each_module_of_numbers_is_imported_on_first_use(root, tmp_path, monkeypatch):
    later = tmp_path / "later"
    later.mkdir()
    (later / "planted_later.py").write_text(
        "from labcode.experiments.quantities import quantity\n"
        "@quantity('later.runs')\n"
        "def runs(results):\n    return len(results.study('turtle'))\n"
    )
    with pytest.raises(QuantityError, match="no quantity later.runs"):
        value("later.runs", folder(root))
    monkeypatch.setattr(numbers, "__path__", [*numbers.__path__, str(later)])
    quantities._import_numbers.cache_clear()
    try:
        assert value("later.runs", folder(root)) == 3
    finally:
        sys.modules.pop("labcode.experiments.numbers.planted_later")


# ---- in a notebook -----------------------------------------------------------------------------


def converted(root: Path, text: str) -> str:
    """``text``, which begins at line 3 of ``book/mine.md``, as a notebook has it."""
    book = small_chapters.book(root, mine=f"# Mine\n\n{text}{CODE}")
    mine = book.chapters["book/mine"]
    made = Converter(mine, "pytorch", References(book.chapters), set(), exercises.read(mine))
    return made.text(text, line=3, top=True)


PLAIN = {
    "prose": (f"It took {SAID} seconds.", "It took 3.2 seconds."),
    "two": (f"{SAID} and {SAID}", "3.2 and 3.2"),
    "two ticks": ("{measured}``turtle.mean-time in 2..``", "3.25"),
    "emphasis": (f"**{SAID}**", "**3.2**"),
    "a list": (f"- a\n  - {SAID} s", "- a\n  - 3.2 s"),
    "a table": (f"| a |\n|---|\n| {SAID} |", "| a |\n|---|\n| 3.2 |"),
    "a box": (f":::{{note}}\n{SAID}\n:::", "> **Note**\n>\n> 3.2"),
    "a title": (f":::{{admonition}} In {SAID} s\na\n:::", "> **In 3.2 s**\n>\n> a"),
    "a link": (f"[{SAID}](https://example.org)", "[3.2](https://example.org)"),
    "code": (f"`` {SAID} ``", f"`` {SAID} ``"),
    "a block of code": (f"```text\n{SAID}\n```", f"```text\n{SAID}\n```"),
    "escaped": (f"\\{SAID}", f"\\{SAID}"),
    "the report": ("{reported}`30–32 %`", "30–32 %"),
    "the report, literally": ("{reported}`a*b_c[d]`", "a\\*b\\_c\\[d\\]"),
}


@pytest.mark.parametrize("text, wanted", PLAIN.values(), ids=PLAIN)
def test_a_notebook_has_the_plain_number(root, text, wanted):
    assert converted(root, text) == wanted


FAULTS = {
    "out of its band": (f"a\n{{measured}}`{MEAN} in 2..3`", 4, "3.25, and its sentence states"),
    "unknown": ("a\n\n- b\n- {measured}`turtle.mean in 2..3`", 6, "turtle.mean-time"),
    "without runs": ("{measured}`hare.mean-time in 2..3`", 3, "labcode experiment run hare"),
    "mistyped": ("a\nb\n{measured}`turtle.mean-time`", 5, "NAME in LOW..HIGH"),
    "in a box": (f":::{{note}}\n:class: x\na\n{{measured}}`{MEAN} in 9..`\n:::", 6, "at least 9"),
    "in two lines": (f"a\n{{measured}}`{MEAN}\nin 2..4`", 4, "on one line"),
    "of the report in two lines": ("{reported}`a\nb`", 3, "on one line"),
    "of another name": ("a\n{measure}`x`", 3, "myst_role"),
}


@pytest.mark.parametrize("text, line, words", FAULTS.values(), ids=FAULTS)
def test_a_number_that_cannot_be_stated_stops_the_export_with_file_and_line(
    root, text, line, words
):
    with pytest.raises(ChapterError) as caught:
        converted(root, text)
    assert str(caught.value).startswith(f"book/mine.md:{line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("edition", ["student", "solution"])
def test_each_edition_has_the_number_in_each_framework(root, edition):
    book = small_chapters.book(root, mine=f"# Mine\n\nIt took {SAID} s.{CODE}")
    found = {name: data.decode() for name, data in export(book, edition).items()}
    assert sorted(found) == ["mine-pytorch.ipynb", "mine-tensorflow.ipynb"]
    assert all("It took 3.2 s." in text and "{measured}" not in text for text in found.values())


# ---- when pages are read again -----------------------------------------------------------------


def test_results_change_the_signature_of_the_pages_that_state_numbers(root):
    texts = {
        "states": f"# A\n\nIt took {SAID} s.\n",
        "grades": f"# B\n\n:::{{grading}}\nIt took {SAID} s.\n:::\n",
        "silent": "# C\n\nIt took long, {reported}`4 h`.\n",
    }

    def signatures() -> dict[str, str]:
        book = small_chapters.book(root, **texts)
        return {name.removeprefix("book/"): book.signature(name) for name in book.chapters}

    before = signatures()
    assert signatures() == before
    small_results.write(folder(root), "hare", 1.0)
    after = signatures()
    assert [name for name in texts if before[name] != after[name]] == ["states", "grades"]
