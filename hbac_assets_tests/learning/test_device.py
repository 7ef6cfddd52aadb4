import subprocess
import sys
from pathlib import Path

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.learning.device import require_known_flags, visible_devices


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
    assert run.stdout.startswith("HBAC_DEVICE: expected a GPU, found none that JAX can use; run `make setup GPU=1`")
    assert run.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--xla_no_such_flag=1", "Unknown flag in XLA_FLAGS: --xla_no_such_flag=1"),
        ("--xla_backend_optimization_level=3 --xla_cpu_enable_fast_math=maybe", "Couldn't interpret value maybe .*"),
        ("xla_cpu_enable_fast_math=true", "Could not open file .*"),
    ],
)
def test_a_flag_that_jax_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch, flags: str, said: str) -> None:
    monkeypatch.setenv("XLA_FLAGS", flags)
    expected = rf"XLA_FLAGS: expected flags that this JAX knows, found '{flags}' \({said}\); correct or unset it"
    with pytest.raises(HbacError, match=f"^{expected}$"):
        require_known_flags()


def test_flags_that_jax_knows_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for flags in ("", "--xla_force_host_platform_device_count=2 --xla_gpu_autotune_level=0"):
        monkeypatch.setenv("XLA_FLAGS", flags)
        require_known_flags()


@pytest.mark.slow
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


@pytest.mark.slow
def test_compiled_programs_are_found_again_where_the_store_was_moved(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from hbac_assets.learning.device import configure\n"
        "configure('cpu', 'float32', Path(sys.argv[1]))\n"
        "import jax\n"
        "jax.jit(lambda number: 2 * number)(1.0)\n"
    )

    def compiled(folder: Path) -> set[str]:
        subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, check=True)
        return {file.name for file in folder.rglob("*-cache")}

    before = compiled(tmp_path / "before")
    assert before
    (tmp_path / "before").rename(tmp_path / "after")
    assert compiled(tmp_path / "after") == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries are not told to keep memory")
def test_a_program_gets_again_the_memory_that_it_gave_back() -> None:
    pages = 16_384  # of a result of 64 MiB
    program = (
        "import resource\n"
        "import numpy as np\n"
        "from hbac_assets.learning.device import configure, on_device\n"
        "configure('cpu', 'float32', None)\n"
        "import jax\n"
        "program = jax.jit(lambda row: row[None].repeat(4096, 0))\n"
        "def faults_of(calls):\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    for number in range(calls):\n"
        "        program(*on_device((np.full(4096, number, np.float32),))).block_until_ready()\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "faults_of(5)\n"
        "print(faults_of(40))\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 40 * pages / 8
