"""What all tests share: a browser, and how the frameworks' threads wait and what they say."""

import os
import shutil

import pytest

# Before any framework is imported: PyTorch's idle threads spin by default, and then TensorFlow's
# in the same process starve.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Beside other workers each has its share of the cores, and so have the processes that it starts.
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) - 1:
    threads = str(max(1, (os.cpu_count() or 1) // (workers + 1)))
    os.environ.setdefault("OMP_NUM_THREADS", threads)
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", threads)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()
