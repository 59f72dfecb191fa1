import { expect, test } from "vitest";
import { DataError } from "../../lib/errors.js";
import { decodeModel, encodeModel } from "../../lib/onnx/proto.js";
import { DataType } from "../../lib/onnx/schema.js";
import { fromTensorProto, toTensorProto } from "../../lib/onnx/tensor-proto.js";

test("a model comes back as it was written, whole numbers of 64 bits exactly", () => {
  const big = 2n ** 63n - 1n;
  const array = {
    dtype: "int64",
    shape: [2],
    bytes: new Uint8Array(new BigInt64Array([big, -1n]).buffer),
  } as const;
  const bytes = encodeModel("write", {
    ir_version: 10n,
    graph: {
      node: [{ op_type: "Add", attribute: [{ name: "axis", i: -big }] }],
      initializer: [toTensorProto("k", array)],
    },
  });
  const { ir_version, graph } = decodeModel("read", bytes);
  expect(ir_version).toBe(10n);
  expect(graph?.node[0]?.attribute[0]?.i).toBe(-big);
  const [initializer] = graph?.initializer ?? [];
  if (initializer === undefined) throw new Error("no initializer");
  expect(fromTensorProto("read", initializer)).toEqual(array);
});

const empty = decodeModel("read", encodeModel("write", { graph: { initializer: [{ name: "x" }] } }));
const [x] = empty.graph?.initializer ?? [];
if (x === undefined) throw new Error("no initializer");

test("elements may be in the field of numbers of their dtype", () => {
  const read = (message: object) => fromTensorProto("read", { ...x, dims: [2n], ...message });
  const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer);
  expect(read({ data_type: DataType.FLOAT, float_data: [1.5, -2] }).bytes).toEqual(
    bytes(new Float32Array([1.5, -2])),
  );
  expect(read({ data_type: DataType.INT8, int32_data: [-1, 127] }).bytes).toEqual(
    bytes(new Int8Array([-1, 127])),
  );
  expect(read({ data_type: DataType.FLOAT16, int32_data: [0x3c00, 0xbc00] }).bytes).toEqual(
    bytes(new Uint16Array([0x3c00, 0xbc00])),
  );
  expect(read({ data_type: DataType.UINT32, uint64_data: [1n, 2n ** 32n - 1n] }).bytes).toEqual(
    bytes(new Uint32Array([1, 2 ** 32 - 1])),
  );
});

test.each([
  [
    "elements in another file",
    { data_location: 1, external_data: [{ key: "location", value: "weights.bin" }] },
    /they are in weights.bin/,
  ],
  ["strings", { data_type: DataType.STRING }, /STRING/],
  ["a dtype that does not exist", { data_type: 99 }, /data type 99/],
  ["a negative size", { data_type: 1, dims: [-1n] }, /negative size/],
  ["a size above 2⁵³", { data_type: 1, dims: [2n ** 62n] }, /above 2⁵³/],
  [
    "sizes whose product overflows",
    { data_type: 1, dims: [2n ** 50n, 2n ** 50n], raw_data: new Uint8Array(4) },
    /found 4/,
  ],
  ["too few bytes", { data_type: 1, dims: [2n], raw_data: new Uint8Array(7) }, /expected 8 bytes.*found 7/],
  ["too few numbers", { data_type: 1, dims: [2n], float_data: [1] }, /expected 2 elements.*found 1/],
])("a tensor with %s is refused", (_, message, expected) => {
  expect(() => fromTensorProto("read", { ...x, ...message })).toThrow(
    expect.objectContaining({ name: "DataError", message: expect.stringMatching(expected) }),
  );
});

test("bytes that are no model are refused", () => {
  expect(() => decodeModel("read", new Uint8Array([255, 255, 255]))).toThrow(DataError);
});

test("attributes that hold graphs that hold attributes without end are refused", () => {
  const wrap = (tag: number, inner: number[]): number[] => {
    const size: number[] = [];
    for (let n = inner.length; ; n >>>= 7) {
      if (n < 128) {
        size.push(n);
        break;
      }
      size.push((n & 127) | 128);
    }
    return [tag, ...size, ...inner];
  };
  let graph: number[] = [];
  // graph.node (1) → node.attribute (5) → attribute.g (6)
  for (let i = 0; i < 2000; i++) graph = wrap(0x0a, wrap(0x2a, wrap(0x32, graph)));
  expect(() => decodeModel("read", Uint8Array.from(wrap(0x3a, graph)))).toThrow(DataError);
});
