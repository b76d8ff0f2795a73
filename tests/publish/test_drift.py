"""What the drift report lists: each planted move by its amount, and nothing that stood still."""

import copy
import json

import pytest

from labcode.cli import main
from labcode.publish import told

RECORD = {"shape": [4, 10], "mean": 0.5, "min": -2.0, "max": 3.0, "atol": 1e-4}
PAGE = {
    "chapter": "book/a",
    "title": "A",
    "numbers": {"ladder.first-gap": 0.04},
    "notebooks": {
        "pytorch": {
            "key": "k",
            "inputs": {"cells": "c"},
            "seconds": 10.0,
            "peak_memory_bytes": 2**30,
            "provenance": {
                "profile": "quick",
                "device": {"name": "A processor", "driver": None},
                "versions": {"torch": "2.13.0"},
                "dataset": {"title": "Sample", "digest": "d"},
                "commit": "c",
            },
            "records": {"logits": RECORD},
        }
    },
    "agreement": [{"name": "logits", "difference": 2e-5, "atol": 1e-4}],
}


@pytest.fixture
def compared(tmp_path, capsys):
    """``compared(new)`` is the report from PAGE to ``new`` (pages by name), in sections."""

    def write(folder, pages: dict) -> None:
        for name, page in pages.items():
            path = folder / f"{name}{told.SUFFIX}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(page))

    def run(new: dict, old: dict | None = None) -> dict[str, str]:
        write(tmp_path / "old", old or {"book/a": PAGE})
        write(tmp_path / "new", new)
        assert main(["drift", str(tmp_path / "old"), str(tmp_path / "new")]) == 0
        text = capsys.readouterr().out
        parts = [part.partition("\n") for part in text.split("\n## ")]
        return {head: body.strip() for head, _, body in parts}

    return run


def changed(change) -> dict:
    page = copy.deepcopy(PAGE)
    change(page, page["notebooks"]["pytorch"])
    return {"book/a": page}


def rows(sections) -> dict[str, list[str]]:
    found = {
        h: [li for li in b.splitlines() if li.startswith("|")][2:] for h, b in sections.items()
    }
    return {head: lines for head, lines in found.items() if lines}


def test_nothing_moved_between_a_site_and_itself(compared):
    found = compared({"book/a": PAGE})
    assert rows(found) == {}
    assert found["Recorded values"].endswith("None moved.")
    assert "All together: 10.0 s, now 10.0 s." in found["Time and memory"]


MOVES = {
    "a number of the prose": (
        lambda page, run: page["numbers"].update({"ladder.first-gap": 0.05}),
        {"Measured numbers of the prose": "| book/a | ladder.first-gap | 0.04 | 0.05 | "
         "+0.01 (+25%) |"},
    ),
    "the mean of a recorded value": (
        lambda page, run: run["records"]["logits"].update(mean=0.4),
        {"Recorded values": "| book/a | PyTorch | logits, mean | 0.5 | 0.4 | -0.1 (-20%) |"},
    ),
    "a bound": (
        lambda page, run: run["records"]["logits"].update(min=-2.001),
        {"Recorded values": "| book/a | PyTorch | logits, min | -2 | -2.001 | -0.001 (-0.05%) |"},
    ),
    "a shape": (
        lambda page, run: run["records"]["logits"].update(shape=[4]),
        {"Recorded values": "| book/a | PyTorch | logits, shape | [4, 10] | [4] |  |"},
    ),
    "a value that is gone": (
        lambda page, run: run["records"].clear(),
        {"Recorded values": "| book/a | PyTorch | logits | mean 0.5 | not recorded |  |"},
    ),
    "the frameworks drift apart": (
        lambda page, run: page["agreement"][0].update(difference=9e-5),
        {"Differences between the frameworks": "| book/a | logits | 0.0001 | 2e-05 | 9e-05 |"},
    ),
    "a tolerance": (
        lambda page, run: page["agreement"][0].update(atol=1e-2),
        {"Differences between the frameworks": "| book/a | logits | 0.0001 → 0.01 | 2e-05 | "
         "2e-05 |"},
    ),
    "time": (
        lambda page, run: run.update(seconds=20.0),
        {"Time and memory": "| book/a | PyTorch | time | 10.0 s | 20.0 s | +10 (+100%) |"},
    ),
    "a version": (
        lambda page, run: run["provenance"]["versions"].update(torch="2.14.0"),
        {"Made with": "| torch | 2.13.0 | 2.14.0 |"},
    ),
    "another device": (
        lambda page, run: run["provenance"]["device"].update(name="A GPU", driver="580.1"),
        {"Made with": "| Device | A processor | A GPU |\n| Driver | none | 580.1 |"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("change, wanted", MOVES.values(), ids=MOVES)
def test_a_move_is_listed_by_its_amount_and_alone(compared, change, wanted):
    assert rows(compared(changed(change))) == {h: t.splitlines() for h, t in wanted.items()}


STILL = {
    "a mean within the tolerance": lambda page, run: run["records"]["logits"].update(mean=0.50009),
    "a difference by a twentieth of the tolerance": lambda page, run: page["agreement"][0].update(
        difference=2.5e-5
    ),
    "a time that machines vary by": lambda page, run: run.update(seconds=12.0),
    "a key, a title": lambda page, run: (run.update(key="other"), page.update(title="B")),
}


@pytest.mark.parametrize("change", STILL.values(), ids=STILL)
def test_what_is_within_its_bounds_is_not_listed(compared, change):
    assert rows(compared(changed(change))) == {}


def test_pages_that_came_and_went_are_named(compared):
    other = {**copy.deepcopy(PAGE), "chapter": "book/b"}
    found = compared({"book/b": other})
    assert (
        "0 pages and 0 notebooks are in both sites. New pages: book/b. Gone: book/a."
        in (found["# Drift"])
    )


def test_a_site_of_before_tells_what_it_has(compared):
    def older(page, run):
        del page["numbers"], run["records"], run["inputs"]

    found = rows(compared({"book/a": PAGE}, old=changed(older)))
    assert found["Measured numbers of the prose"] == [
        "| book/a | ladder.first-gap | none | 0.04 |  |"
    ]
    assert found["Recorded values"] == [
        "| book/a | PyTorch | logits | not recorded | mean 0.5 |  |"
    ]


def test_a_folder_without_a_site_is_named(tmp_path, capsys):
    assert main(["drift", str(tmp_path), str(tmp_path)]) == 1
    assert "holds no .provenance.json file" in capsys.readouterr().err
