import numpy as np

from hbac_assets.signals.spectrogram_grid import FREQUENCIES, SPECTROGRAM_COLUMNS, column_seconds


def test_columns_are_named_as_in_the_files():
    assert len(set(SPECTROGRAM_COLUMNS)) == 400
    assert SPECTROGRAM_COLUMNS[:3] == ("LL_0.59", "LL_0.78", "LL_0.98")
    assert [SPECTROGRAM_COLUMNS[index] for index in (100, 200, 300, -1)] == [
        "RL_0.59",
        "LP_0.59",
        "RP_0.59",
        "RP_19.92",
    ]
    # 4.10 loses its zero, and 3.125 Hz is rounded up.
    assert {"LL_4.1", "LL_12.3", "RP_3.13", "RP_15.63"} < set(SPECTROGRAM_COLUMNS)


def test_frequencies_are_those_of_the_names():
    named = [float(name.removeprefix("LL_")) for name in SPECTROGRAM_COLUMNS[:100]]
    np.testing.assert_allclose(FREQUENCIES, named, atol=0.005 + 1e-9)


def test_time_is_the_middle_of_each_column():
    assert column_seconds(4).tolist() == [1, 3, 5, 7]
