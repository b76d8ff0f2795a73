"""A try tells what it raised and where, and leaves nothing behind."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.exercises.trying import attempt


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("kept.txt").write_text("as it was")


def test_an_answer_that_holds_raises_nothing():
    told = attempt({}, "def double(x):\n    return 2 * x", "assert double(3) == 6")
    assert told["answer"] is None and told["check"] is None


def test_the_line_is_that_of_the_check_even_if_the_answer_raised():
    told = attempt({}, "def double(x):\n    raise KeyError('x')", "\n\nassert double(3) == 6")
    assert told["check"] == {"type": "KeyError", "message": "'x'", "line": 3}


def test_a_check_runs_after_an_answer_that_raised():
    told = attempt({}, "a = 1\nraise ValueError", "assert a == 2, 'a is not 2'")
    assert (told["answer"]["type"], told["check"]["message"]) == ("ValueError", "a is not 2")


def test_names_containers_arrays_and_files_are_restored():
    numbers, array = [1], np.zeros(3)
    namespace = {"numbers": numbers, "array": array}
    answer = "numbers.append(2); array += 1; new = 1; open('new.txt', 'w'); open('kept.txt', 'w')"
    assert attempt(namespace, answer, "")["answer"] is None
    assert namespace == {"numbers": [1], "array": array} and not array.any()
    assert os.listdir() == ["kept.txt"] and Path("kept.txt").read_text() == "as it was"


def test_a_pytorch_model_loses_hooks_mode_and_weights_of_a_try():
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(2, 2)).eval()
    before = model[0].weight.detach().clone()
    answer = (
        "model.train()\n"
        "model[0].register_forward_hook(lambda *call: None)\n"
        "model[0].weight.data.zero_()"
    )
    assert attempt({"model": model}, answer, "")["answer"] is None
    assert not model.training and not model[0].training and not model[0]._forward_hooks
    assert torch.equal(model[0].weight, before)


def test_what_a_try_prints_is_not_seen(capsys):
    attempt({}, "print('loud')", "import warnings; warnings.warn('louder')")
    assert capsys.readouterr() == ("", "")
