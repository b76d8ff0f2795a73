"""Runs inside a chapter's kernel: tries answers to an exercise, and leaves no trace of any.

Each try executes an answer and then its check in a copy of the notebook's namespace and of its
working folder. What a copy shares with the original is put back afterwards: the weights, the modes
and the hooks of models. Nothing else of a try may be seen by the cells that follow.
"""

import contextlib
import copy
import io
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

ANSWER, CHECK = "<answer>", "<check>"


def run(namespace: dict, plan: str) -> None:
    """Try what the JSON file ``plan`` lists (answer, check), and write the outcomes beside it."""
    attempts = json.loads(Path(plan).read_text(encoding="utf-8"))
    outcomes = [attempt(namespace, one["answer"], one["check"]) for one in attempts]
    Path(plan).with_suffix(".outcomes").write_text(json.dumps(outcomes), encoding="utf-8")


def attempt(namespace: dict, answer: str, check: str) -> dict:
    """What an answer and its check raise: each None, or the error's type, message and line.

    A check runs even after an answer that raised, as it does when nbgrader grades.
    """
    began = time.monotonic()
    with _restored(namespace) as own, _quiet(), _elsewhere():
        raised = {
            "answer": _raised(answer, ANSWER, own),
            "check": _raised(check, CHECK, own),
        }
    return raised | {"seconds": round(time.monotonic() - began, 3)}


def _raised(source: str, name: str, namespace: dict) -> dict | None:
    """Execute ``source``; ``line`` is that of its own top level, not of a function it called."""
    try:
        exec(compile(source, name, "exec"), namespace)
    except (Exception, SystemExit) as error:
        line, frame = getattr(error, "lineno", None) or 0, error.__traceback__
        while frame is not None:
            code = frame.tb_frame.f_code
            if code.co_filename == name and code.co_name == "<module>":
                line = frame.tb_lineno
                break
            frame = frame.tb_next
        return {"type": type(error).__name__, "message": str(error), "line": line}
    return None


@contextlib.contextmanager
def _restored(namespace: dict) -> Iterator[dict]:
    """A copy of ``namespace`` to work in; models that both share are as before at the end."""
    undo = [restore for value in namespace.values() if (restore := _restorer(value))]
    try:
        yield {name: _copied(value) for name, value in namespace.items()}
    finally:
        for restore in undo:
            restore()


def _copied(value: object) -> object:
    """Containers and arrays can be changed in place, so a try gets its own."""
    if type(value) in (list, dict, set):
        return copy.copy(value)
    if type(value).__module__ == "numpy" and type(value).__name__ == "ndarray":
        return value.copy() if value.flags.writeable else value
    return value


def _restorer(value: object) -> Callable[[], None] | None:
    """What puts a model of either framework back; None for anything else."""
    torch, keras = sys.modules.get("torch"), sys.modules.get("keras")
    if torch and isinstance(value, torch.nn.Module):
        return _torch_restorer(value)
    if keras and isinstance(value, keras.Model):
        weights = value.get_weights()
        return lambda: value.set_weights(weights)
    return None


def _torch_restorer(model: object) -> Callable[[], None]:
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    device = next(iter(state.values())).device if state else None
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    parts = [
        (part, part.training, {name: dict(getattr(part, name)) for name in hooks})
        for part in model.modules()
    ]

    def restore() -> None:
        if device is not None:
            model.to(device)
        model.load_state_dict(state)
        for part, training, kept in parts:
            part.training = training
            for name, before in kept.items():
                now = getattr(part, name)
                now.clear()
                now.update(before)

    return restore


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing that a try prints or draws reaches the notebook."""
    sink = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(sink):
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(sink):
            try:
                yield
            finally:
                if "matplotlib.pyplot" in sys.modules:
                    sys.modules["matplotlib.pyplot"].close("all")


@contextlib.contextmanager
def _elsewhere() -> Iterator[None]:
    """Work in a copy of the working folder."""
    home = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="try-") as scratch:
        folder = shutil.copytree(home, Path(scratch) / "work", symlinks=True)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(home)
