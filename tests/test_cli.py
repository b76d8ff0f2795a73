"""The command line: errors in one sentence, and no heavy package needed for a student."""

import subprocess
import sys

from labcode.cli import main


def test_an_error_is_one_sentence_on_stderr_and_exit_status_1(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("LABCODE_DATA", str(tmp_path))
    assert main(["data", "add", "no-such-set"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("labcode: error:") and "no-such-set" in said
    assert "Traceback" not in said


HIDE = """
import sys
for name in ("sphinx", "nbclient", "nbformat", "myst_nb", "jupyter_book", "playwright"):
    sys.modules[name] = None
"""


def run_hidden(code):
    return subprocess.run([sys.executable, "-c", HIDE + code], capture_output=True, text=True)


def test_labcode_imports_where_no_publishing_package_and_no_framework_is_installed():
    done = run_hidden("""
sys.modules["torch"] = sys.modules["tensorflow"] = None
import labcode.toycnn, labcode.weights, labcode.data, labcode.binaries, labcode.agreement
import labcode.metrics, labcode.batches, labcode.checkpoint, labcode.provenance, labcode.plots
from labcode.cli import main
main(["data", "list"])
""")
    assert done.returncode == 0, done.stderr


def test_a_publishing_verb_without_its_packages_says_what_to_install():
    done = run_hidden('from labcode.cli import main; sys.exit(main(["book"]))')
    assert done.returncode == 1
    assert "pip install '.[book]'" in done.stderr and "Traceback" not in done.stderr
