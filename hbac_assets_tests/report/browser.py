"""Headless Chromium, by its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/)."""

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
SECONDS, SETTLE_SECONDS = 120, 2.0
MOST_SETTLE_SECONDS = 10  # a page with a countdown never looks the same
LARGE = {"width": 1500, "height": 1000}
LOOKED_UP_IN_VAIN = ("/mlflow/users/current",)
"""What MLflow's pages ask a server without log-in for."""
COMPLAINTS = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}


def shows(words):
    """Return the expression that is true of a page which shows some words."""
    return f"document.body.innerText.includes({json.dumps(words)})"


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

    def open(self, url, width, *, phone=False, height=900):
        """Open an address on a screen of so many CSS pixels, and wait until it has loaded."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", **screen)
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def value(self, expression):
        """Return the value of an expression in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait_for(self, expression, seconds=None):
        """Return the value of an expression in the page once it is true; what the page says meanwhile is kept."""
        until = time.monotonic() + (seconds or SECONDS)
        while not (value := self.value(f"(() => {{ try {{ return {expression} }} catch {{ return null }} }})()")):
            assert time.monotonic() < until, f"not within {seconds} s: {expression}\n{self.text()[:2000]}"
            time.sleep(0.3)
        return value

    def text(self):
        """Return what the page shows, as text."""
        return self.value("document.body.innerText")

    def sees(self, words, seconds=None):
        """Wait until the page shows some words."""
        self.wait_for(shows(words), seconds)

    def click(self, words, within="a, button, [role=tab], [role=row], [role=checkbox], label, span, div", place=0):
        """Click, as a mouse does, on the smallest element that shows exactly these words, once there is one."""
        found = f"""[...document.querySelectorAll({json.dumps(within)})].filter(one =>
            one.innerText && one.innerText.trim() === {json.dumps(words)} && one.getBoundingClientRect().width > 0
        ).filter((one, _, all) => !all.some(other => other !== one && one.contains(other))).at({place})"""
        self.click_on(found)

    def click_on(self, element):
        """Click, as a mouse does, on the element that an expression gives, once it is there."""
        self.wait_for(f"!!({element})")
        x, y = self.value(f"""(() => {{ const one = {element}; one.scrollIntoView({{block: "center"}});
            const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] }})()""")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def click_until(self, element, expression, attempts=10):
        """Click on an element until an expression is true of the page: what is drawn anew meanwhile loses a click."""
        self.wait_for(f"!!({element})")
        for _ in range(attempts):
            if self.value(f"(() => {{ try {{ return !!({element}) }} catch {{ return false }} }})()"):
                self.click_on(element)
            with suppress(AssertionError):
                return self.wait_for(expression, 4)
        raise AssertionError(f"{attempts} clicks and not {expression}: {self.text()[:2000]}")

    def settle(self):
        """Wait until the page has looked the same for a while: charts are drawn, and what moves is in its place."""
        before, after = b"", self.screenshot()
        deadline = time.monotonic() + MOST_SETTLE_SECONDS
        while before != after and time.monotonic() < deadline:
            time.sleep(SETTLE_SECONDS)
            before, after = after, self.screenshot()

    def screenshot(self):
        """Return what the screen shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def pdf(self):
        """Return the page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def errors(self):
        """Return the errors on the console of a page that is not ours, without those of what it looks up in vain."""
        return [
            event["params"]
            for event in self.complaints()
            if event["method"] == "Runtime.exceptionThrown"
            or event["params"].get("type") == "error"
            or (
                event["params"].get("entry", {}).get("level") == "error"
                and not any(known in event["params"]["entry"].get("url", "") for known in LOOKED_UP_IN_VAIN)
            )
        ]

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
