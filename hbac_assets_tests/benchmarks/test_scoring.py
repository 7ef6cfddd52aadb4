import pytest

from benchmarks.rows import scoring


def test_the_command_scores_what_the_row_writes(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MODELS", 3), ("ROWS", 400), ("PATIENTS", 50)):
        monkeypatch.setattr(scoring, name, value)
    time, memory = scoring.run(tmp_path)
    assert (tmp_path / "all.json").is_file()
    assert time.reached
    assert memory.reached
    assert memory.ratio is not None
    assert memory.ratio > 0.01
