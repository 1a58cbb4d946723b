"""What a model file says of itself."""

import json
from pathlib import Path

import pytest

from aztoolkit.errors import ModelError
from aztoolkit.model import CalibrationSpec, ModelSpec, QuantizationSpec, TrainingSpec, sidecar

FILE = Path("x.onnx")


@pytest.fixture
def int8_spec(az_spec: ModelSpec) -> ModelSpec:
    calibration = CalibrationSpec(source="runs/a", positions=2000, sha256="f" * 64, seed=1)
    quantization = QuantizationSpec(
        method="qat-minmax",
        weight_bits=8,
        float_layers=("add_1",),
        calibration=calibration,
        training=TrainingSpec(positions=calibration, updates=625, batch=64),
    )
    return az_spec.model_copy(update={"precision": "int8", "quantization": quantization})


def test_metadata_round_trip(az_spec: ModelSpec, int8_spec: ModelSpec):
    for spec in (az_spec, int8_spec):
        metadata = spec.to_metadata()
        assert all(isinstance(value, str) for value in metadata.values())
        assert ModelSpec.from_metadata(metadata | {"other": "x"}, source=FILE) == spec


def test_a_model_from_before_training_was_recorded_is_read(int8_spec: ModelSpec):
    metadata = int8_spec.to_metadata()
    quantization = json.loads(metadata["aztoolkit.quantization"])
    del quantization["training"]
    metadata["aztoolkit.quantization"] = json.dumps(quantization)
    read = ModelSpec.from_metadata(metadata, source=FILE).quantization
    assert read is not None
    assert (read.method, read.training) == ("qat-minmax", None)


def test_a_foreign_file_is_refused():
    with pytest.raises(ModelError, match="without aztoolkit metadata"):
        ModelSpec.from_metadata({"producer": "somebody"}, source=FILE)


def test_a_newer_format_is_refused(az_spec: ModelSpec):
    metadata = az_spec.to_metadata() | {"aztoolkit.format_version": "2"}
    with pytest.raises(ModelError, match="expected model format 1, got 2"):
        ModelSpec.from_metadata(metadata, source=FILE)


@pytest.mark.parametrize(
    "broken",
    [
        {"aztoolkit.network": "{not json"},
        {"aztoolkit.training_step": '"many"'},
        {"aztoolkit.surprise": "1"},
        {"aztoolkit.precision": "fp8"},
    ],
)
def test_malformed_metadata_is_one_clear_line(az_spec: ModelSpec, broken: dict[str, str]):
    with pytest.raises(ModelError, match=r"expected aztoolkit metadata in x\.onnx"):
        ModelSpec.from_metadata(az_spec.to_metadata() | broken, source=FILE)


def test_sidecars_stand_beside_the_model():
    assert sidecar(Path("a/int8.onnx"), "gate") == Path("a/int8.gate.json")


def test_malformed_metadata_names_the_field(az_spec: ModelSpec):
    with pytest.raises(ModelError, match="got training_step: Input should be a valid integer"):
        ModelSpec.from_metadata(
            az_spec.to_metadata() | {"aztoolkit.training_step": '"soon"'}, source=FILE
        )
