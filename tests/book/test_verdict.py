"""The page of verdicts: each claim of the report once, with a verdict that the page defines."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "book" / "equal" / "verdict.md").read_text(encoding="utf-8")
CLAIMS = 18
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if re.match(r"\| \*\*\d+\.\*\* ", line)
]


def test_every_claim_has_one_line():
    numbers = sorted(int(re.match(r"\*\*(\d+)\.", row[0])[1]) for row in ROWS)
    assert numbers == list(range(1, CLAIMS + 1))


def test_every_line_says_what_was_measured_on_what_and_gives_a_defined_verdict():
    defined = set(re.findall(r"^\| (\*[a-z ]+\*) \|", TEXT, re.MULTILINE))
    assert len(defined) == 6
    for row in ROWS:
        claim, measured, on_what, verdict = row
        assert claim and measured and on_what
        assert verdict.startswith(tuple(defined)), row[0]


def test_a_line_with_a_figure_of_the_report_is_answered_by_a_measured_one():
    """But where the verdict says that it could not be measured, or another line has the number."""
    for claim, measured, _, verdict in ROWS:
        if re.search(r"\{reported\}`[^`]*\d", claim) and "not measured" not in verdict:
            assert "{measured}" in measured or "as above" in measured or "#equal-twice" in measured
