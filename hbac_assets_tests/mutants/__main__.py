"""Removes guards one by one, in a copy of the project, and checks that a test fails: `make mutants`.

A test that fails with the guard proves nothing, so all of them must pass first.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from hbac_assets_tests.mutants.guards import GUARDS, Guard
from hbac_assets_tests.projects import CHECKOUT

AT_A_TIME = 2
FAILED = 1  # pytest's exit status for a failed test; a missing test or an error in its module have others


def main() -> int:
    """Print a line for each guard and return 1 if no test fails without one of them."""
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / str(number) / "project" for number in range(AT_A_TIME)]
        for copy in copies:
            copy_project(copy)
        guards = [guard for guard in GUARDS if not guard.needs or find_spec(guard.needs)]
        if len(guards) < len(GUARDS):
            print(f"{len(GUARDS) - len(guards)} guards are left out: uv sync --inexact --group cluster-tests adds them")
        tests = sorted({guard.test for guard in guards})
        print(f"{len(guards)} guards; first their {len(tests)} tests with all of them in place", flush=True)
        done = run_tests(copies[0], tests, "-n", str(AT_A_TIME))
        if done.returncode:
            print(f"{done.stdout}{done.stderr}\nthese tests fail with all guards in place, so they prove nothing")
            return 1
        numbered = list(enumerate(guards, start=1))
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            shares = [numbered[place::AT_A_TIME] for place in range(AT_A_TIME)]
            missed = sum(pool.map(count_missed, copies, shares))
    print(f"{missed} of {len(guards)} guards are missed by a test when they are gone")
    return 0 if missed == len(guards) else 1


def count_missed(copy: Path, numbered: Sequence[tuple[int, Guard]]) -> int:
    """Return the number of these guards whose removal fails a test."""
    return sum(verdict(copy, guard, number) == "killed" for number, guard in numbered)


def copy_project(target: Path) -> None:
    """Copy what git knows, as it is in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)


def verdict(copy: Path, guard: Guard, number: int) -> str:
    """Remove a guard, run its test, restore it; print and return the result."""
    file, began = copy / "hbac_assets" / guard.file, time.monotonic()
    whole = file.read_text(encoding="utf-8")
    if whole.count(guard.guard) != 1:
        found = f"ERROR: in {guard.file} {whole.count(guard.guard)} times: {guard.guard.strip()}"
    else:
        file.write_text(whole.replace(guard.guard, guard.instead), encoding="utf-8")
        done = run_tests(copy, [guard.test])
        file.write_text(whole, encoding="utf-8")
        failed = done.returncode == FAILED and re.search(r"\b1 failed\b", done.stdout)
        found = "killed" if failed else "SURVIVED" if done.returncode == 0 else f"ERROR: {done.stdout[-1000:]}"
    seconds = time.monotonic() - began
    print(f"{number:3}  {found:8}  {seconds:4.0f} s  {guard.what}\n{'':25}{guard.test}", flush=True)
    return found


def run_tests(copy: Path, tests: Sequence[str], *more: str) -> subprocess.CompletedProcess[str]:
    """Run tests of the copy, in which neither they nor the processes that they start import anything else."""
    nodes = [f"hbac_assets_tests/{test}" for test in tests]
    options = ["-q", "--tb=line", "--maxfail=1", "-m", "long or not long", *more]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *options, *nodes]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
