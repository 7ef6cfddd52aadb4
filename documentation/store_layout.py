"""The files of the store, the synthetic data and the compiled programs, from the rules of `hbac store`."""

import re

from documentation.markdown import code, table
from hbac_assets.inventory.layout import PROGRAM_RULES, STORE_RULES, SYNTHETIC_RULES, Rule

NAMES = {"dataset": "data set", "test": "test set"}
FOLDERS = {"store": STORE_RULES, "synthetic": SYNTHETIC_RULES, "cache/jax": PROGRAM_RULES}
# Parts of the patterns, in the order of replacement; the rest is literal.
PLAIN = (
    (r"\(\?P<(\w+)>(?:\[[^]]*\]|[^()\[\]])*\)", lambda found: f"<{NAMES.get(found[1], found[1])}>"),
    (r"\[a-z0-9_\]\+-\[0-9a-f\]\{8\}", "<recipe>"),
    (r"\[a-z0-9-\]\+-\[0-9a-f\]\{8\}", "<processor>"),
    (r"\[\^/\]\+-\[0-9a-f\]\{64\}", "<program>"),
    (r"\[0-9a-f\]\{16\}", "<settings>"),
    (r"\[0-9\]\+", "<number>"),
    (r"\[\^/\]\+|\.\+", "*"),
    (r"\\(.)", r"\1"),
)


def store_markdown() -> str:
    """Return a table for each folder: kind, path and files."""
    sections = []
    for folder, rules in FOLDERS.items():
        rows = [(rule.kind.value, code(_place(rule) or "."), " ".join(map(code, _endings(rule)))) for rule in rules]
        sections.append(f"## {folder}/\n\n{table(('kind', 'path', 'files that begin so, or lie in it'), rows)}")
    return "\n\n".join(sections)


def _place(rule: Rule) -> str:
    return readable(rule.beginning)


def _endings(rule: Rule) -> list[str]:
    """Return the possible endings of the path, without the manifest, which `listed` things and tables have."""
    return [readable(one) for one in _alternatives(rule.endings)]


def readable(pattern: str) -> str:
    """Return one of the layout's patterns as a path with `<…>` for names, `[…]` for optional parts."""
    for part, replacement in PLAIN:
        pattern = re.sub(part, replacement, pattern)
    while found := re.search(r"\(\?:([^()]*)\)(\??)", pattern):
        inner = f"[{found[1]}]" if found[2] else "{" + found[1].replace("|", ",") + "}"
        pattern = pattern[: found.start()] + inner + pattern[found.end() :]
    return pattern


def _alternatives(pattern: str) -> list[str]:
    """Return the top-level alternatives of a pattern."""
    parts, depth = [""], 0
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
