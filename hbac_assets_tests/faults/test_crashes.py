"""Processes of a run that end abruptly: one line says how, and mentions memory only if that may be the cause."""

import json
import re
import sys

import pytest

from hbac_assets_tests.faults.crashing import SIGNALS
from hbac_assets_tests.projects import make_project
from hbac_assets_tests.terminals import COLOUR, passed, run_in_terminal, seen


@pytest.fixture
def failures(tmp_path):
    """Run a job that goes wrong; return its lines, the last of them, and what was printed beside."""

    def run(job, preloaded_too="", **environment):
        project = make_project(tmp_path / "project", PRELOADED_TOO=preloaded_too, **environment)
        done = project.command(sys.executable, "-m", "hbac_assets_tests.faults.crashing", job)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        return found["lines"], found["last"], done.stderr

    return run


def test_a_step_that_ends_abruptly_is_told_by_its_signal(failures, case):
    lines, last, printed = failures("crashing", XLA_FLAGS="--xla_old=1")
    told = {line.partition(": ")[0]: line for line in lines}
    case("a step ends by SIGABRT", "its line names the signal", told["SIGABRT"])
    assert set(told) == {"leaves", *(number.name for number in SIGNALS)}
    assert last in lines
    for number in SIGNALS:
        line = told[number.name]
        assert f"the process of this step was ended by {number.name}" in line
        assert ("memory" in line) == ("batch_size" in line) == (number.name == "SIGKILL")
        assert ("XLA_FLAGS" in line) == (number.name != "SIGKILL")
    assert "ended by itself with exit status 1; " in told["leaves"]
    assert "correct or unset that, found '--xla_old=1'" in told["leaves"]
    assert "Traceback" not in printed
    assert "Stack Trace" not in printed


def test_a_fault_that_a_user_can_mend_has_no_stack_trace_in_dagsters_pages(tmp_path):
    project = make_project(tmp_path / "project", PRELOADED_TOO="")
    done = project.command(sys.executable, "-m", "hbac_assets_tests.faults.crashing", "failing")
    found = json.loads(done.stdout)
    assert "train.csv: missing; put it back" in found["lines"]
    assert set(found["traced"]) - {"run"} == {"errs"}  # the run repeats the error of one of them


def test_a_server_that_ends_while_it_imports_is_told_by_its_signal(failures, tmp_path, case):
    (tmp_path / "needs_other_processor.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    lines, last, printed = failures("harmless", "needs_other_processor", PYTHONPATH=f"{tmp_path}:.")
    case("a library that this processor cannot run", "one line with the signal", last)
    assert lines == [last]
    assert last.startswith("the process that steps are forked from was ended by SIGILL (this processor lacks")
    assert f"FAILED: {last}" in printed
    assert "Stack Trace" not in printed


def test_a_server_that_ends_under_a_step_is_told_by_its_signal(failures):
    lines, last, _ = failures("orphaning")
    assert lines == [last]
    assert last.startswith("ends_the_server: the process that steps are forked from was ended by SIGSEGV")


def test_a_library_that_cannot_be_imported_stops_no_step_that_needs_none(failures, tmp_path):
    (tmp_path / "jax.py").write_text("raise RuntimeError('built for another processor')\n")
    lines, last, _ = failures("harmless", "hbac_assets.execution.preload.libraries", PYTHONPATH=f"{tmp_path}:.")
    assert lines == []
    assert "failed" not in last


def test_an_error_before_a_step_begins_is_the_last_line(failures, case):
    lines, last, printed = failures("unloadable")
    case("an experiment's file that goes away during a run", "its line", last)
    assert lines == [last] == ["mine.yaml: missing; put it back"]
    assert f"FAILED: {last}" in printed


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}], ids=["in colour", "NO_COLOR"])
def test_on_a_terminal_one_line_moves_and_a_failure_is_red(tmp_path, variables):
    project = make_project(tmp_path / "project", PRELOADED_TOO="", **variables)
    command = (sys.executable, "-m", "hbac_assets_tests.faults.crashing", "unloadable")
    status, written = run_in_terminal(command, project.environment)
    assert status == 0, written
    assert any(re.fullmatch(r"\d\d:\d\d  starting", line) for line in passed(written))
    assert sum("FAILED: mine.yaml: missing; put it back" in line for line in seen(written)) == 1
    assert bool(COLOUR.search(written)) == (variables == {})


def test_a_defect_outside_the_steps_keeps_its_traceback_and_is_named(failures):
    lines, last, printed = failures("unstartable")
    assert lines == []
    assert last == "TypeError: module_names must be a list of strings"
    assert "FAILED: TypeError: module_names must be a list of strings" in printed
    assert printed.count("Stack Trace") == 1


@pytest.mark.parametrize("length", [70, 190])
def test_steps_start_however_long_the_path_of_the_temporary_folder(failures, tmp_path_factory, length, case):
    folder = tmp_path_factory.mktemp("long")
    while len(str(folder)) < length:
        folder = folder / ("f" * min(100, length - len(str(folder)) - 1) or "f")
    folder.mkdir(parents=True, exist_ok=True)
    lines, last, _ = failures("harmless", TMPDIR=str(folder))
    case(f"a TMPDIR of {length} characters", "works", last)
    assert lines == []
    assert "failed" not in last
