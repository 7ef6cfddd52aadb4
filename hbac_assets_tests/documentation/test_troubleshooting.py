"""Each message that the pages of troubles and of mirrors quote is one of the code."""

import ast
import re

import pytest

from hbac_assets_tests.documentation.pages import DOCS
from hbac_assets_tests.projects import CHECKOUT

VARIES = "…"
PAGE = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("troubleshooting.md", "mirror.md"))
QUOTED = [
    text for cell in re.findall(r"^\| (`.+?`(?: or `.+?`)*) \|", PAGE, re.M) for text in re.findall("`(.+?)`", cell)
]
# What the code puts together from texts that it has in several places.
PARTS = {
    "train.csv: expected a file, found none": ["train.csv", "…: expected …, found …", "a file", "none"],
    "…: folds: expected …": ["folds", "expected …"],
    "…: members.….…: …": ["members"],
    "… was ended by SIGKILL, sent by somebody, or by the system when memory ran out": [
        "… was ended by SIGKILL, …",
        "sent by somebody, or by the system when memory ran out",
    ],
    "… was ended by …; its last lines above may say why": ["was ended by …", "…; its last lines above may say why"],
}


def joined(node):
    """Return the text of a constant or an f-string, what varies as one sign; None of anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else VARIES for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = joined(node.left), joined(node.right)
        return None if left is None or right is None else left + right
    return None


@pytest.fixture(scope="module")
def texts():
    files = [*(CHECKOUT / "hbac_assets").rglob("*.py")]
    found = [joined(node) for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    return [text for text in found if text] + [
        (CHECKOUT / ".envrc").read_text(encoding="utf-8").replace("$hbac_project", VARIES)
    ]


def is_in(message, text):
    """Tell whether the parts of a message follow one another in a text."""
    place = 0
    for part in message.split(VARIES):
        if part.strip(" :;'(),"):
            place = text.find(part, place) + len(part)
            if place < len(part):
                return False
    return True


def test_messages_are_found_and_others_are_not(texts):
    assert len(QUOTED) > 35
    assert not any(is_in("…: expected something that no message says, found …", text) for text in texts)


@pytest.mark.parametrize("message", QUOTED)
def test_a_message_is_one_of_the_code(message, texts):
    for part in PARTS.get(message, [message]):
        assert any(is_in(part, text) for text in texts), part
