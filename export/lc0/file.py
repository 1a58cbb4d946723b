"""A network file, `.pb.gz`: gzip around one protobuf message, read with a limit on its size."""

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError

from aztoolkit.errors import ModelError
from export.lc0.messages import Message, new_net

SUFFIX = ".pb.gz"
MAGIC = 0x1C0
MAX_BYTES = 512 << 20
"""Of a network, decompressed; the largest residual towers of lc0 have a fifth of it."""
_CHUNK_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_HEAD = b"\x0d" + MAGIC.to_bytes(4, "little")
"""How every network begins: field 1, fixed 32 bits, the magic number."""
_KNOWN = {
    b"": "an empty file",
    _HEAD: "a network that is not compressed (compress it with `gzip`)",
    b"PK\x03\x04": "a zip archive",
    b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x08": "what may be an ONNX model",
}
"""What files begin with that are easily taken for a network."""


def read_net(path: Path) -> Message:
    """Returns the `Net` message of a network file.

    Raises:
        ModelError: the file is missing, truncated, too large, or no network.
    """
    data = _decompress(path)
    if not data.startswith(_HEAD):
        raise _not_a_network(path, f"gzip of {_describe(data)}")
    net = new_net()
    try:
        net.ParseFromString(data)
    except DecodeError as error:
        raise ModelError(
            f"expected a whole lc0 network, got one that is truncated or altered: {path}; "
            "download it again"
        ) from error
    return net


def _decompress(path: Path) -> bytes:
    if not path.is_file():
        what = "a folder" if path.is_dir() else "nothing"
        raise ModelError(f"expected an lc0 network ({SUFFIX}), got {what} at {path}")
    try:
        with path.open("rb") as stream:
            _check_gzip(stream, path)
            return _read_bounded(stream, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ModelError(
            f"expected a whole gzip file, got one that is truncated or altered: {path}: {error}; "
            "download it again"
        ) from error
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error


def _check_gzip(stream: BinaryIO, path: Path) -> None:
    head = stream.read(len(_HEAD))
    stream.seek(0)
    if not head.startswith(_GZIP):
        raise _not_a_network(path, _describe(head))


def _read_bounded(stream: BinaryIO, path: Path) -> bytes:
    """Returns what a gzip stream holds; what is no network is refused after its first bytes."""
    parts, size = [], 0
    with gzip.GzipFile(fileobj=stream) as unpacked:
        while part := unpacked.read(_CHUNK_BYTES):
            parts.append(part)
            size += len(part)
            if size > MAX_BYTES:
                raise ModelError(
                    f"expected a network of at most {MAX_BYTES >> 20} MiB, got more: {path}"
                )
            if not parts[0].startswith(_HEAD):
                break
    return b"".join(parts)


def _describe(data: bytes) -> str:
    """Returns what begins with `data`, as far as one can tell."""
    for head, name in _KNOWN.items():
        if head == data[: len(head)] and (head or not data):
            return name
    return f"something that begins with {data[:4].hex(' ')}"


def _not_a_network(path: Path, got: str) -> ModelError:
    return ModelError(
        f"expected an lc0 network: gzip of a protobuf that begins with the number {MAGIC:#x}, "
        f"got {got}: {path}"
    )
