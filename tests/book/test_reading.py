"""A reader's browser: tabs, print, no JavaScript, dark theme, a phone."""

import functools
import http.server
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

SUMS = "book/lab/sums.html"
SECOND = "book/lab/second.html"
STATUS = "book/status.html"
BOTH = ("pytorch says 10", "tensorflow says 10")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder: Path):
    """The address of a site; one origin, as a published site has, so that storage works."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def site(built):
    with served(built / "_build" / "html") as address:
        yield address


def opened(context, address):
    page = context.new_page()
    page.goto(address)
    return page


def visible(page) -> list[str]:
    return [text for text in BOTH if page.get_by_text(text, exact=True).first.is_visible()]


def test_one_framework_is_shown_and_a_click_changes_every_group(browser, site):
    page = opened(browser.new_context(), site + SUMS)
    assert visible(page) == [BOTH[0]]
    page.get_by_role("tab", name="TensorFlow").first.click()
    assert visible(page) == [BOTH[1]]
    selected = page.locator("[role=tab][aria-selected=true]").all_inner_texts()
    assert set(selected) == {"TensorFlow"} and len(selected) == 3


def test_the_choice_is_kept_over_pages_tabs_and_visits(browser, site):
    context = browser.new_context()
    opened(context, site + SUMS).get_by_role("tab", name="TensorFlow").first.click()
    other = opened(context, site + SECOND)  # a new browser tab has its own sessionStorage
    assert other.get_by_text("second page, tensorflow", exact=True).is_visible()
    visit = browser.new_context(storage_state=context.storage_state())
    assert visible(opened(visit, site + SUMS)) == [BOTH[1]]


def test_tabs_are_worked_by_the_keyboard(browser, site):
    page = opened(browser.new_context(), site + SUMS)
    page.get_by_role("tab", name="PyTorch").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert visible(page) == [BOTH[1]]


def test_without_javascript_both_frameworks_are_shown_each_under_its_name(browser, site):
    page = opened(browser.new_context(java_script_enabled=False), site + SUMS)
    assert visible(page) == list(BOTH)
    headings = page.locator(".lab-tab-heading")
    assert headings.count() == 6 and all(h.is_visible() for h in headings.all())
    assert not page.locator("[role=tablist]").first.is_visible()


def test_print_shows_both_frameworks_each_under_its_name(browser, site):
    page = opened(browser.new_context(), site + SUMS)
    page.emulate_media(media="print")
    assert visible(page) == list(BOTH)
    assert all(h.is_visible() for h in page.locator(".lab-tab-heading").all())


CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(
    "[role=tab], .sphinx-tabs-panel p, .lab-note p, .lab-provenance td, .lab-part, .lab-points, " +
    ".lab-bar a, .lab-hint summary, .lab-hint p, .lab-grading p, .bd-header-announcement, .hll span"
  )].map((e) => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
    return [e.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_and_text_of_tabs_are_legible(browser, site, scheme):
    page = opened(browser.new_context(color_scheme=scheme), site + SUMS)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.wait_for_timeout(300)  # the theme fades in
    found = page.evaluate(CONTRAST)
    assert len(found) > 10
    assert [f for f in found if f[1] < 4.5] == []


@pytest.mark.parametrize("name", ["book/index.html", SUMS, SECOND, STATUS])
def test_a_phone_scrolls_wide_output_and_not_the_page(browser, site, name):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = opened(context, site + name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if name == SUMS:
        wide = page.locator(".cell_output pre", has_text="pytorch wide").first
        assert wide.evaluate("e => e.scrollWidth > e.clientWidth")
        assert wide.evaluate("e => getComputedStyle(e).overflowX") == "auto"


def ages(page) -> list[tuple[str, str]]:
    """The date of each result on the status page, and what stands beside it."""
    times = page.locator("time.lab-age").all()
    return [(t.inner_text(), t.locator("xpath=..").inner_text()) for t in times]


@pytest.mark.parametrize(
    "later, words",
    [
        (-5, "just now"),
        (90, "1 minute ago"),
        (23 * 3600, "23 hours ago"),
        (3 * 86400, "3 days ago"),
        (45 * 86400, "1 month ago"),
        (800 * 86400, "2 years ago"),
    ],
)
def test_the_status_page_says_how_old_each_result_is_when_it_is_read(browser, site, later, words):
    page = browser.new_context().new_page()
    page.goto(site + STATUS)
    made = page.locator("time.lab-age").first.get_attribute("datetime")
    page.clock.install(time=datetime.fromisoformat(made) + timedelta(seconds=later))
    page.reload()
    date, told = ages(page)[0]
    assert date == made[:10]
    assert told == f"{date} {words}"


def test_without_javascript_the_date_of_a_result_stands_alone(browser, site):
    page = opened(browser.new_context(java_script_enabled=False), site + STATUS)
    found = ages(page)
    assert len(found) == 4
    assert all(told == date and len(date) == len("2026-01-31") for date, told in found)


def test_a_click_on_an_offered_file_saves_it_under_its_name(browser, site):
    page = opened(browser.new_context(accept_downloads=True), site + SECOND)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Every byte once").click()
    assert waiting.value.suggested_filename == "all bytes.bin"
    assert Path(waiting.value.path()).read_bytes() == bytes(range(256))


def test_code_in_tabs_is_highlighted_and_can_be_copied_and_unfolded(browser, site):
    page = opened(browser.new_context(), site + SUMS)
    panel = page.locator(".sphinx-tabs-panel.lab-pytorch").first
    assert panel.locator(".highlight span").count() > 3
    assert panel.locator("button.copybtn").count() >= 1
    hidden = page.locator(".sphinx-tabs-panel.lab-pytorch details.hide").first
    assert not hidden.locator(".cell_input").is_visible()
    hidden.locator("summary").click()
    assert hidden.locator(".cell_input").is_visible()
