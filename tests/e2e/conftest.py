"""One `idmill up` for all tests that only use it, as a stranger would start it, and one browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from cli import env_files
from lab.specimens.draw import specimen

READY_SECONDS = 150
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "the page is not tested: no {what} on PATH. Debian, Ubuntu: apt install chromium chromium-driver; macOS: brew "
    "install --cask chromium chromedriver; or set CHROMIUM and CHROMEDRIVER to where they are (no root needed)"
)
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # in containers, where tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--force-prefers-reduced-motion",
)


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running `idmill up` and its demo.env."""
    var = tmp_path_factory.mktemp("up") / "var"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDMILL_")}
    for replaced in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(replaced, None)
    said = var.parent / "said"
    with said.open("w") as heard:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--var", str(var), "--workers", "2"],
            stdout=heard,
            stderr=heard,
            env=environment,
            start_new_session=True,
            text=True,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while "is ready after" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        yield process, env_files.read(var / "demo.env")
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    assert code == 0


@pytest.fixture(scope="session")
def curl() -> Callable[..., Any]:
    """Runs curl with these arguments and answers with the JSON that came."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("the machine has no curl; the Python sample sends the same form")

    def run(*arguments: str) -> Any:
        answer = subprocess.run([program, "-s", *arguments], capture_output=True, check=True, timeout=60)
        return json.loads(answer.stdout)

    return run


def found(variable: str, *names: str) -> str:
    """The program that a variable names, or the first of these on PATH; skips the test where there is none."""
    path = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip(MISSING.format(what=names[0]))
    return path


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One headless Chromium for all tests; nothing is fetched from anywhere to run it."""
    camera = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    camera.write_bytes(specimen("td1-kgz", "clean", 7).picture)
    options = webdriver.ChromeOptions()
    options.binary_location = found("CHROMIUM", *BROWSERS)
    driver = found("CHROMEDRIVER", "chromedriver")
    for flag in (*FLAGS, f"--use-file-for-fake-video-capture={camera}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()
