"""Writes lib/onnx/schema.ts: the messages of ONNX as JSON for protobufjs and as TypeScript types.

.venv/bin/python test/oracle/onnx_schema.py (needs the package onnx)
"""

import json
import pathlib

import onnx
from google.protobuf.descriptor import FieldDescriptor as Field
from onnx import onnx_ml_pb2

SCALARS = {
    Field.TYPE_DOUBLE: ("double", "number"),
    Field.TYPE_FLOAT: ("float", "number"),
    Field.TYPE_INT64: ("int64", "bigint"),
    Field.TYPE_UINT64: ("uint64", "bigint"),
    Field.TYPE_INT32: ("int32", "number"),
    Field.TYPE_BOOL: ("bool", "boolean"),
    Field.TYPE_STRING: ("string", "string"),
    Field.TYPE_BYTES: ("bytes", "Uint8Array"),
}


def short(descriptor):
    """onnx.TypeProto.Tensor → TypeProto.Tensor"""
    return descriptor.full_name.removeprefix("onnx.")


def type_of(field):
    """Its type for protobufjs and for TypeScript."""
    if field.message_type is not None:
        return short(field.message_type), short(field.message_type).replace(".", "")
    if field.enum_type is not None:
        return short(field.enum_type), "number"
    return SCALARS[field.type]


def describe(message):
    fields = {}
    for field in message.fields:
        entry = {"type": type_of(field)[0], "id": field.number}
        if field.is_repeated:
            entry["rule"] = "repeated"
            entry["options"] = {"packed": field.GetOptions().packed}
        fields[field.name] = entry
    nested = {one.name: describe(one) for one in message.nested_types}
    for enum in message.enum_types:
        nested[enum.name] = {"values": {value.name: value.number for value in enum.values}}
    return {"fields": fields, **({"nested": nested} if nested else {})}


def interfaces(message):
    lines = [f"export interface {short(message).replace('.', '')} {{"]
    for field in message.fields:
        name = type_of(field)[1]
        if field.is_repeated:
            lines.append(f"  readonly {field.name}: readonly {name}[];")
        else:
            lines.append(f"  readonly {field.name}?: {name};")
    lines.append("}")
    return ["\n".join(lines), *(text for one in message.nested_types for text in interfaces(one))]


def constants(message):
    """The enums as constants."""
    found = []
    for enum in message.enum_types:
        values = {value.name: value.number for value in enum.values}
        found.append(f"export const {enum.name} = {json.dumps(values)} as const;")
    return found


messages = list(onnx_ml_pb2.DESCRIPTOR.message_types_by_name.values())
# Fields have presence: a 0 that is there is not the same as none.
described = {message.name: {"edition": "proto2", **describe(message)} for message in messages}
descriptor = {"nested": {"onnx": {"nested": described}}}
opset = onnx.defs.onnx_opset_version()
text = "\n\n".join(
    [
        f"""// Made by test/oracle/onnx_schema.py from onnx-ml.proto of the Python package onnx {onnx.__version__}
// (IR version {onnx.IR_VERSION}, opset {opset}), © ONNX Project Contributors, Apache-2.0, https://github.com/onnx/onnx.
// Fields have their names in the protocol. An optional field that a message lacks is undefined.""",
        *(text for message in messages for text in interfaces(message)),
        *(text for message in messages for text in constants(message)),
        f"/** The messages for `Root.fromJSON` of protobufjs. */\nexport const schema = {json.dumps(descriptor)} as const;",
    ]
)
target = pathlib.Path(__file__).parents[2] / "lib" / "onnx" / "schema.ts"
target.write_text(text + "\n")
print(f"{target}: then npx biome check --write lib/onnx/schema.ts")
