// Operators that give the same elements in another shape or order, join them, cut them, or repeat them.
import { ShapeError } from "../../errors.js";
import * as ops from "../../ops/index.js";
import { broadcast, checkDim, format } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { numbersOf } from "../known.js";
import { at, axesOf, matrixAt, ofOne, ofTwo, optionalNumbers, whole } from "./inputs.js";
import { type Compute, operator } from "./registry.js";

operator("Reshape", {
  since: 1,
  inputs: 2,
  make: ({ attributes }) => {
    const allowZero = attributes.flag("allowzero", false);
    return ofTwo((x, shape) => {
      const sizes = numbersOf("shape", shape).map((size, d) => {
        if (size !== 0 || allowZero) return size;
        const kept = x.shape[d];
        if (kept !== undefined) return kept;
        throw new ShapeError(`shape: a size of 0 keeps axis ${d}, which ${format(x.shape)} lacks`);
      });
      return ops.reshape(x, sizes);
    });
  },
});

operator("Flatten", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const axis = attributes.int("axis", 1);
    return ofOne((x) => matrixAt(x, axis));
  },
});

operator("Transpose", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const perm = attributes.ints("perm");
    return ofOne((x) => ops.permute(x, perm ?? x.shape.map((_, d) => x.rank - 1 - d)));
  },
});

function squeeze(x: Tensor, axes: readonly number[] | undefined): Tensor {
  if (axes === undefined)
    return ops.reshape(
      x,
      x.shape.filter((size) => size !== 1),
    );
  const dims = axesOf("axes", axes, x.rank);
  const wrong = dims.find((d) => x.shape[d] !== 1);
  if (wrong !== undefined)
    throw new ShapeError(`axes: expected axis ${wrong} to have size 1, got ${format(x.shape)}`);
  return ops.reshape(
    x,
    x.shape.filter((_, d) => !dims.includes(d)),
  );
}

function unsqueeze(x: Tensor, axes: readonly number[]): Tensor {
  const dims = axesOf("axes", axes, x.rank + axes.length);
  if (new Set(dims).size !== dims.length) throw new ShapeError("axes: names an axis twice");
  const rest = [...x.shape];
  return ops.reshape(
    x,
    Array.from({ length: x.rank + axes.length }, (_, d) => (dims.includes(d) ? 1 : (rest.shift() as number))),
  );
}

for (const [name, compute, least] of [
  ["Squeeze", squeeze, 1],
  ["Unsqueeze", (x: Tensor, axes?: readonly number[]) => unsqueeze(x, axes ?? []), 2],
] as const) {
  operator(name, {
    since: 1,
    inputs: 1,
    make: ({ attributes }) => {
      const axes = attributes.ints("axes");
      if (least === 2) attributes.required("axes", axes);
      return ofOne((x) => compute(x, axes));
    },
  });
  operator(name, {
    since: 13,
    inputs: [least, 2],
    make: (): Compute => (inputs) => compute(at(inputs, 0), optionalNumbers("axes", inputs[1])),
  });
}

operator("Expand", {
  since: 8,
  inputs: 2,
  make: () => ofTwo((x, shape) => ops.expand(x, broadcast("Expand", x.shape, numbersOf("shape", shape)))),
});

operator("Tile", {
  since: 6,
  inputs: 2,
  make: () => ofTwo((x, repeats) => ops.repeat(x, numbersOf("repeats", repeats))),
});

operator("Concat", {
  since: 4,
  inputs: [1, Number.MAX_SAFE_INTEGER],
  joins: true,
  make: ({ attributes }) => {
    const axis = attributes.required("axis", attributes.int("axis"));
    return (inputs) => ops.concat(inputs as Tensor[], axis);
  },
});

/** An axis in `count` pieces of one size; the last may be smaller. */
function even(x: Tensor, axis: number, count: number, mayBeSmaller: boolean): Tensor[] {
  const size = x.shape[checkDim("axis", axis, x.rank)] ?? 0;
  const piece = Math.ceil(size / count);
  const last = size - piece * (count - 1);
  if (last < 0 || (!mayBeSmaller && last !== piece))
    throw new ShapeError(`${count} pieces of an axis of ${size} would not be of one size`);
  return ops.split(
    x,
    Array.from({ length: count }, (_, i) => (i === count - 1 ? last : piece)),
    axis,
  );
}

const MOST_OUTPUTS = Number.MAX_SAFE_INTEGER;

operator("Split", {
  since: 2,
  inputs: 1,
  outputs: [1, MOST_OUTPUTS],
  make: ({ attributes, outputs }) => {
    const axis = attributes.int("axis", 0);
    const split = attributes.ints("split");
    return (inputs) => {
      const x = at(inputs, 0);
      return split === undefined ? even(x, axis, outputs.length, false) : ops.split(x, split, axis);
    };
  },
});

operator("Split", {
  since: 13,
  inputs: [1, 2],
  outputs: [1, MOST_OUTPUTS],
  make: ({ attributes, outputs, opset }) => {
    const axis = attributes.int("axis", 0);
    const count = attributes.int("num_outputs", outputs.length);
    if (count !== outputs.length)
      attributes.refuse("num_outputs", count, `the node has ${outputs.length} outputs`);
    return (inputs) => {
      const x = at(inputs, 0);
      const split = optionalNumbers("split", inputs[1]);
      return split === undefined ? even(x, axis, count, opset >= 18) : ops.split(x, split, axis);
    };
  },
});

operator("Shape", {
  since: 1,
  inputs: 1,
  readsShapes: true,
  make: ({ attributes }) => {
    const start = attributes.int("start", 0);
    const end = attributes.int("end");
    return ofOne((x) => whole(x.shape.slice(start, end)));
  },
});

operator("Size", { since: 1, inputs: 1, readsShapes: true, make: () => ofOne((x) => whole([x.size], [])) });
