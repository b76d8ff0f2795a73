"""Printed text in its final form."""

import time

from nbformat.v4 import new_output

from labcode.publish.streams import as_shown, settled


def printed(name, text):
    return new_output("stream", name=name, text=text)


def test_a_progress_bar_leaves_its_last_state():
    assert as_shown("start\n 1/2\r 2/2\nend\r\n") == "start\n 2/2\nend\n"
    assert as_shown("ab\b\bcd\b\n") == "c\n"


def test_pieces_are_merged_between_figures_with_stdout_first():
    figure = new_output("display_data", {"text/plain": "<Figure>"})
    pieces = [printed("stderr", "w"), printed("stdout", "a"), printed("stdout", "b"), figure]
    found = settled([*pieces, printed("stdout", "c")])
    assert [out.get("text", "figure") for out in found] == ["ab", "w", "figure", "c"]


def test_the_start_up_chatter_of_tensorflow_is_left_out_and_errors_are_kept():
    chatter = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1795388368.673487   14969 port.cc:153] oneDNN custom operations are on.\n"
    )
    error = "E0000 00:00:1795388368.674739   14969 cuda.cc:31] failed\n"
    assert settled([printed("stderr", chatter[:30]), printed("stderr", chatter[30:])]) == []
    (found,) = settled([printed("stderr", chatter + error + "Warning: mine\n")])
    assert found.text == error + "Warning: mine\n"
    assert settled([printed("stdout", chatter)])[0].text == chatter


def test_a_line_of_a_million_characters_takes_no_time():
    start = time.monotonic()
    as_shown("x" * 1_000_000 + "\rend")
    assert time.monotonic() - start < 1
