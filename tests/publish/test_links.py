"""``labcode links``: planted links that lead nowhere, and those that do not."""

import http.server
import threading

import pytest

from labcode.cli import main
from labcode.publish import links

INDEX = """<h1 id="start">A</h1><a name="old-place"></a>
<a href="#start">1</a><a href="#">2</a><a href="#top">3</a><a href="lab/b.html#deep%20place">4</a>
<a href="lab/">5</a><img src="_static/a%20b.png?v=1"><a href="mailto:x@example.org">6</a>
<a href="https://example.org/page#there">7</a><a href="//example.org/same">8</a>
"""
OTHER = (
    '<p id="deep place"></p><a href="../index.html#old-place">up</a><a href="/index.html">top</a>'
)


@pytest.fixture
def site(tmp_path):
    theme = '<a href="{{ x }}">'
    files = {"index.html": INDEX, "lab/b.html": OTHER, "lab/index.html": "",
             "_static/a b.png": "", "_static/theme.html": theme}  # fmt: skip
    for name, text in files.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.html").write_text("not of the site")
    return tmp_path / "site"


def test_a_whole_site_has_no_fault(site, capsys):
    assert links.check(site) == (8, [])
    assert main(["links", str(site)]) == 0
    assert "8 links inside lead somewhere; 1 pages of other sites, not fetched" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "link, why",
    [
        ("gone.html", "no such file"),
        ("lab/gone.html#x", "no such file"),
        ("_static", "no such file"),
        ("#nowhere", "no such place"),
        ("lab/b.html#nowhere", "no such place"),
        ("../secret.html", "outside"),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_its_page(site, link, why, capsys):
    (site / "lab" / "c.html").write_text('<a href="../index.html">fine</a>')
    (site / "index.html").write_text(f'{INDEX}<a href="{link}">bad</a>')
    assert main(["links", str(site)]) == 1
    said = capsys.readouterr().err
    assert f"index.html: {link}: {why}" in said and "lead nowhere: 1" in said


def test_a_site_that_is_not_built_is_no_clean_site(tmp_path, capsys):
    assert main(["links", "--root", str(tmp_path)]) == 1
    assert "build it" in capsys.readouterr().err


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *args):
        pass


def test_other_sites_are_fetched_when_asked(site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        pages = {f"{base}/{code}": "index.html" for code in (200, 403, 404, 410)}
        found = links.fetch(pages)
    finally:
        server.shutdown()
        server.server_close()
    assert [line.split(": ")[2][:3] for line in found] == ["404", "410"]
    assert "index.html" in links.fetch({base: "index.html"})[0]  # nobody answers there now
