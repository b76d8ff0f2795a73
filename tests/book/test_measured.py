"""Measured numbers on the pages of a small book: shown, made anew, and refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labcode.publish import freshness
from labcode.publish.contents import read_book
from labcode.publish.keys import Keys
from tests.book import html_pages, small_book
from tests.publish import small_results

SAID = "{measured}`turtle.mean-time in 2..4 as .1f`"
TITLE = "{measured}`turtle.mean-time in 2..4 as .2f`"

INDEX = f"""# A small book with numbers

It took {SAID} seconds, and {{reported}}`30–32 %` less in the *report*.

| what | seconds |
|---|---|
| turtle | {SAID} |

- One item.
- In a list: {SAID}.

:::{{admonition}} In {TITLE} seconds
In a box, of `{{measured}}` and \\{SAID}:

````{{note}}
In another: {SAID}.
````
:::
"""

RACE = (
    small_book.FRONT
    + f"""
# The race

```{{code-cell}}
print("both")
```

+++ {{"tags": ["pytorch"]}}

Here it takes **{SAID}** seconds.

+++ {{"tags": ["tensorflow"]}}

There it took

{SAID} seconds.
"""
)

TOC = """format: jb-book
root: book/index
chapters:
  - file: book/lab/race
"""

PLANT = "from tests.publish import small_results\nsmall_results.plant()\n"


def build(folder: Path) -> subprocess.CompletedProcess:
    """``labcode book`` with planted quantities."""
    command = [sys.executable, "-c", PLANT + small_book.DRIVER, "book", "--root", str(folder)]
    return subprocess.run(
        command,
        env=small_book.environment(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,
    )


def numbers(folder: Path, name: str) -> list[str]:
    """The measured numbers of a page, in their order."""
    page = html_pages.soup(folder / "_build" / "html" / "book" / f"{name}.html")
    return [span.get_text() for span in page.select("article span.measured")]


@pytest.fixture(scope="module")
def race(tmp_path_factory) -> Path:
    """A built book with numbers in prose of every kind, which rest on two runs."""
    folder = small_book.make(tmp_path_factory.mktemp("race"))
    (folder / "_toc.yml").write_text(TOC)
    (folder / "book" / "index.md").write_text(INDEX)
    (folder / "book" / "lab" / "race.md").write_text(RACE)
    for name in ("lab/sums", "lab/second", "status"):
        (folder / "book" / f"{name}.md").unlink()
    small_results.write(folder / "book" / "results", "turtle", 3.0, 3.5)
    done = build(folder)
    assert done.returncode == 0, done.stdout
    return folder


def test_the_page_shows_the_number_wherever_prose_may_stand(race):
    assert numbers(race, "index") == ["3.2"] * 3 + ["3.25", "3.2"]
    page = html_pages.soup(race / "_build" / "html" / "book" / "index.html")
    first = page.select_one("span.measured")
    assert first["title"] == (
        "turtle.mean-time, from 2 result files; the sentence holds for 2 to 4"
    )
    assert page.select_one("td span.measured") and page.select_one("li span.measured")
    assert page.select_one(".admonition-title span.measured")
    assert "of {measured} and {measured}turtle.mean-time in" in page.get_text()  # code, escaped


def test_a_figure_of_the_report_is_plain_text_of_its_own_class(race):
    page = html_pages.soup(race / "_build" / "html" / "book" / "index.html")
    assert [span.get_text() for span in page.select("span.reported")] == ["30–32 %"]


def test_each_tab_has_the_number_in_its_prose(race):
    page = html_pages.soup(race / "_build" / "html" / "book" / "lab" / "race.html")
    found = page.select("article span.measured")
    assert [html_pages.tab_of(span) for span in found] == ["pytorch", "tensorflow"]
    assert [span.get_text() for span in found] == ["3.2", "3.2"]


def test_a_page_whose_numbers_the_recorded_runs_no_longer_give_is_older_than_its_inputs(
    race, tmp_path, monkeypatch
):
    small_results.plant_for_a_test(monkeypatch)
    folder = tmp_path / "copy"
    shutil.copytree(race, folder)
    for name in ("LABCODE_DATA", "LABCODE_DATASET"):
        monkeypatch.setenv(name, small_book.environment(folder)[name])

    def faults() -> list[str]:
        return list(freshness.faults(read_book(folder), folder / "_build" / "html", Keys(folder)))

    told = json.loads((folder / "_build/html/book/index.provenance.json").read_text())
    assert told["numbers"] == {"turtle.mean-time": 3.25} and told["notebooks"] == {}
    assert faults() == []
    small_results.write(folder / "book" / "results", "hare", 1.0)  # no page states it
    assert faults() == []
    small_results.write(folder / "book" / "results", "turtle", 3.0, 3.6)
    wrong = "it states turtle.mean-time as 3.25, and the recorded runs say 3.3"
    assert faults() == [f"book/index: {wrong}", f"book/lab/race: {wrong}"]
    index = folder / "book" / "index.md"
    index.write_text(index.read_text() + "\n{measured}`hare.mean-time in 0..2`\n")
    small_results.write(folder / "book" / "results", "turtle", 3.0, 3.5)
    assert faults() == ["book/index: it does not state hare.mean-time yet"]
    shutil.rmtree(folder / "book" / "results" / "turtle")
    assert [line.split(":")[0] for line in faults()] == ["book/index", "book/lab/race"]


def test_new_results_reach_pages_and_notebooks_until_a_sentence_is_wrong(race):
    results = race / "book" / "results"
    small_results.write(results, "turtle", 3.5, 3.9)
    done = build(race)
    assert done.returncode == 0, done.stdout
    # The index has no code and was not edited.
    assert numbers(race, "index") == ["3.7"] * 3 + [
        "3.70",
        "3.7",
    ]
    assert numbers(race, "lab/race") == ["3.7", "3.7"]
    notebook = race / "_build" / "html" / "notebooks" / "race-pytorch.ipynb"
    assert "Here it takes **3.7** seconds." in notebook.read_text()

    small_results.write(results, "turtle", 4.0, 4.5)
    site = {p: p.read_bytes() for p in (race / "_build" / "html").rglob("*") if p.is_file()}
    refused = build(race)
    assert refused.returncode == 1
    told = "turtle.mean-time is 4.25, and its sentence states 2 to 4"
    for name in ("index", "lab/race"):
        lines = (race / "book" / f"{name}.md").read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if (SAID in line or TITLE in line) and f"\\{SAID}" not in line:
                assert f"book/{name}.md:{number}: ERROR: {told}" in refused.stdout, refused.stdout
    assert {p: p.read_bytes() for p in site} == site, "the old site is gone"
