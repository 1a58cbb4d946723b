"""Small models of every kind, in float and rounded, with positions of random games."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from aztoolkit.model import ModelSpec
from export.calibration import Calibration, load_calibration
from export.onnx import export_onnx
from export.quantization.layers import Prepared, prepare
from export.quantization.rounded import Rounded
from export.quantize import Recipe, read_fp32_spec, round_static
from tests.export.conftest import make_checkpoint


@pytest.fixture(scope="session")
def calibration(run: Path) -> Calibration:
    return load_calibration(run, encoding="az119", size=100)


@pytest.fixture(scope="session")
def planes(calibration: Calibration) -> np.ndarray:
    return calibration.planes


@pytest.fixture(scope="session", params=["resnet", "se_resnet"])
def fp32(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    export_onnx(make_checkpoint(folder, kind=request.param), folder / "fp32.onnx")
    return folder / "fp32.onnx"


@pytest.fixture(scope="session")
def original(fp32: Path) -> onnx.ModelProto:
    return onnx.load(fp32)


@pytest.fixture(scope="session")
def spec(fp32: Path) -> ModelSpec:
    return read_fp32_spec(fp32)


@pytest.fixture(scope="session")
def prepared(original: onnx.ModelProto) -> Prepared:
    return prepare(original, "az119")


@pytest.fixture(scope="session")
def rounded(original: onnx.ModelProto, spec: ModelSpec, calibration: Calibration) -> Rounded:
    return round_static(original, spec, calibration, Recipe())
