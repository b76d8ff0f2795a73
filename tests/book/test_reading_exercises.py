"""A student's browser on exercises: downloads, hints, a phone, the dark theme, paper."""

import io
import zipfile
from pathlib import Path

import nbformat
import pytest

from tests.book.test_reading import CONTRAST, opened, served

PAGES = ("book/index.html", "book/lab/shared.html", "book/lab/apart.html")
APART = PAGES[2]


@pytest.fixture(scope="session")
def sites(desk):
    """Edition -> address of its site."""
    with served(desk / "_build" / "html") as student:
        with served(desk / "_build" / "html-instructor") as instructor:
            yield {"student": student, "instructor": instructor}


def offered(page) -> list[str]:
    """The links of the bar that a reader sees."""
    return [a.inner_text().strip() for a in page.locator(".lab-bar a").all() if a.is_visible()]


def of(label: str) -> list[str]:
    return [f"{label} notebook", f"All of Lab 1 in {label}", "Colab", "Binder"]


def saved(page, name: str) -> tuple[str, bytes]:
    """The name and the bytes of the file that a click on the link saves."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_the_bar_offers_what_belongs_to_the_tab_in_view_and_remembers_it(browser, sites):
    context = browser.new_context()
    page = opened(context, sites["student"] + APART)
    assert offered(page) == of("PyTorch")
    page.get_by_role("tab", name="TensorFlow").first.click()
    assert offered(page) == of("TensorFlow")
    assert offered(opened(context, sites["student"] + PAGES[1])) == of("TensorFlow")
    assert offered(opened(context, sites["student"] + PAGES[0])) == [
        "All of Lab 1 in PyTorch",
        "All of Lab 1 in TensorFlow",
    ], "nothing to choose with on a page without tabs"


def test_without_javascript_both_frameworks_are_offered(browser, sites):
    page = opened(browser.new_context(java_script_enabled=False), sites["student"] + APART)
    assert offered(page) == [*of("PyTorch"), *of("TensorFlow")]


def test_a_click_saves_the_notebook_of_the_tab_as_a_file_that_is_one(browser, sites, desk):
    page = opened(browser.new_context(accept_downloads=True), sites["student"] + APART)
    for label in ("PyTorch", "TensorFlow"):
        page.get_by_role("tab", name=label).first.click()
        name, data = saved(page, f"{label} notebook")
        assert name == f"apart-{label.lower()}.ipynb" and page.url.endswith(APART)
        notebook = nbformat.reads(data.decode(), as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.labcode.framework == label.lower()
        name, data = saved(page, f"All of Lab 1 in {label}")
        assert name == f"lab1-{label.lower()}.zip"
        assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


@pytest.mark.parametrize("scripts", [True, False])
def test_a_hint_unfolds_when_it_is_asked_for(browser, sites, scripts):
    page = opened(browser.new_context(java_script_enabled=scripts), sites["student"] + APART)
    hint, other = page.locator("details.lab-hint").all()
    assert not hint.get_by_text("What is twice a number?").is_visible()
    hint.locator("summary").click()
    assert hint.get_by_text("What is twice a number?").is_visible()
    assert not other.get_by_text("Add.").is_visible()


def test_paper_shows_the_hints_and_no_downloads(browser, sites):
    page = opened(browser.new_context(), sites["student"] + APART)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.get_by_text("What is twice a number?").is_visible() and offered(page) == []
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert not page.get_by_text("What is twice a number?").is_visible()


@pytest.mark.parametrize("edition", ["student", "instructor"])
@pytest.mark.parametrize("name", PAGES)
def test_a_phone_scrolls_no_page_sideways(browser, sites, edition, name):
    page = opened(
        browser.new_context(viewport={"width": 390, "height": 844}), sites[edition] + name
    )
    for hint in page.locator("details.lab-hint summary").all():
        hint.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("edition", ["student", "instructor"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_captions_points_hints_and_hidden_lines_are_legible(browser, sites, scheme, edition):
    page = opened(browser.new_context(color_scheme=scheme), sites[edition] + APART)
    for hint in page.locator("details.lab-hint summary").all():
        hint.click()
    page.wait_for_timeout(300)  # the theme fades in
    found = page.evaluate(CONTRAST)
    assert len(found) > 10
    assert [f for f in found if f[1] < 4.5] == []


def test_a_link_leads_to_the_exercise(browser, sites):
    page = opened(browser.new_context(), sites["student"] + APART + "#exercise-double")
    assert page.locator("#exercise-double:target").count() == 1
