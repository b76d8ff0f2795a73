"""Recording values, and the comparison of two notebooks' records."""

import numpy as np
import pytest

from labcode import agreement
from labcode.agreement import Record, compare
from labcode.errors import AgreementError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LABCODE_RECORDS", str(tmp_path))
    return tmp_path


def one(a, b, atol=1e-3, argmax=False):
    (found,) = compare(
        {"x": Record("x", np.asarray(a), atol, argmax)},
        {"x": Record("x", np.asarray(b), atol, argmax)},
    )
    return found


def test_a_record_comes_back_as_it_was_made(folder):
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    agreement.record("val/logits: all", values, atol=1e-4, argmax=True)
    (path,) = folder.iterdir()
    found = agreement.load(path.read_bytes())
    assert (found.name, found.atol, found.argmax) == ("val/logits: all", 1e-4, True)
    assert found.values.dtype == np.float32 and np.array_equal(found.values, values)


@pytest.mark.parametrize("value", [3, 2.5, True, np.int64(7), [1, 2], np.float16(1)])
def test_plain_numbers_are_values_too(folder, value):
    agreement.record("x", value, atol=0)


def test_outside_a_build_a_record_is_checked_and_not_kept(monkeypatch, tmp_path):
    monkeypatch.delenv("LABCODE_RECORDS", raising=False)
    monkeypatch.chdir(tmp_path)
    agreement.record("x", 1.0, atol=0)
    agreement.record("x", 1.0, atol=0)
    with pytest.raises(AgreementError):
        agreement.record("x", float("nan"), atol=0)
    assert list(tmp_path.iterdir()) == []


def test_a_name_can_be_recorded_once(folder):
    agreement.record("x", 1.0, atol=0)
    with pytest.raises(AgreementError, match="'x'.*taken"):
        agreement.record("x", 1.0, atol=0)


@pytest.mark.parametrize(
    "name, values, atol, argmax, message",
    [
        ("", 1.0, 0, False, "name"),
        ("x", 1.0, -1, False, "atol"),
        ("x", 1.0, float("nan"), False, "atol"),
        ("x", [1.0, float("inf")], 0, False, r"1 of 2 values are not finite.*\[1\]"),
        ("x", "text", 0, False, "only numbers"),
        ("x", [[1], [1, 2]], 0, False, "cannot read"),
        ("x", [], 0, False, "no values"),
        ("x", 1.0, 0, True, "argmax needs"),
    ],
)
def test_what_cannot_be_compared_is_refused(folder, name, values, atol, argmax, message):
    with pytest.raises(AgreementError, match=message):
        agreement.record(name, values, atol, argmax=argmax)
    assert list(folder.iterdir()) == []


def test_the_largest_difference_its_place_and_the_tolerance_are_told():
    found = one([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.5, 4.1]])
    assert not found.ok and found.difference == 0.5 and found.shape == (2, 2)
    assert found.message == "x: largest difference 0.5 at [1, 0], tolerance 0.001"


def test_a_difference_of_just_the_tolerance_agrees():
    assert one(0.0, 0.25, atol=0.25).ok
    assert not one(0.0, np.nextafter(0.25, 1), atol=0.25).ok


def test_large_integers_are_compared_exactly():
    assert not one(2**60, 2**60 + 1, atol=0).ok
    assert one(np.array([-3], np.int32), np.array([-3]), atol=0).ok
    assert one(np.array([3], np.uint8), np.array([-5]), atol=0).difference == 8


def test_a_shape_or_a_missing_name_is_disagreement():
    found = one([1.0], [1.0, 2.0])
    assert not found.ok and "(1,) in a and (2,) in b" in found.message
    (found,) = compare({}, {"y": Record("y", np.ones(1), 0)}, ("PyTorch", "TensorFlow"))
    assert not found.ok and found.message == "y: recorded in TensorFlow only"


def test_a_changed_argmax_fails_within_the_tolerance_unless_it_is_a_tie():
    tie = one([[0.5, 0.5004], [1, 0]], [[0.5004, 0.5], [1, 0]], argmax=True)
    assert tie.ok and (tie.argmax_equal, tie.rows) == (1, 2) and "ties" in tie.message
    flipped = one([[0.5, 0.6]], [[0.6, 0.5]], atol=0.05, argmax=True)
    assert not flipped.ok and "row [0] is no tie" in flipped.message


def test_a_torch_tensor_on_the_graph_can_be_recorded(folder):
    torch = pytest.importorskip("torch")
    agreement.record("x", torch.ones(3, requires_grad=True) * 2, atol=0)
    (path,) = folder.iterdir()
    assert agreement.load(path.read_bytes()).values.tolist() == [2, 2, 2]
