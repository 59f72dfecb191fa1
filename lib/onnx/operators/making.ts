// Operators that make tensors, and convert them.
import { ArgumentError, ShapeError } from "../../errors.js";
import * as ops from "../../ops/index.js";
import { allocate, type DType } from "../../tensor/dtype.js";
import { checkShape, format, sizeOf } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { readTensor, tensorDType } from "../constants.js";
import { Known, numberOf, numbersOf } from "../known.js";
import { at, ofOne, ofTwo, optionalNumber, scalarOf, whole } from "./inputs.js";
import { type OperatorNode, operator } from "./registry.js";

/** The tensor of a Constant: one of several attributes has it. */
function constantOf({ attributes }: OperatorNode): Tensor {
  const value = attributes.tensor("value");
  const number = attributes.float("value_float");
  const numbers = attributes.floats("value_floats");
  const int = attributes.int("value_int");
  const ints = attributes.ints("value_ints");
  if (value !== undefined) return readTensor("value", value);
  if (number !== undefined) return scalarOf(number, "float32");
  if (numbers !== undefined)
    return ops.to(new Tensor(Float64Array.from(numbers), [numbers.length], "float64"), "float32");
  if (int !== undefined) return whole([int], []);
  return whole(attributes.required("value", ints));
}

operator("Constant", {
  since: 1,
  inputs: 0,
  make: (node) => {
    const value = new Known(constantOf(node));
    return () => value;
  },
});

function filled(shape: readonly number[], value: number, dtype: DType): Tensor {
  const data = allocate(dtype, sizeOf(checkShape("ConstantOfShape", shape)));
  if (value !== 0) data.fill(value);
  return new Tensor(data, [...shape], dtype);
}

operator("ConstantOfShape", {
  since: 9,
  inputs: 1,
  make: ({ attributes }) => {
    const given = attributes.tensor("value");
    const value = given === undefined ? scalarOf(0, "float32") : readTensor("value", given);
    if (value.size !== 1) attributes.refuse("value", format(value.shape), "expected one number");
    const number = numberOf("value", new Known(value));
    return ofOne((shape, run) => filled(numbersOf("shape", shape), number, run.of(value.dtype)));
  },
});

// start, start + delta, … before limit
operator("Range", {
  since: 11,
  inputs: 3,
  make: ({ attributes }) => {
    attributes.ignore("stash_type");
    return (inputs) => {
      const [start, limit, delta] = (["start", "limit", "delta"] as const).map((name, i) =>
        numberOf(name, at(inputs, i)),
      ) as [number, number, number];
      const count = Math.max(Math.ceil((limit - start) / delta), 0);
      if (!Number.isSafeInteger(count))
        throw new ArgumentError(`expected a range that ends, got ${start}, ${limit}, ${delta}`);
      const { dtype } = at(inputs, 0);
      const data = allocate(dtype, count);
      for (let i = 0; i < count; i++) data[i] = start + i * delta;
      return new Tensor(data, [count], dtype);
    };
  },
});

operator("EyeLike", {
  since: 9,
  inputs: 1,
  readsShapes: true,
  make: ({ attributes }) => {
    const k = attributes.int("k", 0);
    const type = attributes.int("dtype");
    const dtype = type === undefined ? undefined : tensorDType(attributes, "dtype", type);
    return ofOne((x, run) => {
      if (x.rank !== 2) throw new ShapeError(`expected a matrix, got ${format(x.shape)}`);
      const [rows, columns] = x.shape as [number, number];
      const data = allocate(dtype === undefined ? x.dtype : run.of(dtype), rows * columns);
      for (let i = Math.max(0, -k); i < rows && i + k < columns; i++) data[i * columns + i + k] = 1;
      return new Tensor(data, [rows, columns], dtype === undefined ? x.dtype : run.of(dtype));
    });
  },
});

operator("Trilu", {
  since: 14,
  inputs: [1, 2],
  make: ({ attributes }) => {
    const upper = attributes.flag("upper", true);
    return (inputs) => {
      const x = at(inputs, 0);
      const [m = 0, n = 0] = x.shape.slice(-2);
      const k = optionalNumber("k", inputs[1]) ?? 0;
      const diagonal = Math.min(Math.max(k, -m - 1), n + 1);
      return upper ? ops.triu(x, { diagonal }) : ops.tril(x, { diagonal });
    };
  },
});

operator("Cast", {
  since: 6,
  inputs: 1,
  make: ({ attributes }) => {
    const type = attributes.required("to", attributes.int("to"));
    const dtype = tensorDType(attributes, "to", type);
    attributes.ignore("saturate", "round_mode");
    return ofOne((x, run) => ops.to(x, run.of(dtype)));
  },
});

operator("CastLike", {
  since: 15,
  inputs: 2,
  make: ({ attributes }) => {
    attributes.ignore("saturate", "round_mode");
    return ofTwo((x, like) => ops.to(x, like.dtype));
  },
});
