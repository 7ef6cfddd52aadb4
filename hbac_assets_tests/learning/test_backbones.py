import socket
from typing import Literal

import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.learning import pretrained
from hbac_assets.learning.backbones import ParameterCounts, build_classifier, parameter_counts
from hbac_assets.learning.settings import MemberSettings, Preprocessing

SMALL = Preprocessing(image_size=(32, 48))


@pytest.mark.parametrize(
    ("backbone", "counts"),
    [
        ("efficientnet_b0", ParameterCounts(4_049_564, 4_057_250, 4_015_234, 42_016)),
        ("efficientnet_b1", ParameterCounts(6_575_232, 6_582_918, 6_520_870, 62_048)),
        ("efficientnetv2_b0", ParameterCounts(5_919_312, 5_926_998, 5_866_390, 60_608)),
        ("efficientnetv2_b2", ParameterCounts(8_769_374, 8_777_828, 8_695_540, 82_288)),
        ("mobilenet_v3_large", ParameterCounts(2_996_352, 3_002_118, 2_977_718, 24_400)),
        ("mobilenet_v3_small", ParameterCounts(939_120, 942_582, 930_470, 12_112)),
        ("resnet34d", ParameterCounts(21_321_056, 21_324_134, 21_306_982, 17_152)),
        ("resnet50_v2", ParameterCounts(23_564_800, 23_577_094, 23_531_654, 45_440)),
        ("yolo_v8_l", ParameterCounts(19_831_744, 19_834_822, 19_811_654, 23_168)),
    ],
)
def test_parameter_counts_are_the_published_ones(backbone: str, counts: ParameterCounts) -> None:
    model = build_classifier(MemberSettings(backbone=backbone, preprocessing=SMALL, dropout=0.2))
    assert parameter_counts(model) == counts
    assert model.input_shape == (None, 32, 48, 3)
    assert model.output_shape == (None, 6)


def test_the_network_of_waveforms_has_less_than_a_million_parameters() -> None:
    settings = MemberSettings(backbone="bipolar_resnet", preprocessing=Preprocessing(input="waveform"), dropout=0.2)
    model = build_classifier(settings)
    assert parameter_counts(model) == ParameterCounts(304_640, 307_718, 305_638, 2_080)
    assert model.input_shape == (None, 18, 512)
    assert model.output_shape == (None, 6)


@pytest.mark.parametrize(("kernel", "total"), [(3, 8_777_828), (5, 9_686_884), (7, 11_050_468)])
def test_a_kernel_is_that_of_every_stage(kernel: Literal[3, 5, 7], total: int) -> None:
    model = build_classifier(MemberSettings(backbone="efficientnetv2_b2", kernel=kernel, preprocessing=SMALL))
    assert parameter_counts(model).total == total


def test_resnet34d_halves_its_images_by_averaging_and_has_one_description() -> None:
    import keras

    settings = MemberSettings(backbone="resnet34d", preprocessing=Preprocessing(image_size=(70, 90)))
    first, second = build_classifier(settings), build_classifier(settings)
    assert first.to_json() == second.to_json()
    layers = first.layers[0].layers
    assert first.layers[0].output_shape == (None, 3, 3, 512)  # a 32nd of the image, rounded up
    assert sum(isinstance(layer, keras.layers.AveragePooling2D) for layer in layers) == 3
    pointwise = [layer for layer in layers if getattr(layer, "kernel_size", None) == (1, 1)]
    assert [layer.strides for layer in pointwise] == [(1, 1)] * 3


@pytest.mark.parametrize(
    ("backbone", "preprocessing"), [("tiny", SMALL), ("bipolar_resnet", Preprocessing(input="waveform"))]
)
def test_initial_weights_follow_from_the_seed(backbone: str, preprocessing: Preprocessing) -> None:
    def weights(seed: int) -> np.ndarray:
        model = build_classifier(MemberSettings(backbone=backbone, preprocessing=preprocessing, seed=seed))
        return np.concatenate([np.ravel(weight) for weight in model.get_weights()])

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_initial_weights_have_the_spread_that_their_layers_ask_for() -> None:
    model = build_classifier(MemberSettings(backbone="efficientnetv2_b2", preprocessing=SMALL))
    kernel = np.asarray(model.layers[0].get_layer("top_conv").kernel)
    expected = np.sqrt(2 / kernel.shape[-1])  # variance scaling, fan out
    assert kernel.std() == pytest.approx(expected, rel=0.02)
    assert abs(kernel).max() < 2.3 * expected  # cut off at two standard deviations of the wider normal


@pytest.mark.parametrize(("momentum", "expected"), [(None, 0.999), (0.9, 0.9)])
def test_batchnorm_momentum_is_the_members_or_the_authors(momentum: float | None, expected: float) -> None:
    import keras

    model = build_classifier(
        MemberSettings(backbone="mobilenet_v3_small", preprocessing=SMALL, batchnorm_momentum=momentum)
    )
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(layers) == 34
    assert {layer.momentum for layer in layers} == {expected}


def test_pretrained_weights_without_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path_factory) -> None:
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path_factory.mktemp("kagglehub")))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # the discard port: refused at once
    with pytest.raises(HbacError, match=r"mobilenet_v3_small_imagenet' are not cached .* set pretrained: none"):
        build_classifier(MemberSettings(backbone="mobilenet_v3_small", pretrained="imagenet"))


def test_pretrained_weights_behind_a_silent_network(monkeypatch: pytest.MonkeyPatch, tmp_path_factory) -> None:
    monkeypatch.setattr(pretrained, "PATIENCE_SECONDS", 0.5)
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path_factory.mktemp("kagglehub")))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(HbacError, match=r"no answer within 0.5 s"):
            build_classifier(MemberSettings(backbone="mobilenet_v3_small", pretrained="imagenet"))
