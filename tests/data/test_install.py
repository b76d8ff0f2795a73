"""Import from archives and folders: sound ones, unsafe ones, broken ones, killed ones."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from labcode.data import archive, open_dataset
from labcode.data.install import add, remove
from labcode.errors import DataError

Pack = Callable[[str], Path]


def _nothing_installed(home: Path) -> bool:
    return [p.name for p in home.iterdir() if not p.name.endswith(".lock")] == []


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.xz", "a.tar.gz", "a.tar.bz2"])
def test_every_kind_of_archive_installs_the_same_data(
    home: Path, tree: Path, pack: Pack, name: str
) -> None:
    add("tiny-imagenet", pack(name))
    for file in tree.rglob("*.*"):
        copy = home / "tiny-imagenet" / file.relative_to(tree)
        assert copy.read_bytes() == file.read_bytes()
    dataset = open_dataset()
    assert (len(dataset.train), len(dataset.val)) == (48, 24)


@pytest.mark.parametrize("level", ["itself", "parent"])
def test_a_folder_is_copied_without_what_is_not_needed(
    home: Path, tree: Path, tmp_path: Path, level: str
) -> None:
    source = tmp_path / "share" / "tiny-imagenet-200"
    shutil.copytree(tree, source)
    (source / "test" / "images").mkdir(parents=True)
    (source / "test" / "images" / "test_0.JPEG").write_bytes(b"x")
    (source / "notes.txt").write_text("x")
    add("tiny-imagenet", source if level == "itself" else source.parent)
    assert sorted(p.name for p in (home / "tiny-imagenet").iterdir()) == [
        "train",
        "val",
        "wnids.txt",
        "words.txt",
    ]
    assert (source / "notes.txt").exists()
    assert len(open_dataset().train) == 48


def _tar_with(path: Path, tree: Path, info: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as out:
        out.add(tree, tree.name)
        out.addfile(info, io.BytesIO(b"x" * info.size))
    return path


def _member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    info.size = 1 if kind == tarfile.REGTYPE else 0
    return info


@pytest.mark.parametrize(
    "member",
    [
        _member("../evil.txt"),
        _member("tiny-imagenet-200/train/../../../evil.txt"),
        _member("/tmp/evil.txt"),
        _member("C:/evil.txt"),
        _member("tiny-imagenet-200\\evil.txt"),
        _member("tiny-imagenet-200/words2", tarfile.SYMTYPE, "/etc/passwd"),
        _member("tiny-imagenet-200/words3", tarfile.LNKTYPE, "tiny-imagenet-200/words.txt"),
        _member("tiny-imagenet-200/device", tarfile.CHRTYPE),
        _member("tiny-imagenet-200/pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda member: member.name,
)
def test_a_tar_with_an_unsafe_member_is_refused_by_name(
    home: Path, tree: Path, tmp_path: Path, member: tarfile.TarInfo
) -> None:
    path = _tar_with(tmp_path / "evil.tar", tree, member)
    with pytest.raises(DataError, match="is refused: member") as caught:
        add("tiny-imagenet", path)
    assert repr(member.name) in str(caught.value)
    assert _nothing_installed(home)
    assert not list(tmp_path.rglob("evil.txt"))


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a\\..\\evil.txt", "link"])
def test_a_zip_with_an_unsafe_member_is_refused_by_name(
    home: Path, pack: Pack, tmp_path: Path, name: str
) -> None:
    path = pack("evil.zip")
    info = zipfile.ZipInfo(name)
    if name == "link":
        info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as out:
        out.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="is refused: member"):
        add("tiny-imagenet", path)
    assert _nothing_installed(home) and not list(tmp_path.rglob("evil.txt"))


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.xz", "a.tar.gz", "a.tar.bz2"])
def test_a_truncated_archive_is_refused_and_leaves_nothing(
    home: Path, pack: Pack, name: str
) -> None:
    path = pack(name)
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(DataError, match="Nothing was installed|nothing was installed"):
        add("tiny-imagenet", path)
    assert _nothing_installed(home)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.xz", "a.tar.gz"])
def test_a_flipped_byte_in_an_archive_is_found(home: Path, pack: Pack, name: str) -> None:
    path = pack(name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="truncated or corrupt"):
        add("tiny-imagenet", path)
    assert _nothing_installed(home)


def test_a_tar_cut_between_two_members_is_refused_as_damaged(
    home: Path, tree: Path, tmp_path: Path
) -> None:
    path = tmp_path / "cut.tar"
    with tarfile.open(path, "w") as out:
        for part in ("wnids.txt", "words.txt", "train"):
            out.add(tree / part, part)
    with pytest.raises(DataError, match=r"nothing was installed:\n  - missing from the folder"):
        add("tiny-imagenet", path)
    assert _nothing_installed(home)


def test_the_official_name_with_another_checksum_is_refused(home: Path, pack: Pack) -> None:
    with pytest.raises(DataError, match=archive.OFFICIAL_MD5):
        add("tiny-imagenet", pack(archive.OFFICIAL_NAME))
    assert _nothing_installed(home)


def test_the_official_size_with_another_checksum_is_refused(
    home: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack("renamed.zip")
    monkeypatch.setattr(archive, "OFFICIAL_BYTES", path.stat().st_size)
    with pytest.raises(DataError, match="is not the official"):
        add("tiny-imagenet", path)


def test_what_is_no_archive_or_holds_no_data_set_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no"):
        add("tiny-imagenet", tmp_path / "absent.zip")
    text = tmp_path / "page.zip"
    text.write_text("<html>not found</html>")
    with pytest.raises(DataError, match="neither a zip nor a tar"):
        add("tiny-imagenet", text)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as out:
        out.writestr("readme.txt", "x")
    with pytest.raises(DataError, match=r"there is no wnids\.txt"):
        add("tiny-imagenet", tmp_path / "other.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"there is no wnids\.txt"):
        add("tiny-imagenet", tmp_path / "empty")
    assert _nothing_installed(home)


def test_two_data_sets_in_one_archive_are_not_mixed(home: Path, tree: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "two.tar", "w") as out:
        out.add(tree, "one")
        out.add(tree, "two")
    with pytest.raises(DataError, match="holds two data sets"):
        add("tiny-imagenet", tmp_path / "two.tar")


def test_an_import_does_not_replace_installed_data(installed: Path, pack: Pack) -> None:
    with pytest.raises(DataError, match="already installed.*labcode data remove"):
        add("tiny-imagenet", pack("a.zip"))
    assert remove("tiny-imagenet") == [installed]
    add("tiny-imagenet", pack("a.zip"))
    assert installed.is_dir()


def test_a_killed_import_leaves_nothing_installed_and_the_next_one_works(
    home: Path, pack: Pack
) -> None:
    path = pack("a.tar")
    code = (
        "import os, sys; from pathlib import Path; from labcode.data import install\n"
        "def die(source, target, progress, **_):\n"
        "    (target / 'wnids.txt').write_text('half'); os.kill(os.getpid(), 9)\n"
        "install.take = die; install.add('tiny-imagenet', Path(sys.argv[1]))"
    )
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == -9
    assert not (home / "tiny-imagenet").exists()
    assert [p for p in home.iterdir() if p.is_dir()], "the kill left no half copy to clear"
    add("tiny-imagenet", path)
    assert [p.name for p in home.iterdir() if p.is_dir()] == ["tiny-imagenet"]


def test_removing_a_link_to_a_share_leaves_the_share(home: Path, tree: Path) -> None:
    (home / "tiny-imagenet").symlink_to(tree)
    open_dataset()
    assert len(remove("tiny-imagenet")) == 2
    assert tree.is_dir() and not os.path.lexists(home / "tiny-imagenet")
    assert remove("tiny-imagenet") == []
