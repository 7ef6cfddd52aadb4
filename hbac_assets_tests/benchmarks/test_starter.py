"""The other side of the feeding row gets the same images as this project's members."""

import numpy as np

from benchmarks import starter
from benchmarks.epochs import batches, image_reader
from benchmarks.kaggle_files import write_spectrograms
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.experiments.loading import load_experiment


def test_both_sides_feed_the_same_images(tmp_path):
    for path in write_spectrograms(tmp_path, 3):
        np.save(path.with_suffix(".npy"), read_spectrogram(path))
    read, count = image_reader(tmp_path, load_experiment("odu").members["mobilenet_v3_large"])
    assert count == 3
    for number in range(count):
        theirs, target = starter.decoded(str(tmp_path / f"{number}.npy"), 0, number)
        assert theirs.shape == (400, 300, 3)
        assert target == number
        for channel in range(3):
            np.testing.assert_allclose(read(number), theirs[..., channel], atol=2e-3)


def test_batches_go_on_into_further_epochs():
    rows = batches(10, batch_size=4, steps=5)
    assert rows.shape == (5, 4)
    assert sorted(rows.ravel()[:10]) == list(range(10))
