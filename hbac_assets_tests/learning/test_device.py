import subprocess
import sys

from hbac_assets.learning.device import visible_devices


def test_the_cpu_is_visible() -> None:
    assert [name.split()[0] for name in visible_devices("cpu")] == ["cpu:0"]


def test_a_gpu_that_is_not_there_is_a_clear_error() -> None:
    program = (
        "from hbac_assets.errors import HbacError\n"
        "from hbac_assets.learning.device import configure\n"
        "try:\n"
        "    configure('gpu', 'float32', None)\n"
        "except HbacError as error:\n"
        "    print(error)\n"
    )
    environment = {"CUDA_VISIBLE_DEVICES": "", "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("device: expected a GPU, found none visible to JAX")
    assert run.stdout.count("\n") == 1


def test_mixed_precision_keeps_weights_and_probabilities_in_float32() -> None:
    program = (
        "from hbac_assets.learning.device import configure\n"
        "from hbac_assets.learning.backbones import build_classifier\n"
        "from hbac_assets.learning.settings import MemberSettings, Preprocessing\n"
        "configure('cpu', 'mixed_bfloat16', None)\n"
        "model = build_classifier(MemberSettings(backbone='mobilenet_v3_small', "
        "preprocessing=Preprocessing(image_size=(32, 32))))\n"
        "print({str(weight.dtype) for weight in model.weights})\n"
        "print(model.layers[0].compute_dtype, model.outputs[0].dtype)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["{'float32'}", "bfloat16", "float32"]
