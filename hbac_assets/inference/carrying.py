"""The modules of this package that a bundle carries: those that prediction imports, and no others.

They become a package of another name, `hbac_bundle`, so that a bundle always runs its own code, even if another
version of this project is installed. Only the names of packages in imports are changed.
"""

import ast
import functools
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import hbac_assets
from hbac_assets.errors import HbacError

ROOTS = (
    "hbac_assets.inference.predict_folder",
    "hbac_assets.inference.shapes",
    "hbac_assets.recordings.requests",
)
CARRIED = "hbac_bundle"
SCRIPT = "predict.py"
"""The name of `predict_folder`, beside that package."""
MAY_IMPORT = {"numpy", "scipy", "pyarrow", "onnxruntime", "pywt", "jaxtyping", *sys.stdlib_module_names}
"""The packages that a carried module may import when it is loaded; functions for training may import more."""

_PACKAGE = Path(hbac_assets.__file__).parent
_SHAPES = f"{CARRIED}.inference.shapes"


@functools.cache  # the state of every experiment's bundle depends on it
def carried_modules() -> Mapping[str, str]:
    """Return the text of each carried file, by its path below the bundle's folder.

    Raises:
        HbacError: a module imports a package that a bundle does not have.
    """
    found: dict[Path, str] = {}
    waiting = list(ROOTS)
    while waiting:
        path = _file(waiting.pop())
        if path in found:
            continue
        found[path] = path.read_text(encoding="utf-8")
        waiting += _imports(path, ast.parse(found[path]))
    packages = {parent / "__init__.py" for path in found for parent in path.parents if parent.is_relative_to(_PACKAGE)}
    for path in packages - {_PACKAGE / "__init__.py"}:
        found[path] = path.read_text(encoding="utf-8")
    carried = {f"{CARRIED}/{path.relative_to(_PACKAGE).as_posix()}": _renamed(text) for path, text in found.items()}
    script = carried.pop(f"{CARRIED}/{_file(ROOTS[0]).relative_to(_PACKAGE).as_posix()}")
    whole = {f"{CARRIED}/__init__.py": '"""The code of hbac_assets that predicts."""\n', SCRIPT: script, **carried}
    return dict(sorted(whole.items()))


def _imports(path: Path, module: ast.Module) -> list[str]:
    """Return the modules of this package that a module imports anywhere, except for type checking."""
    ours = []
    for node, outermost in _running(module):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)]
        for name in names:
            package = name.partition(".")[0]
            if package == "hbac_assets":
                ours.append(name)
            elif outermost and package not in MAY_IMPORT:
                raise HbacError(
                    f"{path}, line {node.lineno}: expected an import that a bundle can do, found {package}; import it "
                    "where it is used, or leave the module out of what predicts"
                )
    return ours


def _running(module: ast.Module) -> list[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Return the imports that are not only for type checking, and whether they run when the module is loaded."""
    unused = {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    outermost = set(map(id, module.body))
    return [
        (node, id(node) in outermost)
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in unused
    ]


def _file(module: str) -> Path:
    path = _PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _renamed(text: str) -> str:
    text = re.sub(r"^from jaxtyping import", f"from {_SHAPES} import", text, flags=re.MULTILINE)
    return re.sub(r"^(\s*from) hbac_assets\.", rf"\1 {CARRIED}.", text, flags=re.MULTILINE)
