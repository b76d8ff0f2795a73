"""What a cell printed must not quote what the student edition hides."""

import pytest
from nbformat.v4 import new_output

from labcode.errors import ChapterError
from labcode.publish import quoting
from tests.publish.small_chapters import SHARED, chapter

TEACHES = "\n```{code-cell}\nteaches = 'assert double(9) == 18'\n```\n"
ONE = chapter(
    "# T\n\n" + SHARED.replace("(7) == 14", "(7) == 14\nassert double(9) == 18") + TEACHES
)
LAST = len(ONE.cells) - 1


def stream(text: str):
    return new_output("stream", name="stderr", text=text)


def check(*outputs, index: int = LAST) -> None:
    quoting.check(ONE, {"pytorch": {}, "tensorflow": {index: list(outputs)}})


QUOTES = {
    "a warning": stream("/tmp/1.py:3: UserWarning: slow\n  return x + x  # CANARY-SOLUTION\n"),
    "a warning in a hidden test": stream("  assert double(7) == 14"),
    "a coloured traceback": new_output(
        "error", ename="E", evalue="", traceback=["----> 3 \x1b[38;5;28;01mreturn\x1b[39;00m x + x"
                                                  "  # CANARY-SOLUTION"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("output", QUOTES.values(), ids=QUOTES.keys())
def test_a_quoted_line_stops_with_the_line_of_the_cell_that_printed(output):
    line = ONE.cells[LAST].line
    with pytest.raises(ChapterError, match=rf"^book/one\.md:{line}: in TensorFlow .* prints line "):
        check(stream("fine"), output)


def test_what_students_read_elsewhere_and_what_is_short_may_be_printed():
    check(stream("assert double(9) == 18\nassert double(2) == 4\nx + x\ndef double(x):\n"))
