"""What each notebook's outputs depend on now, and the key made of it.

The same answer is needed when a notebook is to be run, and when a built site is asked whether it
is older than its inputs.
"""

import functools
import hashlib
import json
import os
from pathlib import Path

from nbformat import NotebookNode

from labcode import profiles, provenance
from labcode.errors import ExecutionError
from labcode.publish import cache
from labcode.publish.kernel import python_version

CACHED = "cached"
"""The value of LABCODE_DEVICE_CLASS that stands for the class that the cache holds."""


class Keys:
    """The keys of the notebooks of the project at ``root``, for one state of its inputs.

    ``dataset`` is ``Dataset.describe()`` of the data that chapters open, None for what
    ``open_dataset()`` opens; ``package`` the labcode that kernels import. What lies on the disk
    is read once, when the object is made.
    """

    def __init__(self, root: Path, dataset: dict | None = None, package: Path = cache.PACKAGE):
        self.root, self.package, self.dataset = Path(root), package, _described(dataset)
        self._common = {
            "requirements": cache.requirements_digest(root),
            "dataset": self.dataset["digest"] + self.dataset.get("names_digest", ""),
            "profile": profiles.current().name,
            "device": device_class(root),
        }
        self._sources = {reads: self._read_sources(reads) for reads in (False, True)}
        self._python = functools.cache(python_version)

    @property
    def device(self) -> str:
        """The class of device in the keys."""
        return self._common["device"]

    def key(self, notebook: NotebookNode, framework: str) -> str:
        """The key of a projected notebook."""
        return cache.key(notebook, framework, **self._circumstances(notebook, framework))

    def inputs(self, notebook: NotebookNode, framework: str) -> dict[str, str]:
        """The parts of the key by name, so that one can tell which of them changed."""
        cells = json.dumps(cache.cells(notebook)).encode()
        parts = self._circumstances(notebook, framework)
        return {"cells": hashlib.sha256(cells).hexdigest(), **parts}

    def hold(self, notebook: NotebookNode) -> bool:
        """Whether labcode and the recorded runs are what they were when the object was made."""
        reads = cache.reads_results(notebook)
        return self._read_sources(reads) == self._sources[reads]

    def _circumstances(self, notebook: NotebookNode, framework: str) -> dict[str, str]:
        sources = self._sources[cache.reads_results(notebook)]
        return {**self._common, **sources, "python": self._python(framework)}

    def _read_sources(self, reads_results: bool) -> dict[str, str]:
        """What of labcode, and of the recorded runs, a notebook depends on."""
        without = ("publish",) if reads_results else ("publish", "experiments")
        return {
            "package": cache.package_digest(self.package, without),
            "results": cache.results_digest(self.root) if reads_results else "",
        }


def device_class(root: Path) -> str:
    """The class of device whose outputs are wanted: this machine's, unless the user names one.

    LABCODE_DEVICE_CLASS names it, for a machine without a GPU that builds what GPUs executed; its
    value ``cached`` stands for the only class in the cache. Raises ExecutionError when the cache
    holds none, or several.
    """
    named = os.environ.get("LABCODE_DEVICE_CLASS")
    if named != CACHED:
        return named or provenance.device_class()
    where = cache.folder(root)
    found = cache.device_classes(where)
    if len(found) != 1:
        held = ", ".join(f"{name} ({count})" for name, count in found.items()) or "none"
        raise ExecutionError(
            f"LABCODE_DEVICE_CLASS={CACHED} needs the notebooks of one class of device in {where}; "
            f"it holds {held}; name the class instead"
        )
    return next(iter(found))


def _described(dataset: dict | None) -> dict:
    if dataset is None:
        # The data room decodes images; a build whose caller knows the data needs none of it.
        from labcode.data import open_dataset

        dataset = open_dataset().describe()
    return dataset
