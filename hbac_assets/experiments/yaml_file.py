"""Strict reading of YAML, with every error in one line.

Refused are duplicate keys, of which the last would win silently; aliases, by which a small file can expand to fill the
memory; and tags, which construct objects.
"""

from pathlib import Path
from typing import Any

import yaml

from hbac_assets.errors import HbacError

TEXT = "tag:yaml.org,2002:str"
DATE = "tag:yaml.org,2002:timestamp"


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the keys and values of a YAML file.

    Raises:
        HbacError: there is no such file, or it is not a YAML mapping; names it, with row and column.
    """
    try:
        if not path.is_file():
            found = "something else" if path.exists() else "none"
            raise HbacError(f"{path}: expected a YAML file, found {found}; correct HBAC_EXPERIMENT")
        content = yaml.load(path.read_bytes().decode("utf-8-sig"), Loader=_Loader)  # noqa: S506  (a safe loader)
    except yaml.MarkedYAMLError as error:
        raise HbacError(_fault_at_a_mark(path, error)) from error
    except OSError as error:
        raise HbacError(
            f"{path}: expected a YAML file, found none ({error.strerror}); correct HBAC_EXPERIMENT"
        ) from error
    except UnicodeDecodeError as error:
        raise HbacError(
            f"{path}: expected text in UTF-8, found byte {error.object[error.start]:#x}; save it so"
        ) from error
    except RecursionError as error:
        raise HbacError(f"{path}: expected a few levels of keys and values, found too many; correct it") from error
    except (yaml.YAMLError, ValueError) as error:
        raise HbacError(f"{path}: expected YAML, found a fault ({' '.join(str(error).split())}); correct it") from error
    if not isinstance(content, dict):
        found = "nothing" if content is None else type(content).__name__
        raise HbacError(f"{path}: expected keys and values, found {found}; correct it")
    return content


class _Loader(yaml.SafeLoader):
    """YAML's safe loader without aliases and dates; keys are text and unique."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag != DATE]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise _fault(f"the alias *{event.anchor}; write out what it stands for, or put it below recipe", event)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key, _ in node.value:
            if key.tag != TEXT:
                raise _fault(f"a key that is not text, {str(key.value)[:20]}; put it between quotes or remove it", key)
            if key.value in seen:
                raise _fault(f"the key {key.value} a second time; remove one of the two", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _fault(found_and_remedy: str, where: Any) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, found_and_remedy, where.start_mark)


def _fault_at_a_mark(path: Path, error: yaml.MarkedYAMLError) -> str:
    """Return the error line for a fault whose position YAML reports."""
    mark, problem = error.problem_mark, " ".join(str(error.problem).split())
    place = f"{path}, row {mark.line + 1}, column {mark.column + 1}" if mark else str(path)
    if ";" not in problem:  # YAML's message, without a remedy
        remedy = "indent with spaces" if r"'\t'" in problem else "correct it"
        problem = f"a fault ({problem}); {remedy}"
    return f"{place}: expected plain YAML, found {problem}"
