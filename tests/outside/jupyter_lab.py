"""A JupyterLab of its own for tests: nothing of the user's settings, data or kernels' files."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = {
    # Cells out of view would not be in the document.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class Lab:
    """A running server; ``home`` is the folder of notebooks that it shows."""

    address: str
    token: str
    home: Path

    def page(self, name: str) -> str:
        """The address that opens the notebook ``name`` and nothing else of earlier visits."""
        return f"{self.address}/lab/tree/{name}?token={self.token}&reset"


@contextlib.contextmanager
def serving(folder: Path, seconds: float = 60) -> Iterator[Lab]:
    """A server on a loopback port that shows ``folder / "home"``; ended with its kernels."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    settings = folder / "settings"
    for name, values in SETTINGS.items():
        package, plugin = name.split(":")
        path = settings / package / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(settings), "IPYTHONDIR": str(folder / "ipython")}
    own |= {"JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"), "JUPYTER_NO_CONFIG": "1"}
    # The kernels work elsewhere, and this labcode need not be installed.
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    own["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), home)
    options = [
        f"--ServerApp.root_dir={home}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_root=True",
        "--LabApp.extension_manager=readonly",
    ]
    with open(folder / "jupyter.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=os.environ | own | {"JUPYTER_TOKEN": lab.token},
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, lab, folder / "jupyter.log", seconds)
        yield lab
    finally:
        process.terminate()  # the server then ends its kernels
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen, lab: Lab, log: Path, seconds: float) -> None:
    """Until the server answers. Raises RuntimeError with its log when it does not."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{lab.address}/api?token={lab.token}", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab does not answer:\n{log.read_text(encoding='utf-8')}")
