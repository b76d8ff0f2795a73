"""The ``data`` verbs of the command line."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from labcode.data.commands import add_parser
from labcode.errors import DataError


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["data", *words])
    return args.func(args)


def test_add_list_verify_and_remove(
    home: Path, pack: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("add", "tiny-imagenet", "--from", str(pack("a.tar.xz"))) == 0
    printed = capsys.readouterr().out
    assert "48 train + 24 val images of 6 classes, PARTIAL" in printed
    assert run("list") == 0
    assert "installed, decoded" in capsys.readouterr().out
    assert run("verify") == 0
    assert "sound, partial" in capsys.readouterr().out
    assert run("remove", "tiny-imagenet") == 0
    assert not (home / "tiny-imagenet").exists() and not (home / "tiny-imagenet.arrays").exists()
    assert run("remove", "tiny-imagenet") == 0
    assert "is not installed" in capsys.readouterr().out


def test_verify_exits_1_on_damage_and_names_it(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (installed / "val" / "images" / "val_1.JPEG").write_bytes(b"")
    assert run("verify", "tiny-imagenet") == 1
    assert "cannot be decoded (1): val/images/val_1.JPEG" in capsys.readouterr().out


def test_verify_of_what_is_not_installed_says_how_to_get_it(home: Path) -> None:
    with pytest.raises(DataError, match="labcode data add tiny-imagenet"):
        run("verify", "tiny-imagenet")
    assert run("verify") == 0


def test_the_sample_takes_no_source(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="leave out --from"):
        run("add", "sample", "--from", str(tmp_path))
