"""``labcode export verify``: a clean export has no fault, and each planted fault is named."""

import json

import pytest

from labcode.binaries import FILES, verify
from labcode.binaries.faults import braces, lines
from labcode.cli import main
from labcode.errors import DataError
from tests.binaries.plants import PLANTS, change, expand, half, one_value, seal


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_a_clean_export_of_either_framework_has_no_fault(exports, framework):
    found = verify(exports[framework])
    assert found.faults == ()
    assert found.difference < 1e-5


def test_a_clean_export_needs_no_manifest(export):
    (export / "manifest.json").unlink()
    (export / "metadata.json").unlink()
    assert verify(export).ok


@pytest.mark.parametrize("name", list(PLANTS))
def test_every_planted_fault_is_named_and_nothing_else(export, name):
    plant, expected = PLANTS[name]
    plant(export)
    if (export / "manifest.json").exists():
        seal(export)
    found = verify(export)
    named = {
        (fault.file, words)
        for fault in found.faults
        for _, words in expected
        if words in fault.what
    }
    wanted = {(file, words) for files, words in expected for file in expand(files)}
    assert named == wanted, str(found)
    assert len(found.faults) == len(wanted), str(found)


def test_weights_of_16_bits_are_named_when_the_maps_do_not_follow_and_no_order_is_blamed(export):
    names = [file.name for file in FILES if file.name.startswith("model/")]
    change(half, *names)(export)
    seal(export)
    found = verify(export)
    off = [fault for fault in found.faults if "when computed from the image on" in fault.what]
    short = [fault.file for fault in found.faults if "16-bit precision" in fault.what]
    assert off and short == names and len(found.faults) == len(off) + len(short), str(found)


def test_a_file_that_changed_after_the_manifest_is_named_even_where_no_number_can_tell(export):
    one_value(export)
    (export / "metadata.json").write_text("[]\n")
    said = str(verify(export))
    assert "metadata.json, image_2_data/layer_4_output.bin: has changed since" in said or (
        "image_2_data/layer_4_output.bin, metadata.json: has changed since" in said
    )
    assert "off by up to 0.25" in said


def test_a_manifest_that_says_something_else_is_named(export):
    path = export / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][0]["layout"] = "CHW"
    path.write_text(json.dumps(manifest))
    assert "manifest.json: says layout CHW of image_0.bin; Lab 2 reads HWC" in str(verify(export))
    path.write_text('{"files": [{"name": 5}]}')
    assert "manifest.json: does not list image_0.bin" in str(verify(export))
    path.write_text("[]")
    assert "manifest.json: cannot be read as a manifest" in str(verify(export))


def test_the_command_prints_one_line_a_fault_and_exits_1(export, capsys):
    assert main(["export", "verify", str(export)]) == 0
    assert "55 files, no fault, manifest agrees" in capsys.readouterr().out
    PLANTS["a bit of everything"][0](export)
    assert main(["export", "verify", str(export)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 1 + len(lines(verify(export).faults))
    assert all(" Mend: " in line for line in out[1:])


def test_a_folder_that_is_not_there_is_answered_with_the_command_that_writes_one(tmp_path):
    with pytest.raises(DataError, match="labcode export write"):
        verify(tmp_path / "nothing")


def test_files_are_grouped_as_a_shell_would_write_them():
    names = [f"image_{i}_data/layer_{k}_output.bin" for i in (0, 2) for k in (1, 3)]
    assert braces([*names, "image_1.bin"]) == (
        "image_{0,2}_data/layer_{1,3}_output.bin, image_1.bin"
    )
    assert expand(braces(names[:3])) == set(names[:3])
