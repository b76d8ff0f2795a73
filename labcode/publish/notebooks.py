"""Each chapter as a notebook for each framework: a student edition and a solution edition.

The solution edition is what nbgrader takes as the source of an assignment, and the student
edition is what nbgrader's own preprocessors make of it: the notebook that ``nbgrader
generate_assignment`` would release. Both are without outputs and the same bytes from the same
source. Cells tagged ``remove-cell`` serve the build of the book and are in neither.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import groupby

import nbformat
from nbformat import NotebookNode

from labcode.errors import ChapterError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import directives, exercises, names, repository, set_up, wheel
from labcode.publish.chapter import Cell, Chapter
from labcode.publish.commonmark import Converter, in_points
from labcode.publish.contents import Book
from labcode.publish.exercises import Tasks
from labcode.publish.references import References, notebook_name

EDITIONS = ("student", "solution")
LAB = "lab1"
NOTEBOOKS = "notebooks"
"""Where the site keeps notebooks, bundles and labcode's wheel."""

SCHEMA = 3
"""Of nbgrader's cell metadata."""

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}

GOES_ON = {"tags": ["raises-exception"]}
"""Of exercises and checks: "Run All Cells" shows the error of one left open, and goes on."""

SOURCE_HIDDEN = frozenset({"hide-input", "remove-input", "hide-cell"})
OUTPUTS_HIDDEN = frozenset({"hide-output", "remove-output", "hide-cell"})

CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def bundle_name(framework: str) -> str:
    """The archive with a framework's notebooks: ``lab1-pytorch.zip``."""
    return f"{LAB}-{framework}.zip"


