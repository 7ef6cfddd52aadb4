"""Chromium without a window, by its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from contextlib import contextmanager, suppress

from websockets.sync.client import connect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS, POLL_SECONDS, SETTLE_SECONDS = 120, 0.1, 2.0
COMPLAINTS = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}


class Tab:
    """A tab; `events` are all that it told since it was opened."""

    def __init__(self, socket):
        self._socket, self._number = socket, 0
        self.events = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Call a method of the protocol and return its result."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (told := self._next()).get("id") != self._number:
            self.events.append(told)
        assert "error" not in told, (method, told["error"])
        return told["result"]

    def open(self, url, width, *, phone, height=900):
        """Open an address on a screen of so many CSS pixels, and wait until it has loaded."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def value(self, expression):
        """Return the value of an expression in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def wait_for(self, expression):
        """Wait until an expression is true in the page, and tell whether it came to that."""
        deadline = time.monotonic() + SECONDS
        while not self.value(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def settle(self):
        """Wait until the page has looked the same for a while: charts are drawn, and what moves is in its place."""
        before, after = b"", self.screenshot()
        deadline = time.monotonic() + SECONDS
        while before != after and time.monotonic() < deadline:
            time.sleep(SETTLE_SECONDS)
            before, after = after, self.screenshot()

    def screenshot(self):
        """Return what the screen shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def pdf(self):
        """Return the page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def complaints(self):
        """Return what the browser said of the page."""
        return [event for event in self.events if event["method"] in COMPLAINTS]

    def fetched(self):
        """Return the addresses that the page asked for, beside what it carries itself."""
        asked = [one["params"]["request"]["url"] for one in self.events if one["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith("data:")]

    def _next(self):
        return json.loads(self._socket.recv(timeout=SECONDS))


@contextmanager
def chromium(folder):
    """Run the browser with its profile in a folder, and yield a tab."""
    command = [CHROMIUM, "--headless", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")
    browser = subprocess.Popen([*command, "about:blank"], stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        (port,) = (line.split(":")[-1].partition("/")[0] for line in _until(browser.stderr, "DevTools listening on"))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=SECONDS) as answer:
            (tab,) = (one for one in json.load(answer) if one["type"] == "page")
        with connect(tab["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
            yield Tab(socket)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
        browser.stderr.close()


def _until(stream, words):
    """Return the first line that begins with some words, as a list."""
    return [next(line for line in stream if line.startswith(words))]
