// Operators that read or write elements by their positions.
import { ShapeError } from "../../errors.js";
import * as ops from "../../ops/index.js";
import { arange } from "../../tensor/create.js";
import { checkDim, format, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { numberOf, numbersOf } from "../known.js";
import { at, axesOf, ofTwo, optionalNumbers, positions, whole } from "./inputs.js";
import { operator } from "./registry.js";

interface Cut {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes?: readonly number[] | undefined;
  readonly steps?: readonly number[] | undefined;
}

/** As Python's x[start:end:step], along each axis. */
function slice(x: Tensor, { starts, ends, axes, steps }: Cut): Tensor {
  const dims = axesOf("axes", axes ?? starts.map((_, i) => i), x.rank);
  const lengths = [ends.length, dims.length, steps?.length ?? starts.length];
  if (lengths.some((length) => length !== starts.length))
    throw new ShapeError(`expected as many ends, axes and steps as starts, got ${lengths.join(", ")}`);
  return dims.reduce((y, dim, i) => {
    const size = x.shape[dim] ?? 0;
    const step = steps?.[i] ?? 1;
    const [start, end] = [starts[i] as number, ends[i] as number];
    if (step > 0) return ops.slice(y, dim, { start, end, step });
    if (step === 0) throw new ShapeError("steps: expected steps other than 0");
    // From the other side: position p is size − 1 − p there.
    const mirrored = (position: number): number => {
      const counted = position < 0 ? position + size : position;
      return size - 1 - Math.min(Math.max(counted, -1), size - 1);
    };
    return ops.slice(ops.flip(y, dim), dim, { start: mirrored(start), end: mirrored(end), step: -step });
  }, x);
}

operator("Slice", {
  since: 1,
  inputs: 1,
  make: ({ attributes }) => {
    const starts = attributes.required("starts", attributes.ints("starts"));
    const ends = attributes.required("ends", attributes.ints("ends"));
    const axes = attributes.ints("axes");
    return (inputs) => slice(at(inputs, 0), { starts, ends, axes });
  },
});

operator("Slice", {
  since: 10,
  inputs: [3, 5],
  make: () => (inputs) =>
    slice(at(inputs, 0), {
      starts: numbersOf("starts", at(inputs, 1)),
      ends: numbersOf("ends", at(inputs, 2)),
      axes: optionalNumbers("axes", inputs[3]),
      steps: optionalNumbers("steps", inputs[4]),
    }),
});

operator("Gather", {
  since: 1,
  inputs: 2,
  learns: [0],
  make: ({ attributes }) => {
    const axis = attributes.int("axis", 0);
    return ofTwo((x, indices) => {
      const dim = checkDim("axis", axis, x.rank);
      const list = positions(ops.reshape(indices, [-1]), x.shape[dim] ?? 1);
      const found = ops.indexSelect(x, dim, list);
      return ops.reshape(found, [...x.shape.slice(0, dim), ...indices.shape, ...x.shape.slice(dim + 1)]);
    });
  },
});

/** The part of x that indices of that shape can reach, when they look along one axis. */
function reach(x: Tensor, indices: Tensor, dim: number): Tensor {
  return x.shape.reduce((part, size, d) => {
    const end = indices.shape[d] ?? size;
    return d === dim || end === size ? part : ops.slice(part, d, { end });
  }, x);
}

operator("GatherElements", {
  since: 11,
  inputs: 2,
  learns: [0],
  make: ({ attributes }) => {
    const axis = attributes.int("axis", 0);
    return ofTwo((x, indices) => {
      const dim = checkDim("axis", axis, x.rank);
      return ops.gather(reach(x, indices, dim), dim, positions(indices, x.shape[dim] ?? 1));
    });
  },
});

for (const name of ["Scatter", "ScatterElements"]) {
  operator(name, {
    since: name === "Scatter" ? 9 : 11,
    inputs: 3,
    make: ({ attributes }) => {
      const axis = attributes.int("axis", 0);
      const reduction = attributes.choice("reduction", "none", ["none", "add"]);
      return (inputs) => {
        const [x, indices, updates] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
        const dim = checkDim("axis", axis, x.rank);
        const index = positions(indices, x.shape[dim] ?? 1);
        const scatter = reduction === "add" ? ops.scatterAdd : ops.scatter;
        const part = scatter(reach(x, indices, dim), dim, index, updates);
        return withPart(x, part);
      };
    },
  });
}

/** x with a part in its first corner replaced. */
function withPart(x: Tensor, part: Tensor): Tensor {
  const d = x.shape.findIndex((size, axis) => part.shape[axis] !== size);
  if (d < 0) return part;
  const end = part.shape[d] as number;
  return ops.concat([withPart(ops.slice(x, d, { end }), part), ops.slice(x, d, { start: end })], d);
}

/**
 * The places in the flat first axes of x that tuples of positions name.
 * Shapes: x [n₀, …, n_k−1, …], indices [..., k] → [number of tuples].
 */
function places(x: Tensor, indices: Tensor): Tensor {
  const depth = indices.shape.at(-1) ?? 0;
  if (depth > x.rank)
    throw new ShapeError(`indices: expected at most ${x.rank} positions each, got ${format(indices.shape)}`);
  const sizes = x.shape.slice(0, depth);
  const tuples = positions(ops.reshape(indices, [sizeOf(indices.shape.slice(0, -1)), depth]), whole(sizes));
  const strides = whole(sizes.map((_, d) => sizeOf(sizes.slice(d + 1))));
  return ops.sum(ops.mul(tuples, strides), { dim: 1 });
}

operator("GatherND", {
  since: 11,
  inputs: 2,
  learns: [0],
  make: ({ attributes }) => {
    const common = attributes.int("batch_dims", 0);
    return ofTwo((x, indices) => {
      const depth = indices.shape.at(-1) ?? 0;
      const batch = x.shape.slice(0, common);
      const flat = ops.reshape(x, [sizeOf(batch), ...x.shape.slice(common)]);
      // Each tuple begins with the number of its sample.
      const perSample = ops.reshape(indices, [sizeOf(batch), -1, depth]);
      const count = perSample.shape[1] as number;
      const sample = ops.expand(ops.reshape(arange(sizeOf(batch), { dtype: "int32" }), [-1, 1, 1]), [
        sizeOf(batch),
        count,
        1,
      ]);
      const rows = ops.reshape(flat, [
        sizeOf(flat.shape.slice(0, depth + 1)),
        ...flat.shape.slice(depth + 1),
      ]);
      const found = ops.indexSelect(rows, 0, places(flat, ops.concat([sample, perSample], 2)));
      return ops.reshape(found, [...indices.shape.slice(0, -1), ...x.shape.slice(common + depth)]);
    });
  },
});

operator("ScatterND", {
  since: 11,
  inputs: 3,
  make: ({ attributes }) => {
    const reduction = attributes.choice("reduction", "none", ["none", "add"]);
    return (inputs) => {
      const [x, indices, updates] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      const depth = indices.shape.at(-1) ?? 0;
      const rest = x.shape.slice(depth);
      const rows = ops.reshape(x, [sizeOf(x.shape.slice(0, depth)), sizeOf(rest)]);
      const index = places(x, indices);
      const source = ops.reshape(updates, [index.size, sizeOf(rest)]);
      const y =
        reduction === "add"
          ? ops.indexAdd(rows, 0, index, source)
          : ops.scatter(rows, 0, ops.expand(ops.reshape(index, [-1, 1]), source.shape), source);
      return ops.reshape(y, x.shape);
    };
  },
});

type Mode = "constant" | "reflect" | "edge" | "wrap";
const MODES: readonly Mode[] = ["constant", "reflect", "edge", "wrap"];

/** The position that stands at p of an axis of n, where p may be outside. */
function source(mode: Mode, p: number, n: number): number {
  if (mode === "edge") return Math.min(Math.max(p, 0), n - 1);
  const period = mode === "wrap" || n === 1 ? n : 2 * (n - 1);
  const within = ((p % period) + period) % period;
  return within < n ? within : period - within;
}

function padAxis(x: Tensor, dim: number, before: number, after: number, mode: Mode, value: number): Tensor {
  const size = x.shape[dim] ?? 0;
  const cut = ops.slice(x, dim, {
    start: Math.max(-before, 0),
    end: Math.max(size - Math.max(-after, 0), 0),
  });
  const [front, back] = [Math.max(before, 0), Math.max(after, 0)];
  if (front === 0 && back === 0) return cut;
  if (mode === "constant") return ops.pad(cut, dim, front, back, x.dtype === "bool" ? value !== 0 : value);
  const left = cut.shape[dim] as number;
  if (left === 0) throw new ShapeError(`mode ${mode}: there is nothing along axis ${dim} to pad with`);
  const index = Array.from({ length: front + left + back }, (_, i) => source(mode, i - front, left));
  return ops.indexSelect(cut, dim, whole(index));
}

/** @param pads before each axis, and then after each. */
function pad(
  x: Tensor,
  pads: readonly number[],
  axes: readonly number[] | undefined,
  mode: Mode,
  value: number,
) {
  const dims = axesOf("axes", axes ?? x.shape.map((_, d) => d), x.rank);
  if (pads.length !== 2 * dims.length)
    throw new ShapeError(`pads: expected ${2 * dims.length} numbers, got ${pads.length}`);
  return dims.reduce((y, dim, i) => {
    const [before, after] = [pads[i] as number, pads[i + dims.length] as number];
    return padAxis(y, dim, before, after, mode, value);
  }, x);
}

operator("Pad", {
  since: 2,
  inputs: 1,
  make: ({ attributes }) => {
    const mode = attributes.choice("mode", "constant", MODES);
    const value = attributes.float("value", 0);
    const pads = attributes.required("pads", attributes.ints("pads"));
    return (inputs) => pad(at(inputs, 0), pads, undefined, mode, value);
  },
});

operator("Pad", {
  since: 11,
  inputs: [2, 4],
  make: ({ attributes }) => {
    const mode = attributes.choice("mode", "constant", MODES);
    return (inputs) => {
      const value = inputs[2];
      return pad(
        at(inputs, 0),
        numbersOf("pads", at(inputs, 1)),
        optionalNumbers("axes", inputs[3]),
        mode,
        value === null || value === undefined ? 0 : numberOf("constant_value", value),
      );
    };
  },
});

operator("OneHot", {
  since: 9,
  inputs: 3,
  make: ({ attributes }) => {
    const axis = attributes.int("axis", -1);
    return (inputs) => {
      const [indices, values] = [at(inputs, 0), at(inputs, 2)];
      const depth = numberOf("depth", at(inputs, 1));
      const dim = checkDim("axis", axis, indices.rank + 1);
      const place = positions(ops.to(indices, "int32"), depth);
      const beside = ops.reshape(place, [...indices.shape.slice(0, dim), 1, ...indices.shape.slice(dim)]);
      const classes = ops.reshape(arange(depth, { dtype: "int32" }), [
        depth,
        ...indices.shape.slice(dim).map(() => 1),
      ]);
      const [off, on] = [0, 1].map((i) => ops.reshape(ops.slice(values, 0, { start: i, end: i + 1 }), []));
      return ops.where(ops.equal(beside, classes), on as Tensor, off as Tensor);
    };
  },
});
