"""A file that a cell offers: kept by its content in a build, pointed at in a notebook."""

import hashlib

import pytest
from bs4 import BeautifulSoup

from labcode import downloads
from labcode.errors import DownloadError


def link(offered):
    return BeautifulSoup(offered._repr_html_(), "html.parser").a


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder that keeps files, as in a build."""
    monkeypatch.setenv("LABCODE_DOWNLOADS", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_in_a_build_the_file_is_kept_by_its_content_under_its_name(kept, tmp_path):
    (tmp_path / "a b & <c>.bin").write_bytes(bytes(2048))
    offered = downloads.offer(tmp_path / "a b & <c>.bin", "All <zeros>")
    sha = hashlib.sha256(bytes(2048)).hexdigest()[:12]
    assert (kept / sha / "a b & <c>.bin").read_bytes() == bytes(2048)
    assert link(offered)["href"] == f"_files/{sha}/a%20b%20%26%20%3Cc%3E.bin"
    assert link(offered).text == "All <zeros>" and link(offered).has_attr("download")
    assert repr(offered) == "All <zeros>: a b & <c>.bin (2.0 KiB)"


def test_the_same_content_gives_the_same_output_wherever_it_lay(kept, tmp_path):
    shown = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.json").write_text("{}")
        offered = downloads.offer(tmp_path / folder / "x.json", "A file")
        shown.append((repr(offered), offered._repr_html_()))
    assert shown[0] == shown[1]
    assert str(tmp_path) not in str(shown)
    assert len([p for p in kept.rglob("*") if p.is_file()]) == 1


def test_in_a_notebook_it_says_where_the_file_lies(tmp_path, monkeypatch):
    monkeypatch.delenv("LABCODE_DOWNLOADS", raising=False)
    (tmp_path / "work" / "out").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    for name in ("work/out/x.bin", "elsewhere.bin"):
        (tmp_path / name).write_bytes(b"123")
    inside = downloads.offer("out/x.bin", "Inside")
    assert link(inside)["href"] == "out/x.bin" and repr(inside) == "Inside: out/x.bin (3 bytes)"
    outside = downloads.offer("../elsewhere.bin", "Outside")
    assert link(outside) is None and str(tmp_path / "elsewhere.bin") in repr(outside)
    assert sorted(p.name for p in tmp_path.rglob("*.bin")) == ["elsewhere.bin", "x.bin"]


@pytest.mark.parametrize("build", [True, False])
def test_what_cannot_be_offered_is_refused(tmp_path, monkeypatch, build):
    if build:
        monkeypatch.setenv("LABCODE_DOWNLOADS", str(tmp_path / "kept"))
    else:
        monkeypatch.delenv("LABCODE_DOWNLOADS", raising=False)
    with pytest.raises(DownloadError, match=r"no file .*gone\.bin"):
        downloads.offer(tmp_path / "gone.bin", "Gone")
    with pytest.raises(DownloadError, match="folder"):
        downloads.offer(tmp_path, "A folder")
    with open(tmp_path / "large.bin", "wb") as file:
        file.truncate(downloads.LIMIT + 1)
    with pytest.raises(DownloadError, match=r"20\.0 MiB is the limit"):
        downloads.offer(tmp_path / "large.bin", "Large")
    with pytest.raises(DownloadError, match="title"):
        downloads.offer(tmp_path / "large.bin", " ")
    assert not (tmp_path / "kept").exists()
