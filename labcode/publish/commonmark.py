"""The Markdown of our chapters as CommonMark that Jupyter, VS Code and Colab render alike.

Directives become quotes, headings and ``<details>``; references become the target's title, linked
to the notebook beside this one where there is such a file. Tables and ``$math$`` stay, for all
three render them. What is left of MyST after that raises ChapterError with file:line.
"""

import re

from markdown_it.token import Token

from labcode.errors import ChapterError
from labcode.publish import directives, measured
from labcode.publish.chapter import Chapter
from labcode.publish.directives import Block
from labcode.publish.exercises import Tasks
from labcode.publish.masking import OPAQUE, masked, outside_blocks, substitute
from labcode.publish.references import SCHEME, References, notebook_name

ADMONITIONS = ("attention", "caution", "danger", "error", "hint", "important", "note", "seealso",
               "tip", "warning")  # fmt: skip

PLAIN_BLOCKS = frozenset(
    {"inline", "fence", "code_block", "hr", "html_block", "math_block"}
    | {
        f"{name}_{side}"
        for name in ("heading", "paragraph", "bullet_list", "ordered_list", "list_item",
                     "blockquote", "table", "thead", "tbody", "tr", "th", "td")
        for side in ("open", "close")
    }
)  # fmt: skip
PLAIN_INLINE = frozenset(
    {"text", "softbreak", "hardbreak", "code_inline", "em_open", "em_close", "strong_open",
     "strong_close", "s_open", "s_close", "link_open", "link_close", "math_inline", "html_inline"}
)  # fmt: skip

LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\(([^()\s]*)\)")
ROLE = re.compile(
    rf"(?:{OPAQUE.pattern})"  # whatever begins earlier is no role
    r"|\{(?P<kind>ref|doc)\}`(?:(?P<title>[^`<>]*?)\s*<(?P<target>[^`<>]+)>|(?P<only>[^`<>]+))`"
)
FOOTNOTE = re.compile(r"\[\^([^\]\s]+)\]")
DEFINITION = re.compile(r"^\[\^([^\]\s]+)\]:[ \t]*", re.M)
LEFT = re.compile(r"^\([\w:.-]+\)=\s*$|:::|\{\{|\[\^")


