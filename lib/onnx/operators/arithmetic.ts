// Arithmetic, comparisons and logic of several tensors, element by element; they broadcast.
import * as ops from "../../ops/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { at, inFloats, ofTwo } from "./inputs.js";
import { operator } from "./registry.js";

const isWhole = (x: Tensor): boolean => x.dtype === "int32";

/** Of whole numbers by way of float64, which holds every quotient of them well enough to be cut. */
const wide = (x: Tensor): Tensor => ops.to(x, "float64");

function divide(a: Tensor, b: Tensor): Tensor {
  if (!isWhole(a) || !isWhole(b)) return ops.div(a, b);
  return ops.to(ops.trunc(ops.div(wide(a), wide(b))), "int32");
}

/** aᵇ in a's dtype. */
function power(a: Tensor, b: Tensor): Tensor {
  if (isWhole(a)) return ops.to(ops.round(ops.pow(wide(a), wide(b))), "int32");
  return ops.pow(a, ops.to(b, a.dtype));
}

/** What is left of a by b: with the sign of a, or with that of b. */
function remainder(a: Tensor, b: Tensor, signOfA: boolean): Tensor {
  if (isWhole(a)) return ops.to(remainder(wide(a), wide(b), signOfA), "int32");
  const ofDivision = ops.sub(a, ops.mul(b, ops.trunc(ops.div(a, b))));
  const rest = ops.where(ops.equal(ops.abs(b), Infinity), a, ofDivision);
  if (signOfA) return rest;
  const isOnOtherSide = ops.logicalXor(ops.less(rest, 0), ops.less(b, 0));
  return ops.where(ops.logicalAnd(ops.notEqual(rest, 0), isOnOtherSide), ops.add(rest, b), rest);
}

const PAIRS: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  Add: (a, b) => ops.add(a, b),
  Sub: (a, b) => ops.sub(a, b),
  Mul: (a, b) => ops.mul(a, b),
  Div: divide,
};

// What a network learns may stand on either side.
for (const [name, compute] of Object.entries(PAIRS)) {
  operator(name, { since: 7, inputs: 2, learns: [0, 1], hasConstants: true, make: () => ofTwo(compute) });
}

operator("Pow", { since: 7, inputs: 2, make: () => ofTwo(power) });

operator("Mod", {
  since: 10,
  inputs: 2,
  make: ({ attributes }) => {
    const signOfA = attributes.flag("fmod", false);
    return ofTwo((a, b) => remainder(a, b, signOfA));
  },
});

const COMPARISONS: readonly [name: string, since: number, (a: Tensor, b: Tensor) => Tensor][] = [
  ["Equal", 7, (a, b) => ops.equal(a, b)],
  ["Greater", 7, (a, b) => ops.greater(a, b)],
  ["Less", 7, (a, b) => ops.less(a, b)],
  ["GreaterOrEqual", 12, (a, b) => ops.greaterEqual(a, b)],
  ["LessOrEqual", 12, (a, b) => ops.lessEqual(a, b)],
  ["And", 7, (a, b) => ops.logicalAnd(a, b)],
  ["Or", 7, (a, b) => ops.logicalOr(a, b)],
  ["Xor", 7, (a, b) => ops.logicalXor(a, b)],
];

for (const [name, since, compute] of COMPARISONS) {
  operator(name, { since, inputs: 2, make: () => ofTwo(compute) });
}

operator("Where", {
  since: 9,
  inputs: 3,
  learns: [1, 2],
  hasConstants: true,
  make: () => (inputs) => ops.where(at(inputs, 0), at(inputs, 1), at(inputs, 2)),
});

const MOST = Number.MAX_SAFE_INTEGER;
const all = (inputs: readonly (Tensor | null)[]): Tensor[] => inputs as Tensor[];
const sumOf = (tensors: readonly Tensor[]): Tensor => tensors.reduce((sum, x) => ops.add(sum, x));

operator("Sum", {
  since: 6,
  inputs: [1, MOST],
  learns: "all",
  hasConstants: true,
  make: () => (inputs) => sumOf(all(inputs)),
});
operator("Mean", {
  since: 6,
  inputs: [1, MOST],
  learns: "all",
  hasConstants: true,
  make: () => (inputs) => inFloats(sumOf(all(inputs)), (sum) => ops.div(sum, inputs.length)),
});
operator("Max", {
  since: 6,
  inputs: [1, MOST],
  learns: [],
  make: () => (inputs) => all(inputs).reduce((most, x) => ops.maximum(most, x)),
});
operator("Min", {
  since: 6,
  inputs: [1, MOST],
  learns: [],
  make: () => (inputs) => all(inputs).reduce((least, x) => ops.minimum(least, x)),
});
