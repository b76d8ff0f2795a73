"""The download against a server on the loopback that cuts, lies and fails as told."""

import hashlib
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from labcode import torchvision_compat
from labcode.data import archive, open_dataset
from labcode.data.download import download
from labcode.data.install import add
from labcode.errors import DataError

pytest.importorskip("torch")
torchvision_compat.install()
tinyimagenet = pytest.importorskip("tinyimagenet")


class Server:
    """Serves ``content`` with ranges; the first ``cuts`` answers stop half-way."""

    def __init__(self, content: bytes) -> None:
        self.content, self.cuts, self.ranges, self.status = content, 0, True, 200
        self.asked: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/tiny-imagenet-200.zip"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.asked.append(asked)
        if self.status != 200:
            return request.send_error(self.status)
        start = int(asked[6:-1]) if asked and self.ranges else 0
        if asked and self.ranges and start >= len(self.content):
            return request.send_error(416)
        body = self.content[start:]
        request.send_response(206 if asked and self.ranges else 200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if self.cuts:
            self.cuts -= 1
            body = body[: len(body) // 2]
        request.wfile.write(body)


@pytest.fixture
def server(
    home: Path, pack: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    path = pack("served.zip")
    content = path.read_bytes()
    server = Server(content)
    monkeypatch.setenv("LABCODE_TINYIMAGENET_URL", server.url)
    resources = [(archive.OFFICIAL_NAME, hashlib.md5(content).hexdigest())]
    monkeypatch.setattr(tinyimagenet, "resources", resources)
    yield server
    server.http.shutdown()
    server.http.server_close()


def _downloads(home: Path) -> list[str]:
    return sorted(p.name for p in (home / ".downloads").glob("*"))


def test_the_package_names_the_archive_and_checksum_that_imports_check() -> None:
    assert tinyimagenet.resources == [(archive.OFFICIAL_NAME, archive.OFFICIAL_MD5)]


def test_a_download_installs_and_leaves_no_archive(home: Path, server: Server) -> None:
    add("tiny-imagenet")
    assert len(open_dataset().train) == 48
    assert not (home / ".downloads").exists()


def test_a_cut_connection_is_taken_up_where_it_broke(home: Path, server: Server) -> None:
    server.cuts = 1
    add("tiny-imagenet")
    assert server.asked == [None, f"bytes={len(server.content) // 2}-"]
    assert len(open_dataset().train) == 48


def test_a_server_without_ranges_is_read_from_the_start_again(home: Path, server: Server) -> None:
    server.cuts, server.ranges = 1, False
    add("tiny-imagenet")
    assert len(open_dataset().train) == 48


def test_a_download_that_keeps_breaking_installs_nothing_and_the_next_run_goes_on(
    home: Path, server: Server
) -> None:
    server.cuts = 3
    with pytest.raises(DataError, match="the connection was cut.*same command again"):
        add("tiny-imagenet")
    assert not (home / "tiny-imagenet").exists()
    assert _downloads(home) == ["tiny-imagenet-200.zip.part"]
    add("tiny-imagenet")
    # Each of the three cuts halved what was missing: seven eighths had arrived.
    assert int(server.asked[-1].removeprefix("bytes=").rstrip("-")) >= len(server.content) * 0.87
    assert len(open_dataset().train) == 48


def test_a_whole_part_file_is_checked_and_used(home: Path, server: Server) -> None:
    (home / ".downloads").mkdir()
    (home / ".downloads" / "tiny-imagenet-200.zip.part").write_bytes(server.content)
    add("tiny-imagenet")
    assert len(open_dataset().train) == 48


def test_a_wrong_part_file_is_thrown_away_and_fetched_anew(home: Path, server: Server) -> None:
    (home / ".downloads").mkdir()
    (home / ".downloads" / "tiny-imagenet-200.zip.part").write_bytes(b"not this archive")
    add("tiny-imagenet")
    assert server.asked == ["bytes=16-", None]
    assert len(open_dataset().train) == 48


def test_a_wrong_checksum_is_never_taken_for_the_archive(home: Path, server: Server) -> None:
    server.content = server.content[:-1] + b"!"
    with pytest.raises(DataError, match="md5 .* instead of"):
        add("tiny-imagenet")
    assert not (home / "tiny-imagenet").exists() and _downloads(home) == []


def test_a_missing_file_and_a_dead_server_are_named(home: Path, server: Server) -> None:
    server.status = 404
    with pytest.raises(DataError, match="answered 404"):
        add("tiny-imagenet")
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(DataError, match="the download of tiny-imagenet-200.zip failed.*--from"):
        add("tiny-imagenet")
    assert not (home / "tiny-imagenet").exists()


def test_without_the_package_the_other_way_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tinyimagenet", None)
    with pytest.raises(DataError, match="--from ARCHIVE"):
        download(home / "nowhere")
    assert not (home / "nowhere").exists()


def test_the_torchvision_shim_may_be_installed_twice() -> None:
    assert torchvision_compat.install() == torchvision_compat.install()
    from torchvision.datasets import ImageFolder

    assert ImageFolder is not None


def test_what_the_package_rearranges_opens_with_the_same_digest(
    installed: Path, tree: Path
) -> None:
    digest = open_dataset().digest
    shutil.rmtree(installed)
    shutil.copytree(tree, installed)
    tinyimagenet.preprocess_val(installed)
    assert not (installed / "val" / "images").exists()
    dataset = open_dataset()
    assert dataset.digest == digest
    assert dataset.val.files[0].startswith(f"val/{dataset.wnids[dataset.val.labels[0]]}/images/")
    assert dataset.val.metadata(0)["box"] is not None