class Converter:
    """Converts the prose of one chapter for one framework.

    ``siblings`` are the names of the chapters that have notebooks; ``tasks`` are this chapter's.
    """

    def __init__(
        self,
        chapter: Chapter,
        framework: str,
        references: References,
        siblings: set[str],
        tasks: Tasks,
    ):
        self.chapter, self.framework = chapter, framework
        self.references, self.siblings, self.tasks = references, siblings, tasks
        self.files = {notebook_name(references.chapters[name], framework) for name in siblings}
        self.footnotes = self._footnotes()

    def text(self, source: str, line: int, top: bool = False) -> str:
        """``source``, which begins at ``line`` of the file, in CommonMark; blocks apart by a blank.

        ``top`` allows exercises and hints, which stand in no other block.
        """
        found = (self.block(block, top) for block in directives.blocks(source, line))
        return "\n\n".join(text for text in found if text)

    def block(self, block: Block, top: bool = False) -> str:
        """One block in CommonMark; empty for what a reader does not see."""
        if block.kind in ("target", "comment"):
            return ""
        if block.kind == "text":
            return self._checked(self._inline(block.text, block.line), block.line)
        if block.is_question:
            raise self._error(block.line, "questions inside another block; close that first")
        if block.name == "exercise" or (block.name == "hint" and block.argument):
            if not top:
                raise self._error(block.line, f"{{{block.name}}} inside another block")
            return self._exercise(block) if block.name == "exercise" else self._hint(block)
        if block.name == "admonition" or block.name in ADMONITIONS:
            directives.known_options(block, self.chapter.where, "class")
            if block.name != "admonition" and block.argument:
                raise self._error(
                    block.line,
                    f"{{{block.name}}} takes no title; use {{admonition}} {block.argument}",
                )
            title = block.argument or block.name.capitalize()
            title = self._checked(self._inline(title, block.line), block.line)
            return quoted(f"**{title}**\n\n{self.text(block.body, block.body_line)}")
        if block.name == "div":
            return self.text(block.body, block.body_line)
        raise self._error(
            block.line, f"the directive {{{block.name}}} has no counterpart in a notebook"
        )

    def _exercise(self, block: Block) -> str:
        exercise = self.tasks.exercises[block.options["id"]]
        title = self._checked(self._inline(block.argument, block.line), block.line)
        body = self.text(block.body, block.body_line)
        return f"### Exercise: {title} ({in_points(exercise.points)})\n\n{body}"

    def _hint(self, block: Block) -> str:
        body = self.text(block.body, block.body_line)
        return f"<details>\n<summary>Hint {block.argument}</summary>\n\n{body}\n\n</details>"

    def _inline(self, text: str, line: int) -> str:
        """``text`` with its references, footnotes and numbers resolved; as many lines as before."""

        def at(start: int) -> int:
            return line + text.count("\n", 0, start)

        def role(match: re.Match) -> str:
            if not match["kind"]:
                return match[0]
            target = (match["target"] or match["only"]).strip()
            target = f"{target}.md" if match["kind"] == "doc" else f"#{target}"
            return f"[{match['title'] or ''}]({target})"

        def defined(start: int, name: str) -> str:
            return f"- {self._mark(name, at(start))} "

        def marked(start: int, name: str) -> str:
            return self._mark(name, at(start))

        def link(start: int, title: str, target: str) -> str:
            return self._link(title, target, at(start))

        def fault(start: int, what: str) -> ChapterError:
            return self._error(at(start), what)

        text = measured.plain(text, self.chapter, fault)
        text = outside_blocks(ROLE, role, text)
        written = sum(
            child.type == "link_open" and child.markup != "autolink"
            for token in directives.parse(text)
            for child in token.children or ()
        )
        text = substitute(DEFINITION, defined, text)
        text = substitute(FOOTNOTE, marked, text)
        seen = len(LINK.findall(masked(text)))
        if seen != written:
            raise self._error(
                line, "a link that is not written [text](target), without a title, cannot be kept"
            )
        return substitute(LINK, link, text)

    def _link(self, text: str, target: str, line: int) -> str:
        if SCHEME.match(target):
            return f"[{text}]({target})"
        found = self.references.find(target, self.chapter)
        if found is None:
            raise self._error(line, f"the link to '{target}' leads to nothing in this book")
        name, title = found
        if not text and title is None:
            raise self._error(
                line, f"'{target}' has no heading to be named by; write [text]({target})"
            )
        title = LINK.sub(r"\1", title or "")
        if name == self.chapter.name or name not in self.siblings:
            return text or f"“{title}”"
        return f"[{text or title}]({notebook_name(self.references.chapters[name], self.framework)})"

    def _mark(self, name: str, line: int) -> str:
        if name not in self.footnotes:
            raise self._error(line, f"the footnote '{name}' is not defined in this chapter")
        return f"[{self.footnotes[name]}]"

    def _footnotes(self) -> dict[str, int]:
        """Number of each defined footnote, counted from 1 in the order of their first mention."""
        prose = [
            masked(cell.source)
            for cell in self.chapter.cells
            if cell.kind == "markdown" and cell.framework in (None, self.framework)
        ]
        known = {name for text in prose for name in DEFINITION.findall(text)}
        mentioned = [name for text in prose for name in FOOTNOTE.findall(text) if name in known]
        return {name: i for i, name in enumerate(dict.fromkeys(mentioned), start=1)}

    def _checked(self, text: str, line: int) -> str:
        """``text`` itself, when it is CommonMark, tables and math and nothing else."""
        for token in directives.parse(text):
            at = line + (token.map[0] if token.map else 0)
            if fault := self._fault(token):
                raise self._error(at, fault)
            for child in token.children or ():
                if fault := self._inline_fault(child):
                    raise self._error(at, fault)
        return text

    def _fault(self, token: Token) -> str | None:
        if token.type not in PLAIN_BLOCKS:
            return f"this is no plain Markdown ({token.type}) and would not render in a notebook"
        if token.type == "fence" and token.info.strip().startswith("{"):
            return f"the directive {token.info.split()[0]} inside a list or quote; put it outside"
        return _comment(token)

    def _inline_fault(self, child: Token) -> str | None:
        if child.type == "image":
            return "an image file does not travel with a notebook; draw it in a code cell"
        if child.type not in PLAIN_INLINE:
            return f"this is no plain Markdown ({child.type}) and would not render in a notebook"
        if child.type == "text" and (found := LEFT.search(child.content)):
            return f"'{found[0]}' is MyST that would stand in the notebook as it is"
        if child.type == "link_open":
            target = child.attrs["href"]
            if not SCHEME.match(target) and target not in self.files:
                return f"the link to '{target}' leads nowhere from a notebook"
        return _comment(child)

    def _error(self, line: int, what: str) -> ChapterError:
        return ChapterError(f"{self.chapter.where}:{line}: {what}")


def _comment(token: Token) -> str | None:
    if token.type.startswith("html") and "<!--" in token.content:
        return "a comment that anybody can read in the notebook; begin its line with % instead"
    return None


def quoted(text: str) -> str:
    """``text`` as a block quote."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def in_points(points: int) -> str:
    """1 point, 2 points."""
    return f"{points} point{'' if points == 1 else 's'}"
