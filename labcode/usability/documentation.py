"""What a page of reference documentation consists of, counted from the docstring it is made of."""

import inspect
import re
from dataclasses import dataclass

_HEADING = re.compile(r"^(?:\.\. )?([A-Z][A-Za-z ]{2,40}):{1,2}$", re.MULTILINE)
_INLINE = re.compile(r":math:`[^`]*`")
_DISPLAY = re.compile(r"^([ ]*)\.\. math::.*(?:\n(?:\1[ ]+.*|[ ]*))*", re.MULTILINE)
_ARGUMENT = re.compile(r"^    (\*{0,2}\w+)(?: ?\([^)]*\))?:", re.MULTILINE)


@dataclass(frozen=True)
class Documentation:
    """Counts of one docstring, as its author wrote it in reStructuredText or Markdown.

    ``words`` leave out formulas and code. ``headings`` are in order, notes included. ``arguments``
    are those listed under "Args", ``formulas`` those set as such, within a line or apart, and
    ``examples`` lines of code to try, comments and outputs left out.
    """

    words: int
    headings: tuple[str, ...]
    arguments: int
    formulas: int
    examples: int


def describe(documented: object) -> Documentation:
    """Count the docstring of a class or function; one without a docstring has none of anything."""
    text = inspect.getdoc(documented) or ""
    formulas = len(_INLINE.findall(text)) + len(_DISPLAY.findall(text))
    without = _INLINE.sub(" ", _DISPLAY.sub("\n", text))
    prose, code = _apart(without.splitlines())
    return Documentation(
        words=sum(bool(re.search(r"[A-Za-z]", word)) for word in " ".join(prose).split()),
        headings=tuple(_HEADING.findall(without)),
        arguments=len(_ARGUMENT.findall(_section(without, "Args"))),
        formulas=formulas,
        examples=len(code),
    )


def _apart(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines of prose, and lines of code in sessions (``>>>``), fences, and blocks after ``::``."""
    prose, code = [], []
    fenced = session = False
    literal: int | None = None  # the indentation that a block after `::` must exceed
    for line in lines:
        inner, indent = line.strip(), len(line) - len(line.lstrip())
        literal = None if inner and literal is not None and indent <= literal else literal
        session = bool(inner) and (session or inner.startswith(">>>"))
        if inner.startswith("```"):
            fenced = not fenced
        elif session:
            if re.match(r"(>>>|\.\.\.) +[^#\s]", inner):
                code.append(inner)
        elif fenced or literal is not None:
            if inner and not inner.startswith("#"):
                code.append(inner)
        else:
            prose.append(line)
            if inner.endswith("::") and not inner.startswith(".. "):
                literal = indent
    return prose, code


def _section(text: str, heading: str) -> str:
    """The indented lines under a heading."""
    found = re.search(rf"^{heading}:\n((?:[ ]+.*\n?|[ ]*\n)*)", text, re.MULTILINE)
    return found[1] if found else ""
