"""Addresses under which Colab, Binder and pip find what is published."""

import pytest

from labcode.publish import repository
from labcode.publish.repository import Repository

CONFIG = """\
repository:
  url: "{url}"
sphinx:
  config:
    labcode_site_branch: {branch}
"""


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_the_repository_is_that_of_the_settings(tmp_path, end):
    path = tmp_path / "_config.yml"
    path.write_text(CONFIG.format(url=f"https://github.com/some-one/lab.one{end}", branch="site"))
    assert repository.of(tmp_path) == Repository("some-one/lab.one", "site")
    path.write_text(path.read_text().split("sphinx:")[0])
    assert repository.of(tmp_path) == Repository("some-one/lab.one", "gh-pages")


@pytest.mark.parametrize("url", ["", "https://example.org/one/lab", "https://github.com/one"])
def test_without_an_address_that_colab_knows_there_is_none(tmp_path, url):
    assert repository.of(tmp_path) is None
    (tmp_path / "_config.yml").write_text(CONFIG.format(url=url, branch="gh-pages"))
    assert repository.of(tmp_path) is None


def test_what_is_opened_is_the_published_branch():
    one, path = Repository("one/lab"), "notebooks/a-pytorch.ipynb"
    assert one.colab(path) == (
        "https://colab.research.google.com/github/one/lab/blob/gh-pages/notebooks/a-pytorch.ipynb"
    )
    assert one.binder(path) == (
        "https://mybinder.org/v2/gh/one/lab/gh-pages?urlpath=lab/tree/notebooks/a-pytorch.ipynb"
    )
    assert one.raw("notebooks/x.whl") == (
        "https://raw.githubusercontent.com/one/lab/gh-pages/notebooks/x.whl"
    )
    assert "/a%2Fb?" in Repository("one/lab", "a/b").binder(path)
