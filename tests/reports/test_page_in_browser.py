"""The page in a real browser: no message, no request, no sideways scroll, and a mouse that reads an event's energy."""

from __future__ import annotations

import re
import shutil

import pytest

from powermeter.recording import Recording
from powermeter.reports.html import HTMLReport
from powermeter.reports.report_data import gather
from tests.reports.conftest import maker, twenty_events
from tests.reports.test_zoom_data import clipped

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.thorough, pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page of twenty events, a gap and a second rail."""
    folder = tmp_path_factory.mktemp("page")
    recorded = maker(folder)(events=twenty_events(), gap_s=(9.6, 9.9), second=True)
    with Recording.open(recorded) as recording:
        path = folder / "page.html"
        path.write_text(HTMLReport().render(gather(recording)), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture
def page(browser, address):
    """The page, opened in a wide window of a profile of its own."""
    profile = browser.new_context(viewport={"width": 1100, "height": 900})
    opened = profile.new_page()
    opened.seen = []
    opened.on("console", lambda message: opened.seen.append(message.text))
    opened.on("pageerror", lambda error: opened.seen.append(str(error)))
    opened.on(
        "request",
        lambda request: opened.seen.append(request.url) if request.url != address else None,
    )
    opened.goto(address)
    yield opened
    profile.close()


def figure(page):
    canvas = page.locator("#zoom canvas")
    canvas.scroll_into_view_if_needed()
    return canvas.bounding_box()


def readout(page):
    page.wait_for_timeout(80)
    return page.locator(".readout").inner_text().replace("\u00a0", " ")


def test_it_opens_silently_at_every_width(page):
    for width in (1100, 800, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(50)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.seen == []


def test_a_printed_page_is_no_wider_than_its_paper(page):
    """A4 less 15 mm on either side, at 96 to the inch; what is folded on the screen is open on paper."""
    page.set_viewport_size({"width": round((210 - 30) / 25.4 * 96), "height": 1000})
    page.emulate_media(media="print")
    page.wait_for_timeout(50)
    assert page.evaluate("document.documentElement.scrollWidth") <= 680


def test_no_figure_takes_more_than_a_quarter_of_a_printed_page(page):
    """A4 less 16 mm above and below: a tall trace, which cannot be cut, left the first page half empty."""
    page.set_viewport_size({"width": 680, "height": 1000})
    page.emulate_media(media="print")
    high = page.evaluate(
        "[...document.querySelectorAll('figure svg.wide')].map(e => e.getBoundingClientRect().height)"
    )
    assert high and max(high) <= (297 - 32) / 4 / 25.4 * 96


def test_a_heading_and_its_sentences_are_printed_above_their_table(page):
    """A sentence of its own ends a section: it may stand at a page's end, and drags no figure with it."""
    page.emulate_media(media="print")
    after = "(at) => [...document.querySelectorAll(at)].map(e => getComputedStyle(e).breakAfter)"
    kept = page.evaluate(after, "h2, h2 + p.soft, h2 + p.soft + p.soft")
    assert len(kept) > 8 and set(kept) == {"avoid"}
    alone = "() => { const p = document.createElement('p'); document.querySelector('main > h2').after(p); p.after(document.createElement('section')); return getComputedStyle(p).breakAfter }"
    assert page.evaluate(alone) == "auto"


def test_no_table_is_cut_in_a_wide_window(page):
    cut = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0


