"""The page in a real headless Chromium on a whole running idmill: real uploads, by mouse, keyboard, drop and camera."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from lab.specimens.draw import specimen

PATIENCE_SECONDS = 60
CARD = specimen("td1-kgz", "clean", 7)
MYKAD = specimen("mykad", "clean", 12)
NO_DOCUMENT = specimen("no-mrz", "clean", 3)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures that a person chooses."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "card.jpg").write_bytes(CARD.picture)
    (folder / "mykad.jpg").write_bytes(MYKAD.picture)
    (folder / "other.jpg").write_bytes(NO_DOCUMENT.picture)
    return folder


class Page:
    """What a person sees and does."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self, *, width: int = 1280, scheme: str = "light") -> None:
        self.show_as(width=width, scheme=scheme)
        self.browser.get(self.url)
        self.until(lambda: self.all("[name=document]"))

    def show_as(self, *, width: int, scheme: str) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return [one.text for one in self.all(selector)]

    def run(self, script: str, *values: Any) -> Any:
        return self.browser.execute_script(script, *values)

    def until(self, condition: Callable[[], Any]) -> Any:
        return WebDriverWait(self.browser, PATIENCE_SECONDS, poll_frequency=0.1).until(lambda _: condition())

    def ask(self, key: str, kind: str, picture: Path) -> None:
        """Fills in the form and has the picture read to its end."""
        self.one("#key").clear()
        self.one("#key").send_keys(key)
        self.one(f"[name=document][value={kind}]").click()
        self.one("#file").send_keys(str(picture))
        self.one("#read").click()
        self.wait()

    def wait(self) -> None:
        self.until(lambda: self.one("#outcome").is_displayed())

    def job(self) -> dict[str, Any]:
        """The raw JSON as it is shown."""
        return dict(json.loads(self.one(".raw pre").get_attribute("textContent") or ""))

    def fields(self) -> dict[str, str]:
        return {
            row.get_attribute("data-name") or "": row.find_element(By.CSS_SELECTOR, ".value").text
            for row in self.all(".fields tbody tr")
            if row.find_elements(By.CSS_SELECTOR, ".value")
        }


@pytest.fixture(scope="module")
def env(up) -> dict[str, str]:
    return dict(up[1])


@pytest.fixture
def page(browser: webdriver.Chrome, env: dict[str, str]) -> Iterator[Page]:
    """The page, opened. Afterwards nothing may stand in the browser's console, a broken policy least of all."""
    opened = Page(browser, env["IDMILL_URL"])
    opened.open()
    browser.get_log("browser")
    yield opened
    said = [entry["message"] for entry in browser.get_log("browser") if "status of 401" not in entry["message"]]
    assert said == []


@pytest.fixture
def key(env: dict[str, str]) -> str:
    return env["IDMILL_API_KEY"]


def test_uploaded_card_is_shown_with_its_values_boxes_and_checks(page, key, files):
    page.ask(key, "mrz", files / "card.jpg")
    job = page.job()
    assert job["status"] == "RECEIVED"
    told = {name: field["value"] for name, field in job["result"]["fields"].items() if field["value"]}
    assert page.fields() == told
    assert told["document_number"] == CARD.values["document_number"]
    assert page.one(".zone").text.split() == list(CARD.truth_lines)
    boxed = [name for name, field in job["result"]["fields"].items() if field["box"] and field["value"]]
    assert page.run("return [...document.querySelectorAll('#boxes polygon')].map((p) => p.dataset.name)") == boxed
    words = set(page.texts(".checks .word"))
    assert "passed" in words
    assert words <= {"passed", "failed", "does not apply"}
    assert len(page.all(".checks li .mark")) == len(page.all(".checks li"))
    assert all("%" in text for text in page.texts(".fields .sureness"))


def test_ten_values_of_an_uploaded_mykad_are_on_the_page(page, key, files):
    page.ask(key, "mykad", files / "mykad.jpg")
    assert page.job()["status"] == "RECEIVED"
    assert page.fields() == {name: value for name, value in MYKAD.values.items() if value}
    assert sorted(page.run("return [...document.querySelectorAll('#boxes polygon')].map((p) => p.dataset.name)")) == (
        sorted(page.fields())
    )
    assert "passed" in page.texts(".checks .word")
    assert "failed" not in page.texts(".checks .word")


