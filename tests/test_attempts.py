"""Mistakes are told as they were raised, and documentation is counted by its parts."""

import pytest

from labcode.usability import Attempts, describe


def test_an_attempt_prints_and_judges_what_was_raised(capsys):
    attempts = Attempts()
    with attempts.make("three for two", layer="conv", expected="2", found="3") as attempt:
        attempt.stage = "step"
        raise ValueError(
            '\x1b[1mConv2D wants 2\x1b[0m\n\n  File "/home/somebody/x.py", line 3\nnot 4'
        )
    assert capsys.readouterr().out == "ValueError at the step:\n  Conv2D wants 2\n  not 4\n"
    (made,) = attempts.made
    assert made.names == {"layer": True, "expected": True, "found": False}
    assert made.raised_lines == 4
    assert [attempts.count(what) for what in ("error", "layer", "found")] == [1, 1, 0]


def test_a_silent_mistake_is_told_and_counts_as_none(capsys):
    attempts = Attempts()
    with attempts.make("nothing wrong", layer="conv"):
        pass
    assert capsys.readouterr().out == "no error\n"
    attempts.show()
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split() == ["nothing", "wrong", "none", "never", "-", "-", "-", "-"]
    assert attempts.count("error") == attempts.count("layer") == 0


def test_a_long_message_is_cut_and_says_so(capsys):
    with Attempts().make("talkative"):
        raise ValueError("\n".join("abcdefg"))
    assert capsys.readouterr().out.splitlines()[-2:] == ["  d", "  ... and 3 more lines"]


def test_leaving_the_notebook_is_no_mistake():
    with pytest.raises(KeyboardInterrupt), Attempts().make("interrupted"):
        raise KeyboardInterrupt


def test_a_docstring_is_counted_by_its_parts():
    def documented():
        r"""Two words.

        .. math::
            a = b \times c

        where :math:`a` is one. Try::

            run(it)

        Args:
            first (int): A thing.
            second: Another one,
                with more: told.

        Example:

        >>> x = 1  # ten words that nobody counts in here
        >>> # a comment
        >>> print(x)
        1
        """

    told = describe(documented)
    assert told.headings == ("Args", "Example")
    assert (told.arguments, told.formulas, told.examples) == (2, 2, 3)
    # Two words. where is one. Try:: Args: first (int): A thing. second: Another one,
    # with more: told. Example:
    assert told.words == 18


def test_what_has_no_docstring_has_nothing_to_count():
    told = describe(lambda: None)
    assert (told.words, told.headings, told.examples) == (0, (), 0)
