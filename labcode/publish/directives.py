"""The blocks of a Markdown cell, told apart as MyST does: directives, targets, comments, text."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from labcode.errors import ChapterError

EXTENSIONS = {"colon_fence", "dollarmath", "deflist", "substitution", "tasklist"}
"""MyST's extensions of ``_config.yml``; what they add to Markdown must be seen to be converted."""

HEAD = re.compile(r"\{([\w:-]+)\}\s*(.*)")
OPTION = re.compile(r":([\w-]+):\s*(.*)")


@dataclass(frozen=True)
class Block:
    """A block of a cell: ``kind`` is directive, target, comment or text; ``line`` its first line.

    ``text`` is its source. A target's ``name`` is its label; a directive has ``name``,
    ``argument``, ``options``, and a ``body`` that begins at ``body_line``. Lines are of the file.
    """

    kind: str
    text: str
    line: int
    name: str = ""
    argument: str = ""
    options: dict[str, str] = field(default_factory=dict)
    body: str = ""
    body_line: int = 0

    @property
    def is_question(self) -> bool:
        """True for a box of written questions."""
        return self.name == "admonition" and "question" in self.options.get("class", "").split()


def blocks(source: str, line: int) -> Iterator[Block]:
    """The blocks of ``source``, whose first line is ``line`` of the file, in their order.

    Directives inside lists and quotes stay in the text around them.
    """
    lines = source.splitlines()
    done = 0
    for token in parse(source, inline=False):
        if token.level or token.map is None:
            continue
        start, end = token.map
        found = _special(token, "\n".join(lines[start:end]), line + start)
        if found:
            yield from _text(lines, done, start, line)
            yield found
            done = end
    yield from _text(lines, done, len(lines), line)


# The same text is asked about several times, and by each framework and edition.
@functools.lru_cache(maxsize=8192)
def parse(source: str, inline: bool = True) -> tuple[Token, ...]:
    """MyST's tokens of ``source``; without ``inline``, text within a block is left as it is.

    The tokens are shared by all who ask for the same text: read them only.
    """
    return tuple(_parser(inline).parse(source + "\n"))


@functools.cache
def _parser(inline: bool) -> MarkdownIt:
    parser = create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)
    if not inline:
        parser.disable("inline", ignoreInvalid=True)
    return parser


def _special(token: Token, text: str, line: int) -> Block | None:
    if token.type == "myst_target":
        return Block("target", text, line, name=token.content)
    if token.type == "myst_line_comment":
        return Block("comment", text, line)
    head = HEAD.fullmatch(token.info.strip())
    if token.type not in ("fence", "colon_fence") or not head:
        return None
    body, options, skipped = token.content.splitlines(), {}, 0
    while skipped < len(body) and (option := OPTION.fullmatch(body[skipped].rstrip())):
        options[option[1]] = option[2]
        skipped += 1
    return Block(
        "directive",
        text,
        line,
        name=head[1],
        argument=head[2].strip(),
        options=options,
        body="\n".join(body[skipped:]),
        body_line=line + 1 + skipped,
    )


def _text(lines: list[str], start: int, end: int, line: int) -> Iterator[Block]:
    """What lies between two special blocks, unless it is blank."""
    while start < end and not lines[start].strip():
        start += 1
    if text := "\n".join(lines[start:end]).rstrip():
        yield Block("text", text, line + start)


def known_options(block: Block, where: str, *names: str) -> None:
    """Raise ChapterError for an option of ``block`` that is not among ``names``."""
    for name in block.options.keys() - set(names):
        raise ChapterError(
            f"{where}:{block.line}: {{{block.name}}} has no option :{name}:"
            + (f"; it knows :{':, :'.join(names)}:" if names else "")
        )
