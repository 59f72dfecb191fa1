import { describe, expect, test } from "vitest";
import { compile, jvp, ops, type Tensor, vjp } from "../../lib/index.js";
import { callOp } from "../oracle/call.js";
import { expectClose, fromOracle, TOLERANCE } from "../oracle/compare.js";
import { hasDerivatives, type OpRow, readOps, titleOf } from "../oracle/read.js";

const rows = readOps();

/** The inputs that the row has derivatives for, and the op as a function of those alone. */
function differentiable(row: OpRow): {
  names: string[];
  primals: Tensor[];
  f: (...moving: Tensor[]) => Tensor;
} {
  const names = Object.keys(row.inputs).filter((name) => name in (row.gradients ?? {}));
  const all = Object.entries(row.inputs).map(([name, value]) => [name, fromOracle(value)] as const);
  const f = (...moving: Tensor[]): Tensor =>
    callOp(
      row,
      all.map(([name, fixed]) => (names.includes(name) ? (moving[names.indexOf(name)] as Tensor) : fixed)),
    );
  return { names, primals: all.filter(([name]) => names.includes(name)).map(([, value]) => value), f };
}

describe("ops give PyTorch's values in float64", () => {
  test.each(rows.map((row) => [titleOf(row), row] as const))("%s", (_, row) => {
    const inputs = Object.values(row.inputs).map((value) => fromOracle(value));
    expectClose(callOp(row, inputs), row.y, TOLERANCE.float64, "value");
    const compiled = compile((...args: Tensor[]) => callOp(row, args));
    expectClose(compiled(...inputs), row.y, TOLERANCE.float64, "compiled value");
  });
});

// Beyond the range of float32 there is nothing to compare.
const fitsFloat32 = (row: OpRow): boolean =>
  [...Object.values(row.inputs), row.y].every(({ data }) =>
    data.every((v) => !Number.isFinite(v) || v === 0 || (Math.abs(v) < 1e30 && Math.abs(v) > 1e-30)),
  );

describe("ops give PyTorch's values in float32, to its precision", () => {
  test.each(rows.filter(fitsFloat32).map((row) => [titleOf(row), row] as const))("%s", (_, row) => {
    const inputs = Object.values(row.inputs).map((value) => fromOracle(value, "float32"));
    expectClose(callOp(row, inputs), row.y, TOLERANCE.float32, "value");
  });
});

describe("ops have PyTorch's derivatives", () => {
  test.each(rows.filter(hasDerivatives).map((row) => [titleOf(row), row] as const))("%s", (_, row) => {
    const { names, primals, f } = differentiable(row);
    const dy = fromOracle(row.dy as NonNullable<OpRow["dy"]>);
    const [, pullback] = vjp(f, ...primals);
    pullback(dy).forEach((gradient, i) => {
      const name = names[i] as string;
      expectClose(gradient, row.gradients[name] as OpRow["y"], TOLERANCE.float64, `gradient of ${name}`);
    });

    const tangents = names.map((name) => fromOracle(row.tangents[name] as OpRow["y"]));
    expectClose(jvp(f, primals, tangents)[1], row.jvp, TOLERANCE.float64, "jvp");

    const { hvp } = row;
    if (hvp === undefined) return;
    // Σ gradient · tangent over all inputs, and its own gradient.
    const along = (...moving: Tensor[]): Tensor =>
      vjp(f, ...moving)[1](dy)
        .map((gradient, i) => ops.sum(ops.mul(gradient, tangents[i] as Tensor)))
        .reduce((a, b) => ops.add(a, b));
    const [total, second] = vjp(along, ...primals);
    second(fromOracle({ shape: total.shape, dtype: "float64", data: [1] })).forEach((product, i) => {
      const name = names[i] as string;
      expectClose(product, hvp[name] as OpRow["y"], TOLERANCE.float64, `second derivative of ${name}`);
    });
  });
});

test("the oracle covers every op", () => {
  const covered = new Set(rows.map(({ op }) => op));
  const others = ["crossEntropy", "defineOp", "detach", "elementwise", "linear", "stopGradient", "to"];
  expect(Object.keys(ops).filter((name) => !covered.has(name) && !others.includes(name))).toEqual([]);
});
