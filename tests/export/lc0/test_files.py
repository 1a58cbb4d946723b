"""Files that are no network, or none that we can build: one line that says so, and nothing written."""

import gzip
import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aztoolkit.cli import BAD_INPUT, main
from export.lc0 import file
from export.lc0.messages import Message
from tests.export.lc0.networks import MAGIC, make_network, store, write_network

FUZZED = 150


def complaint_about(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Returns the one line that an import of `path` ends in; nothing may be written."""
    before = sorted(path.parent.iterdir())
    assert main(["import", str(path), "-o", str(path.parent / "out.onnx")]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("aztoolkit: ")
    assert "Traceback" not in captured.err
    assert sorted(path.parent.iterdir()) == before
    return captured.err


WHOLE = make_network().SerializeToString()
FOREIGN = {
    "empty": (b"", "got an empty file"),
    "text": (b"weights", "something that begins with 77 65 69 67"),
    "zip": (b"PK\x03\x04abc", "got a zip archive"),
    "plain": (WHOLE, "a network that is not compressed"),
    "gzip of nothing": (gzip.compress(b""), "got gzip of an empty file"),
    "gzip of text": (gzip.compress(b"2\n0.1 0.2"), "gzip of something that begins with"),
    "other magic": (
        gzip.compress(WHOLE.replace(MAGIC.to_bytes(4, "little"), b"\1\2\3\4", 1)),
        "begins with the number 0x1c0, got gzip of something that begins with 0d 01 02 03",
    ),
    "half of the gzip": (gzip.compress(WHOLE)[: len(WHOLE) // 3], "truncated or altered"),
    "half of the message": (gzip.compress(WHOLE[: len(WHOLE) // 2]), "truncated or altered"),
    "nothing but the magic": (gzip.compress(WHOLE[:5]), "expected weights in the network"),
    "broken checksum": (gzip.compress(WHOLE)[:-6] + b"abcdef", "truncated or altered"),
}


@pytest.mark.parametrize(("data", "message"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_network_is_named(
    data: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "x.pb.gz"
    path.write_bytes(data)
    assert message in complaint_about(path, capsys)


def test_folders_and_missing_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "x.pb.gz").mkdir()
    assert "got a folder at" in complaint_about(tmp_path / "x.pb.gz", capsys)
    assert "got nothing at" in complaint_about(tmp_path / "y.pb.gz", capsys)


def test_a_bomb_is_given_up_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(file, "MAX_BYTES", 4 << 20)
    path = tmp_path / "x.pb.gz"
    path.write_bytes(gzip.compress(WHOLE + bytes(64 << 20)))
    assert "expected a network of at most 4 MiB, got more" in complaint_about(path, capsys)


def test_a_bomb_of_something_else_is_given_up_before_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(file, "MAX_BYTES", 4 << 20)
    path = tmp_path / "x.pb.gz"
    path.write_bytes(gzip.compress(bytes(64 << 20)))
    assert "gzip of something that begins with 00 00 00 00" in complaint_about(path, capsys)


def _set(path: str, value: object) -> Callable[[Message], None]:
    *parents, name = path.split(".")

    def change(net: Message) -> None:
        for parent in parents:
            net = getattr(net, parent)
        setattr(net, name, value)

    return change


def _drop(path: str) -> Callable[[Message], None]:
    *parents, name = path.split(".")

    def change(net: Message) -> None:
        for parent in parents:
            net = getattr(net, parent)
        net.ClearField(name)

    return change


def _negative_variance(net: Message) -> None:
    net.weights.input.bn_stddivs.min_val = -1.0


def _no_se(net: Message) -> None:
    net.weights.residual[0].se.ClearField("w2")


def _wide_block(net: Message) -> None:
    weights = net.weights.residual[1].conv1.weights
    weights.params += weights.params


def _one_more_output(net: Message) -> None:
    weights = net.weights
    weights.ip2_val_w.params += bytes(2 * 12)


UNSUPPORTED = {
    "attention body": _set("format.network_format.network", 6),
    "attention body, several heads": _set("format.network_format.network", 7),
    "attention body in an old file": lambda net: net.weights.encoder.append(b""),
    "attention policy": _set("format.network_format.policy", 3),
    "a network that is ONNX inside": _set("onnx_model", b"x"),
    "input of 112 planes with castling planes": _set("format.network_format.input", 2),
    "input of unknown kind 77": _set("format.network_format.input", 77),
    "policy 9": _set("format.network_format.policy", 9),
    "value 3": _set("format.network_format.value", 3),
    "activation 5": _set("format.network_format.default_activation", 5),
    "structure 99": _set("format.network_format.network", 99),
    "encoding 2 of weights": _set("format.weights_encoding", 2),
}
BROKEN = {
    "expected the layer input weights": _drop("weights.input"),
    "expected the layer policy1 weights": _drop("weights.policy1"),
    "expected the layer residual 0 se 2 weights": _no_se,
    "expected the layer ip1_val weights": _drop("weights.ip1_val_w"),
    "expected the layer input bn_stddivs": _drop("weights.input.bn_stddivs"),
    "expected variances above 0 in input bn_stddivs": _negative_variance,
    "expected 576 numbers in residual 1 conv1 weights": _wide_block,
    "expected 36 numbers in ip2_val weights": _one_more_output,
    "expected a multiple of 1008 numbers in input weights": _set(
        "weights.input.weights.params", b"abc"
    ),
    "expected finite numbers in ip2_val": _set("weights.ip2_val_b.max_val", float("nan")),
    "expected LINEAR16 weights in ip2_val biases": _set("weights.ip2_val_b.encoding", 2),
    "expected weights in the network": _drop("weights"),
}


@pytest.mark.parametrize(("kind", "change"), UNSUPPORTED.items(), ids=UNSUPPORTED)
def test_what_is_not_supported_is_named(
    kind: str,
    change: Callable[[Message], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    line = complaint_about(write_network(tmp_path / "x.pb.gz", change=change), capsys)
    assert f"not supported yet: {kind.partition(',')[0].removesuffix(' in an old file')}" in line


@pytest.mark.parametrize(("message", "change"), BROKEN.items(), ids=BROKEN)
def test_a_wrong_layer_is_named(
    message: str,
    change: Callable[[Message], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    assert message in complaint_about(write_network(tmp_path / "x.pb.gz", change=change), capsys)


def _overflow(net: Message) -> None:
    net.weights.ip2_val_b.max_val = 3e38
    net.weights.ip1_val_b.max_val = 3e38
    net.weights.ip1_val_b.min_val = 3e38
    store(net.weights.ip2_val_w, 100 * np.arange(1.0, 37.0).reshape(3, 12))


def test_numbers_that_overflow_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    line = complaint_about(write_network(tmp_path / "x.pb.gz", change=_overflow), capsys)
    assert "expected finite wdl logits" in line


def test_the_network_itself_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    network = write_network(tmp_path / "x.onnx")
    assert main(["import", str(network), "-o", str(network)]) == BAD_INPUT
    assert "another file than the original" in capsys.readouterr().err


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    network = write_network(tmp_path / "x.pb.gz")
    assert main(["import", str(network), "-o", str(network / "x.onnx")]) == BAD_INPUT
    error = capsys.readouterr().err
    assert error.startswith(f"aztoolkit: cannot write {network / 'x.onnx'}: ")
    assert error.count("\n") == 1


def test_a_model_that_was_there_is_kept_if_the_import_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "out.onnx").write_bytes(b"before")
    network = write_network(tmp_path / "x.pb.gz", change=_overflow)
    complaint_about(network, capsys)
    assert (tmp_path / "out.onnx").read_bytes() == b"before"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    network = write_network(tmp_path / "x.pb.gz")
    tmp_path.chmod(0o500)
    assert "cannot write" in complaint_about(network, capsys)


@pytest.mark.parametrize("inside", [True, False], ids=["in the message", "in the gzip"])
def test_altered_bytes_end_in_one_line_or_a_valid_model(
    inside: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rng = random.Random(11)
    whole = make_network(filters=2, blocks=1, squeeze=1).SerializeToString()
    for number in range(FUZZED):
        data = bytearray(whole if inside else gzip.compress(whole, mtime=0))
        for _ in range(rng.randint(1, 4)):
            # Most of a network is weights, which may be anything: aim at what is between them.
            place = rng.choice([rng.randrange(len(data)), rng.randrange(80)])
            data[place] = rng.randrange(256)
        cut = rng.choice([len(data), len(data), rng.randrange(len(data))])
        path = tmp_path / "x.pb.gz"
        path.write_bytes(gzip.compress(bytes(data[:cut]), 1) if inside else bytes(data[:cut]))
        code = main(["import", str(path), "-o", str(tmp_path / "x.onnx")])
        error = capsys.readouterr().err
        assert code in (0, BAD_INPUT), (number, error)
        assert error.count("\n") == (code == BAD_INPUT), (number, error)
        assert not [left for left in tmp_path.iterdir() if left.suffix == ".tmp"]