def test_boxes_lie_on_the_print_in_the_picture_as_it_is_shown(page, key, files):
    page.ask(key, "mrz", files / "card.jpg")
    shown = page.one("#picture").rect
    lines = page.job()["result"]["mrz"]["line_boxes"]
    scale = shown["width"] / CARD.width
    for name, line in (("document_number", 0), ("birth_date", 1), ("surname", 2)):
        drawn = page.one(f"polygon[data-name={name}]").rect
        x, y = drawn["x"] + drawn["width"] / 2 - shown["x"], drawn["y"] + drawn["height"] / 2 - shown["y"]
        left, right = min(c[0] for c in lines[line]) * scale, max(c[0] for c in lines[line]) * scale
        top, bottom = min(c[1] for c in lines[line]) * scale, max(c[1] for c in lines[line]) * scale
        assert left < x < right
        assert top < y < bottom
    assert len(page.all("canvas.crop")) == len(page.all("polygon"))


def test_picture_without_a_document_gets_its_reason_and_what_to_do(page, key, files):
    page.ask(key, "mrz", files / "other.jpg")
    failure = page.job()["failure_reason"]
    assert failure["detail"] in page.one(".verdict.bad").text
    assert page.all(".fields") == []
    assert "another picture" in page.one("#outcome").text


def test_wrong_key_is_told_beside_the_key(page, files):
    page.one("#key").send_keys("idm_0000000000000000_SPECIMEN")
    page.one("#file").send_keys(str(files / "card.jpg"))
    page.one("#read").click()
    page.until(lambda: page.one("#key-error").is_displayed())
    assert "not valid" in page.one("#key-error").text
    assert page.browser.switch_to.active_element.get_attribute("id") == "key"


def test_missing_key_is_asked_for(page, files):
    page.one("#file").send_keys(str(files / "card.jpg"))
    page.one("#read").click()
    assert page.one("#key-error").text == "Enter your API key."


def test_key_is_kept_nowhere(page, key, files):
    page.ask(key, "mrz", files / "other.jpg")
    kept = page.run("return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert kept == json.dumps([{}, {}, "", f"{page.url}/"], separators=(",", ":"))
    page.browser.get(f"{page.url}/livez")
    page.browser.back()
    page.until(lambda: page.all("#key"))
    assert page.one("#key").get_attribute("value") == ""


def test_reading_can_be_erased_from_the_server(page, key, files):
    page.ask(key, "mrz", files / "card.jpg")
    job_id = page.job()["id"]
    page.one("#outcome .buttons:last-child .quiet").click()
    page.until(lambda: page.one("#empty").is_displayed())
    headers = {"X-API-Key": key}
    assert httpx2.get(f"{page.url}/v1/jobs/{job_id}", headers=headers, trust_env=False).status_code == 410


def test_copy_button_copies_the_value(page, key, files):
    page.browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite"], "origin": page.url}
    )
    page.ask(key, "mrz", files / "card.jpg")
    page.one("tr[data-name=document_number] button").click()
    page.until(lambda: "Copied" in (page.one("#said").get_attribute("textContent") or ""))
    copied = page.browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == CARD.values["document_number"]


def test_dropped_picture_is_taken(page, key):
    page.run(
        """const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));
        const dropped = new DataTransfer();
        dropped.items.add(new File([bytes], "card.jpg", { type: "image/jpeg" }));
        const event = new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true });
        document.getElementById("drop").dispatchEvent(event);""",
        base64.b64encode(CARD.picture).decode(),
    )
    page.one("#key").send_keys(key + Keys.ENTER)
    page.wait()
    assert page.fields()["document_number"] == CARD.values["document_number"]


def test_camera_s_picture_is_read(page, key):
    page.one("#key").send_keys(key)
    page.one("#open-camera").click()
    page.until(lambda: page.one("#shoot").is_enabled())
    page.one("#shoot").click()
    page.until(lambda: page.one("#read").is_enabled())
    assert page.run("return document.getElementById('video').srcObject") is None, "the camera is let go"
    page.one("#read").click()
    page.wait()
    assert page.job()["status"] in {"RECEIVED", "FAILED"}
    assert page.one("#picture").is_displayed()


