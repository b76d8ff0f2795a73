"""The built HTML: cells in the source = cells run = cells on the page, each in its tab."""

import json
from pathlib import Path
from urllib.parse import unquote

from tests.book import html_pages


def page(folder: Path, name: str) -> Path:
    return folder / "_build" / "html" / f"{name}.html"


def test_every_cell_of_the_small_book_is_in_its_tab_with_its_output(built):
    assert html_pages.faults(built, built / "_build" / "html") == []
    shown = html_pages.cells_on_page(page(built, "book/lab/sums"))
    outputs = {(s.framework, s.output.strip()[:18]) for s in shown}
    assert ("pytorch", "pytorch says 10") in outputs
    assert ("tensorflow", "tensorflow says 10") in outputs


def dead_links(site: Path) -> list[str]:
    """Links from page to page, or to a file, that lead nowhere."""
    pages = {path.resolve(): html_pages.soup(path) for path in site.rglob("*.html")}
    ids = {path: {e["id"] for e in parsed.select("[id]")} for path, parsed in pages.items()}
    wrong = []
    for path, parsed in pages.items():
        for link in parsed.select("a[href]"):
            to, _, anchor = link["href"].partition("#")
            if "//" in to or to.startswith("mailto:"):
                continue
            target = (path.parent / unquote(to)).resolve() if to else path
            lost = anchor and target in ids and unquote(anchor) not in ids[target]
            if not target.is_file() or lost:
                wrong.append(f"{path.relative_to(site.resolve())}: {link['href']}")
    return wrong


def test_no_link_of_the_small_book_leads_nowhere(copy):
    site = copy / "_build" / "html"
    assert dead_links(site) == []
    next(site.rglob("*.bin")).unlink()
    (found,) = dead_links(site)
    assert found.startswith("book/lab/second.html: _files/")


def test_no_link_of_the_real_book_leads_nowhere():
    assert dead_links(html_pages.real_site()) == []


def test_every_cell_of_the_real_book_is_in_its_tab_with_its_output():
    assert html_pages.faults(html_pages.ROOT, html_pages.real_site()) == []


def test_the_check_notices_a_cell_that_is_lost_or_in_the_wrong_tab(copy):
    lab = copy / "_build" / "html" / "book" / "lab"
    text = (lab / "sums.html").read_text()
    for break_it in (
        lambda t: t.replace("pytorch says 10", ""),
        lambda t: t.replace("tag_pytorch lab-cell-3", "lab-cell-99"),
        lambda t: t.replace("UHlUb3JjaA==", "VGVuc29yRmxvdw=="),
    ):
        assert break_it(text) != text
        (lab / "sums.html").write_text(break_it(text))
        assert html_pages.faults(copy, copy / "_build" / "html")


def test_prose_of_a_framework_stands_in_its_tab_before_the_code(built):
    parsed = html_pages.soup(page(built, "book/lab/sums"))
    method = parsed.find("strong", string="method")
    assert html_pages.tab_of(method) == "pytorch"
    assert html_pages.tab_of(parsed.find("strong", string="function")) == "tensorflow"
    assert "total" in method.find_next(class_="cell_input").get_text()


def test_a_shared_cell_shows_its_output_once_and_differing_ones_in_tabs(built):
    shown = html_pages.cells_on_page(page(built, "book/lab/sums"))
    numbers = [s for s in shown if "numbers: [1" in s.output]
    assert [s.framework for s in numbers] == [None]
    pids = [s for s in shown if s.index in {x.index for x in shown if "getpid" in (x.source or "")}]
    assert [s.framework for s in pids] == [None, "pytorch", "tensorflow"]
    assert pids[1].output.strip() != pids[2].output.strip()
    assert "The two kernels gave different output here." in page(built, "book/lab/sums").read_text()


def test_a_page_says_how_it_was_made_and_on_what_data(built):
    text = html_pages.soup(page(built, "book/lab/sums")).get_text(" ")
    assert "Built from part of Tiny ImageNet: 6 of 100,000 training images" in text
    assert "Profile quick" in " ".join(text.split())
    assert "2 of 2 rows" in text
    made = json.loads((built / "_build/html/book/lab/sums.provenance.json").read_text())
    assert {r["name"] for r in made["agreement"]} == {"sum", "scores"}
    for key in ("pytorch", "tensorflow"):
        assert made["notebooks"][key]["provenance"]["dataset"]["train_images"] == 6
        assert made["notebooks"][key]["key"] in text
    plain = html_pages.soup(page(built, "book/index")).get_text()
    assert "How this page was made" not in plain


def test_the_site_fetches_nothing_from_elsewhere_and_offers_no_sources(built):
    site = built / "_build" / "html"
    for path in site.rglob("*.html"):
        for element in html_pages.soup(path).select("script[src], link[href], img[src]"):
            assert "//" not in (element.get("src") or element["href"]), f"{path}: {element}"
    assert not (site / "_sources").exists()
    assert not list(site.rglob("*.md"))
    assert {path.parent for path in site.rglob("*.ipynb")} == {site / "notebooks"}
    assert "<math" in page(built, "book/index").read_text()