def export(
    book: Book, edition: str = "student", frameworks: Iterable[str] = tuple(FRAMEWORKS)
) -> dict[str, bytes]:
    """The notebooks of ``book`` in one edition: file name -> bytes, by framework and chapter.

    The book need not have been run. Raises ChapterError with file:line for what cannot be
    exported.
    """
    if edition not in EDITIONS:
        raise ValueError(f"edition {edition!r} is none of {', '.join(EDITIONS)}")
    published = repository.of(book.root)
    address = published.raw(f"{NOTEBOOKS}/{wheel.build()[0]}") if published else ""
    found: dict[str, bytes] = {}
    for framework in frameworks:
        for name, notebook in _notebooks(book, framework, address):
            if edition == "student":
                notebook = released(notebook)
            nbformat.validate(notebook, relax_add_props=False)
            found[name] = (nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n").encode()
    return found


def released(notebook: NotebookNode) -> NotebookNode:
    """The student edition of a solution edition, by nbgrader's own preprocessors."""
    from nbgrader import preprocessors

    # As generate_assignment runs them, which also keeps the notebook in its database.
    steps = ("LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ComputeChecksums",
             "ClearHiddenTests", "ClearMarkScheme", "ComputeChecksums", "CheckCellMetadata",
             )  # fmt: skip
    resources: dict = {}
    for step in steps:
        notebook, resources = getattr(preprocessors, step)().preprocess(notebook, resources)
    return notebook


def _notebooks(book: Book, framework: str, address: str) -> Iterator[tuple[str, NotebookNode]]:
    """File name and solution edition of each chapter with code; ids are unique over all.

    ``address`` is that of labcode's wheel, if the site is published.
    """
    references = References(book.chapters)
    siblings = {name for name, chapter in book.chapters.items() if chapter.executable}
    files: dict[str, Chapter] = {}
    graded: dict[str, str] = {}
    for name in book.chapters:
        if name not in siblings:
            continue
        chapter = book.chapters[name]
        file = notebook_name(chapter, framework)
        if file in files:
            raise ChapterError(
                f"{chapter.where}:1: its notebook would have the name of that of "
                f"{files[file].where}; rename one of the two"
            )
        files[file] = chapter
        exporter = _Exporter(chapter, framework, references, siblings)
        notebook = exporter.notebook(set_up.cell(framework, bundle_name(framework), address))
        for grade_id, line in exporter.graded:
            place = f"{chapter.where}:{line}"
            if grade_id in graded:
                raise ChapterError(
                    f"{place}: nbgrader's id '{grade_id}' is taken by {graded[grade_id]}; rename "
                    "an exercise"
                )
            graded[grade_id] = place
        yield file, notebook


class _Exporter:
    """Makes one notebook; ``graded`` is every id of nbgrader in it, with its line."""

    def __init__(
        self, chapter: Chapter, framework: str, references: References, siblings: set[str]
    ):
        self.chapter, self.framework = chapter, framework
        self.tasks: Tasks = exercises.read(chapter)
        self.converter = Converter(chapter, framework, references, siblings, self.tasks)
        self.by_cell = {e.cells[framework]: e for e in self.tasks.exercises.values()}
        self.by_check = {e.checks[framework]: e for e in self.tasks.exercises.values()}
        self.stem = chapter.name.rpartition("/")[2]
        self.graded: list[tuple[str, int]] = []
        self.seen: dict[str, int] = {}

    def notebook(self, first: str) -> NotebookNode:
        """The solution edition, with ``first`` as the source of its first cell."""
        view = [
            (index, cell)
            for index, cell in enumerate(self.chapter.cells)
            if cell.framework in (None, self.framework)
        ]
        names.check((cell for _, cell in view if cell.kind == "code"), self.chapter.where)
        cells = [node("code", first, "set-up")]
        for index, cell in view:
            if cell.kind == "markdown":
                cells += self._prose(cell)
            elif "remove-cell" not in cell.tags:
                cells.append(self._code(cell, index))
        metadata = METADATA | {
            "labcode": {"chapter": self.chapter.name, "framework": self.framework}
        }
        return nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(metadata))

    def _prose(self, cell: Cell) -> Iterator[NotebookNode]:
        """The cells of one Markdown cell: questions stand in cells of their own."""
        found = directives.blocks(cell.source, cell.line)
        for is_question, blocks in groupby(found, key=lambda block: block.is_question):
            if is_question:
                for block in blocks:
                    yield from self._questions(block.line)
                continue
            texts = [self.converter.block(block, top=True) for block in blocks]
            if text := "\n\n".join(text for text in texts if text):
                yield node("markdown", text, self._id("markdown", text))

    def _questions(self, line: int) -> Iterator[NotebookNode]:
        for question in self.tasks.boxes[line]:
            text = self.converter.text(question.text, question.line)
            title = f"**Question {question.number}** ({in_points(question.points)})"
            name = self._grade_id(f"q{question.number}", question.line)
            yield node("markdown", f"{title}\n\n{text}", f"{name}-prompt")
            # nbgrader replaces an answer as a whole, so the question cannot stand in it.
            graded = {"grade": True, "solution": True, "locked": False, "points": question.points}
            answer = self.converter.text(question.answer, question.answer_line)
            yield node("markdown", answer, name, grader(name, **graded))

    def _code(self, cell: Cell, index: int) -> NotebookNode:
        if exercise := self.by_cell.get(index):
            name = self._grade_id(exercise.id, cell.line)
            return node("code", cell.source, name, grader(name, solution=True) | GOES_ON)
        if exercise := self.by_check.get(index):
            name = self._grade_id(f"{exercise.id}-check", cell.line)
            graded = grader(name, grade=True, locked=True, points=exercise.points)
            return node("code", cell.source, name, graded | GOES_ON)
        metadata: dict = {}
        hidden = {}
        if SOURCE_HIDDEN & set(cell.tags):
            hidden["source_hidden"] = True
        if OUTPUTS_HIDDEN & set(cell.tags):
            hidden["outputs_hidden"] = True
        if hidden:
            metadata["jupyter"] = hidden
        if "raises-exception" in cell.tags:
            metadata["tags"] = ["raises-exception"]
        return node("code", cell.source, self._id("code", cell.source), metadata)

    def _grade_id(self, name: str, line: int) -> str:
        grade_id = f"{self.stem}-{name}"
        if not CELL_ID.fullmatch(f"{grade_id}-prompt"):
            raise ChapterError(
                f"{self.chapter.where}:{line}: '{grade_id}' cannot be the id of a cell: at most "
                "57 letters, digits, hyphens and underscores"
            )
        self.graded.append((grade_id, line))
        return grade_id

    def _id(self, kind: str, source: str) -> str:
        """An id that depends on the chapter and the cell, so that it survives edits elsewhere."""
        text = f"{self.chapter.name}\0{kind}\0{source}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.seen[digest] = self.seen.get(digest, 0) + 1
        return digest if self.seen[digest] == 1 else f"{digest}-{self.seen[digest]}"


def node(kind: str, source: str, name: str, metadata: dict | None = None) -> NotebookNode:
    """A cell with the id ``name``."""
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    cell = make(source, metadata=nbformat.from_dict(metadata or {}))
    cell["id"] = name
    return cell


def grader(
    name: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: int | None = None,
) -> dict:
    """nbgrader's metadata of a cell."""
    found = {
        "grade": grade,
        "grade_id": name,
        "locked": locked,
        "schema_version": SCHEMA,
        "solution": solution,
        "task": False,
    }
    return {"nbgrader": found | ({"points": points} if points is not None else {})}