def test_everything_is_reached_and_done_with_the_keyboard(page, key, files):
    page.one("#file").send_keys(str(files / "card.jpg"))
    page.run("document.getElementById('key').focus()")
    reached = ["key"]
    active = page.browser.switch_to
    for _ in range(10):
        ActionChains(page.browser).send_keys(Keys.TAB).perform()
        reached.append(active.active_element.get_attribute("id") or active.active_element.get_attribute("name") or "")
        if reached[-1] == "read":
            break
    wanted = ["key", "show-key", "document", "file", "open-camera", "read"]
    assert [name for name in reached if name in wanted] == wanted
    page.one("#key").send_keys(key)
    page.one("#read").send_keys(Keys.ENTER)
    page.wait()
    assert active.active_element.get_attribute("id") == "result-title"
    assert "Read." in (page.one("#said").get_attribute("textContent") or "")


def test_screen_reader_hears_a_name_for_everything_that_can_be_used(page, key, files):
    page.ask(key, "mrz", files / "card.jpg")
    nodes = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    usable = {"button", "link", "textbox", "radio", "checkbox", "img", "image", "dialog", "table"}
    nameless = [
        node["role"]["value"]
        for node in nodes
        if not node.get("ignored")
        and node.get("role", {}).get("value") in usable
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []


#: Text whose contrast against what is behind it is below 4.5 (WCAG 2.2, 1.4.3).
FAINT = """
const seen = (node) => { const r = node.getBoundingClientRect(); return r.width > 1 && r.height > 1; };
const rgb = (text) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
  .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (node) => {
  for (let one = node; one; one = one.parentElement) {
    const colour = rgb(getComputedStyle(one).backgroundColor);
    if (colour[3] > 250) return colour;
  }
  return [255, 255, 255];
};
const faint = [];
for (const node of document.querySelectorAll("body *")) {
  const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
  if (!own || !seen(node) || node.closest(":disabled, [hidden]")) continue;
  const [a, b] = [light(rgb(getComputedStyle(node).color)), light(behind(node))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) faint.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
}
return faint;
"""


def test_it_fits_and_can_be_read_on_a_phone_and_on_a_desk_by_day_and_by_night(page, key, files):
    page.ask(key, "mrz", files / "card.jpg")
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            page.show_as(width=width, scheme=scheme)
            page.until(lambda width=width: page.run("return innerWidth") == width)
            assert page.run("return document.documentElement.scrollWidth") <= width
            assert page.run(FAINT) == [], (width, scheme)
    page.show_as(width=360, scheme="light")
    small = page.run(
        """return [...document.querySelectorAll("button, .button, .kind, summary")]
        .filter((one) => one.offsetParent && !one.closest("dialog")).map((one) => one.getBoundingClientRect())
        .filter((box) => box.height < 44).length"""
    )
    assert small == 0


def test_nothing_was_asked_of_any_other_host(page, key, files):
    page.ask(key, "mrz", files / "card.jpg")
    asked = page.run("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert asked
    assert all(name.startswith((page.url, f"blob:{page.url}")) for name in asked)


def test_operator_sees_how_things_stand_with_an_admin_key_only(page, key, env):
    page.browser.get(f"{page.url}/ops")
    page.one("#key").send_keys(key + Keys.ENTER)
    page.until(lambda: page.one("#key-error").is_displayed())
    assert "admin" in page.one("#key-error").text
    assert not page.one("#board").is_displayed()
    refusals: list[Any] = []  # stand there too: of the three calls that the page makes at once
    page.until(lambda: refusals.extend(page.browser.get_log("browser")) or len(refusals) == 3)
    page.one("#key").clear()
    page.one("#key").send_keys(env["IDMILL_ADMIN_KEY"] + Keys.ENTER)
    page.until(lambda: page.one("#board").is_displayed())
    told = dict(zip(page.texts(".tile .name"), page.texts(".tile strong"), strict=True))
    assert told["Lost leases"] == "0"
    assert told["Dead jobs"].isdigit()
    assert set(page.texts(".tile .state")) <= {"fine", "look here"}
    assert "MRZ" in page.one("#outcomes").text
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            page.show_as(width=width, scheme=scheme)
            page.until(lambda width=width: page.run("return innerWidth") == width)
            assert page.run("return document.documentElement.scrollWidth") <= width
            assert page.run(FAINT) == [], (width, scheme)
