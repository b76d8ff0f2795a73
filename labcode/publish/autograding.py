"""What the course folder adds to nbgrader: how a submission is run, mended and reported.

``nbgrader_config.py`` of the course folder calls ``configure``, so a newer labcode brings newer
settings, and the instructor's own lines after that call win.
"""

import os
import tempfile
from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode, v4
from nbgrader import preprocessors
from nbgrader.api import Gradebook, SourceCell
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from labcode import profiles
from labcode.publish import markers
from labcode.publish.kernel import ENVIRONMENT
from labcode.publish.notebooks import LAB, grader


class RunAlone(preprocessors.Execute):
    """Run a notebook in an empty folder of its own, as the book does.

    What one notebook writes is not there for the next, and does not pile up beside submissions.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict, km: object = None
    ) -> tuple[NotebookNode, ResourcesDict]:
        with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as folder:
            resources["metadata"]["path"] = folder
            return super().preprocess(nb, resources, km)


class RestoreCells(preprocessors.NbGraderPreprocessor):
    """Put back what a student deleted of the cells that nbgrader knows, as it was released.

    nbgrader's own ``add_missing_cells`` fails, and takes the whole submission with it, when two
    such cells in a row are gone.
    """

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            released = gradebook.find_notebook(about["notebook"], about["assignment"])
            points = {cell.name: cell.max_score for cell in released.grade_cells}
            answers = {cell.name for cell in released.solution_cells}
            present = {_grade_id(cell) for cell in nb.cells}
            missing = [cell for cell in released.source_cells if cell.name not in present]
            for cell in sorted(missing, key=lambda cell: cell.name):  # an exercise before its check
                self.log.warning("The cell %s was deleted; it is put back", cell.name)
                restored = _restored(cell, points.get(cell.name), cell.name in answers)
                nb.cells.insert(_place(nb.cells, cell.name), restored)
        return nb, resources


class HideTests(preprocessors.NbGraderPreprocessor):
    """Leave nothing of a hidden test in a student's feedback but the message of what failed."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, cell_index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        # Autograding put the lock back; all other cells are the student's, who may write anything.
        if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("locked"):
            return cell, resources
        before, cell.source = cell.source, markers.visible(cell.source)
        if cell.source != before:
            # What the student's code printed tells what the tests called it with.
            cell.outputs = [one for one in cell.outputs if one.output_type == "error"]
            for output in cell.outputs:
                # A traceback quotes the lines around the one that failed.
                output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


def configure(c: Config, course: Path) -> None:
    """Set what nbgrader needs for the course folder ``course``, and the environment of kernels.

    A variable that is set already, as PROFILE or LABCODE_DATA, stays as it is.
    """
    course = course.resolve()
    for name, value in {"PROFILE": "quick", **ENVIRONMENT}.items():
        os.environ.setdefault(name, value)

    c.CourseDirectory.root = str(course)
    c.CourseDirectory.course_id = LAB
    # A student's folder also holds the wheel and what notebooks wrote; only notebooks are graded.
    c.CourseDirectory.include = ["*.ipynb", "timestamp.txt", "submission_secret.txt"]
    c.CourseDirectory.ignore = [*CourseDirectory.ignore.default(), "*.whl"]
    c.NbGrader.logfile = str(course / "nbgrader.log")

    # An archive from a learning management system is named after its student: anna.zip.
    c.FileNameCollectorPlugin.named_regexp = (
        r".*/extracted/(?P<student_id>[^/]+)/(?:.*/)?(?P<file_id>[^/]+)"
    )

    c.Execute.timeout = profiles.current().cell_timeout
    c.Execute.startup_timeout = 300  # a loaded machine is slow to start, and no student's fault
    c.Execute.iopub_timeout = 60
    # nbgrader counts anything on stderr as a failure; a check fails by raising, not by a warning.
    c.IgnorePattern.enabled = True
    c.IgnorePattern.pattern = r"(?s)."

    steps = list(Autograde.sanitize_preprocessors.default())
    steps.insert(steps.index(preprocessors.OverwriteCells), RestoreCells)
    c.Autograde.sanitize_preprocessors = steps
    steps = Autograde.autograde_preprocessors.default()
    c.Autograde.autograde_preprocessors = [
        RunAlone if step is preprocessors.Execute else step for step in steps
    ]
    steps = GenerateFeedback.preprocessors.default()
    c.GenerateFeedback.preprocessors = [HideTests, *steps]


def _grade_id(cell: NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _place(cells: list[NotebookNode], name: str) -> int:
    """Where the cell ``name`` belongs: by its exercise, its check or its question, else the end."""
    for position, cell in enumerate(cells):
        if _grade_id(cell) == f"{name}-check":
            return position
        if _grade_id(cell) == name.removesuffix("-check") or cell.get("id") == f"{name}-prompt":
            return position + 1
    return len(cells)


def _restored(cell: SourceCell, points: float | None, is_answer: bool) -> NotebookNode:
    make = v4.new_code_cell if cell.cell_type == "code" else v4.new_markdown_cell
    given = {"grade": points is not None, "solution": is_answer, "locked": cell.locked}
    if points is not None:
        given["points"] = points
    metadata = grader(cell.name, **given)
    metadata["nbgrader"]["checksum"] = cell.checksum
    return make(cell.source, metadata=metadata)
