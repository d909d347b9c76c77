"""The MyKAD service's own call by curl and by a page of another site, against a whole running idmill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests

from api.dialects.mykad import fields
from lab.specimens.draw import specimen

CARD = specimen("mykad", "clean", 12)
TOLD = {key: fields.ENGLISH.get(CARD.values[name], CARD.values[name]) for key, name in fields.KEYS.items()}

#: As the service's page does it: a file is chosen, the form is posted with the key, the answer is shown.
PAGE = """<!doctype html><title>Try it live</title><input type="file" id="file"><pre id="answer">{}</pre><script>
window.send = async (url, key) => {
  const form = new FormData();
  form.append("image", document.getElementById("file").files[0]);
  const response = await fetch(url, { method: "POST", headers: { "X-API-Key": key }, body: form });
  document.getElementById("answer").textContent = JSON.stringify(await response.json(), null, 2);
};
</script>"""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn MyKad as the file that the samples upload."""
    path = tmp_path_factory.mktemp("card") / "your-id.jpg"
    path.write_bytes(CARD.picture)
    return path


@pytest.fixture(scope="module")
def other_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page of another origin."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text(PAGE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    thread.join()
    server.server_close()


def test_sample_in_curl(up, card, curl):
    _, env = up
    url, key = f"{env['IDMILL_URL']}/api.php", f"X-API-Key: {env['IDMILL_API_KEY']}"
    assert curl("-X", "POST", url, "-H", key, "-F", f"image=@{card}") == TOLD


def test_bearer_opens_as_well(up, card):
    _, env = up
    with card.open("rb") as image:
        answer = requests.post(
            f"{env['IDMILL_URL']}/api.php",
            headers={"Authorization": f"Bearer {env['IDMILL_API_KEY']}"},
            files={"image": image},
            timeout=60,
        )
    assert answer.json() == TOLD


def test_page_of_another_site_posts_a_form_and_shows_the_answer(up, card, browser, other_site):
    _, env = up
    browser.get(other_site)
    browser.find_element("id", "file").send_keys(str(card))
    browser.set_script_timeout(60)
    browser.execute_async_script(
        "window.send(arguments[0], arguments[1]).then(arguments[2], (why) => arguments[2](String(why)))",
        f"{env['IDMILL_URL']}/api.php",
        env["IDMILL_API_KEY"],
    )
    assert json.loads(browser.find_element("id", "answer").text) == TOLD