def test_a_mouse_reads_an_event_and_a_span_and_zooms_to_readings(page):
    box = figure(page)
    left, wide = box["x"] + 52, box["width"] - 62  # the frame of the figure
    lane = box["y"] + 16 + 240 + 18
    page.mouse.click(left + wide * 0.11 / 1.0, lane)  # 1.1 s: inside the third event, 1.0 to 1.25 s
    assert "event 3" in readout(page) and "500.0 ±" in readout(page) and "mJ" in readout(page)
    page.mouse.dblclick(left + wide * 0.11, lane)
    page.wait_for_timeout(80)
    assert page.locator(".hint").inner_text() == "Single readings."
    page.get_by_role("button", name="Whole run").click()
    page.wait_for_timeout(80)
    assert "A shaded column is a gap" in page.locator(".hint").inner_text()
    box = figure(page)
    page.mouse.move(left + wide * 0.2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(left + wide * 0.6, box["y"] + 120, steps=5)
    page.mouse.up()
    text = readout(page)  # 2 W over 4 s
    assert "8.0" in text and "± 0.0" in text and "95 %" in text and "mean 2.000 W" in text
    page.mouse.move(left + wide * 0.9, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(left + wide * 0.995, box["y"] + 100, steps=5)
    page.mouse.up()
    assert "gap that nobody measured" in readout(page)
    assert page.seen == []


def test_an_event_and_a_span_at_the_end_of_the_range_are_bounds_rounded_down(browser, tmp_path):
    """3 W over 0.3 s, less 0.95 %: 0.8914 J, which is at least 890 mJ and not at least 900 mJ."""
    path = tmp_path / "page.html"
    with Recording.open(clipped(tmp_path / "clipped.power")) as recording:
        path.write_text(HTMLReport().render(gather(recording)), "utf-8")
    opened = browser.new_page(viewport={"width": 1100, "height": 900})
    opened.goto(path.as_uri())
    box = figure(opened)
    left, wide = box["x"] + 52, box["width"] - 62
    opened.mouse.click(left + wide * 1.1 / 20, box["y"] + 16 + 240 + 18)
    assert readout(opened).endswith("at least 890 mJ")
    opened.mouse.move(left + wide * 0.2, box["y"] + 100)
    opened.mouse.down()
    opened.mouse.move(left + wide * 0.4, box["y"] + 120, steps=5)
    opened.mouse.up()
    joules = float(re.search(r"at least ([\d.]+) J", readout(opened))[1])
    assert 11.5 <= joules < 12  # 3 W over 4 s, less about 1 %
    opened.close()


def test_fingers_read_an_event_and_pinch_to_its_readings(page):
    phone = page.context.browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    touched = phone.new_page()
    touched.goto(page.url)
    box = figure(touched)
    left, wide, lane = box["x"] + 52, box["width"] - 62, box["y"] + 16 + 240 + 18
    touched.touchscreen.tap(left + wide * 0.11, lane)  # 1.1 s: inside the third event
    assert "event 3" in readout(touched) and "mJ" in readout(touched)
    assert "nearest" not in readout(touched)
    trace = box["y"] + 120
    for at, told in ((0.131, "earlier: infer, event 3"), (0.645, "later: infer, event 14")):
        touched.touchscreen.tap(left + wide * at, trace)
        found = readout(touched)
        assert found.startswith("The nearest event, ") and told in found and "mJ" in found
    touched.touchscreen.tap(left + wide * 0.11, trace)
    assert readout(touched).startswith("infer, event 3")
    hint = touched.locator(".hint")
    assert hint.inner_text().startswith("Each pixel")
    devtools = phone.new_cdp_session(touched)
    for kind in ("touchStart", "touchEnd") * 2:  # two quick taps on one place
        finger = [{"x": left + wide * 0.645, "y": trace}] if kind == "touchStart" else []
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": finger})
    assert "event 14" in readout(touched) and hint.inner_text() == "Single readings."
    touched.get_by_role("button", name="Whole run").tap()
    box = figure(touched)
    middle, y = left + wide * 0.11, box["y"] + 120
    for step in range(12):  # two fingers part, four times over
        apart = 10 + 40 * (step % 3)
        points = [{"x": middle - apart, "y": y, "id": 0}, {"x": middle + apart, "y": y, "id": 1}]
        kind = "touchStart" if step % 3 == 0 else "touchMove"
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        if step % 3 == 2:
            devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    touched.wait_for_timeout(100)
    assert "Single readings" in touched.locator(".hint").inner_text()
    phone.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page, scheme):
    axe = pytest.importorskip("axe_core_python.sync_playwright")
    from pathlib import Path

    script = (Path(axe.__file__).with_name("axe.min.js")).read_text("utf-8")
    context = page.context.browser.new_context(bypass_csp=True, color_scheme=scheme)
    looked = context.new_page()
    looked.goto(page.url)
    looked.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    looked.add_script_tag(content=script)
    found = looked.evaluate("axe.run()")["violations"]
    context.close()
    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_the_name_of_a_lane_covers_no_event(page):
    """An event that begins at the left edge is drawn from there: its name stands above it."""
    page.get_by_role("button", name="The first event").click()
    page.wait_for_timeout(80)
    found = page.evaluate(
        """() => { const c = document.querySelector("#zoom canvas"), r = window.devicePixelRatio || 1,
        box = c.getContext("2d").getImageData(0, Math.round((16 + 240 + 28) * r), c.width, 1).data, row = [];
        for (let i = 0; i < box.length; i += 4) row.push(box[i + 3]); return row; }"""
    )
    filled = [number for number, alpha in enumerate(found) if alpha > 250]
    assert filled and filled == list(range(filled[0], filled[-1] + 1))  # one bar, unbroken and opaque
