"""The protobuf messages of a network file: the fields that are read here, and no others.

What is not declared is skipped by the parser. Enumerations are declared as numbers, so that values
from a newer lc0 are seen and refused instead of dropped; messages of which only the presence matters
are declared as bytes, and so is text that a foreign file may hold in any encoding.

Source: https://github.com/LeelaChessZero/lczero-common/blob/master/proto/net.proto
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "pblczero"
_FIELDS = {
    "Layer": "min_val:float=1 max_val:float=2 params:bytes=3 encoding:int32=4",
    "ConvBlock": """weights:Layer=1 biases:Layer=2
        bn_means:Layer=3 bn_stddivs:Layer=4 bn_gammas:Layer=5 bn_betas:Layer=6""",
    "SEunit": "w1:Layer=1 b1:Layer=2 w2:Layer=3 b2:Layer=4",
    "Residual": "conv1:ConvBlock=1 conv2:ConvBlock=2 se:SEunit=3",
    "Weights": """input:ConvBlock=1 residual:Residual*=2
        policy1:ConvBlock=11 policy:ConvBlock=3 ip_pol_w:Layer=4 ip_pol_b:Layer=5
        value:ConvBlock=6 ip1_val_w:Layer=7 ip1_val_b:Layer=8 ip2_val_w:Layer=9 ip2_val_b:Layer=10
        moves_left:ConvBlock=12
        encoder:bytes*=27 pol_encoder:bytes*=21""",
    "TrainingParams": "training_steps:uint32=1",
    "NetworkFormat": """input:int32=1 output:int32=2 network:int32=3 policy:int32=4 value:int32=5
        moves_left:int32=6 default_activation:int32=7""",
    "Format": "weights_encoding:int32=1 network_format:NetworkFormat=2",
    "EngineVersion": "major:uint32=1 minor:uint32=2 patch:uint32=3",
    "Net": """magic:fixed32=1 license:bytes=2 min_version:EngineVersion=3 format:Format=4
        training_params:TrainingParams=5 weights:Weights=10 onnx_model:bytes=11""",
}
"""By message: `name:type=number`, with `*` where repeated."""

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "float": _Field.TYPE_FLOAT,
    "bytes": _Field.TYPE_BYTES,
    "int32": _Field.TYPE_INT32,
    "uint32": _Field.TYPE_UINT32,
    "fixed32": _Field.TYPE_FIXED32,
}
Message = Any
"""A protobuf message: its class is made at run time, so that no type checker can know its fields."""


def new_net() -> Message:
    """Returns an empty `Net`, the message that is a network file."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.Net"))()


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="net.proto", package=PACKAGE, syntax="proto2")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            _declare(message, field)
    return file


def _declare(message: descriptor_pb2.DescriptorProto, field: str) -> None:
    """Adds a field, such as `residual:Residual*=2`, to a message."""
    declared, _, number = field.partition("=")
    name, _, kind = declared.partition(":")
    repeated, kind = kind.endswith("*"), kind.removesuffix("*")
    added = message.field.add(name=name, number=int(number))
    added.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if kind in _SCALARS:
        added.type = _SCALARS[kind]
    else:
        added.type = _Field.TYPE_MESSAGE
        added.type_name = f".{PACKAGE}.{kind}"
