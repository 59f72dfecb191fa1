// Every op over samples: all of them at once give what each gives alone.
import { describe, test } from "vitest";
import { Generator, jvp, ops, type Tensor, vjp, vmap } from "../../lib/index.js";
import { callOp, differentiable, inputsOf, opOf } from "../oracle/call.js";
import { expectSame, fromOracle } from "../oracle/compare.js";
import { type DerivativeRow, hasValue, isDifferentiated, nameOf, readOps } from "../oracle/read.js";

const random = new Generator(11);
const normal = (shape: readonly number[]): Tensor => random.normal(shape, { dtype: "float64" });
const SAMPLES = 3;

const at = (x: Tensor, i: number): Tensor =>
  ops.reshape(ops.slice(x, 0, { start: i, end: i + 1 }), x.shape.slice(1));

/** Three samples of an input: itself, and others of the same kind. */
function samples(x: Tensor): Tensor {
  if (x.dtype !== "float64") return ops.stack([x, x, x]);
  return ops.stack([x, ops.mul(x, 0.75), ops.mul(x, 1.25)]);
}

const rows = readOps()
  .filter(hasValue)
  .filter((row) => opOf(row).eager !== true);

describe("over samples every op gives what it gives for each", () => {
  test.each(rows.map((row) => [nameOf(row), row] as const))("%s", (_, row) => {
    const inputs = inputsOf(row).map((input) => fromOracle(input));
    const f = (...list: Tensor[]): Tensor[] => callOp(row, list);
    // All inputs with samples, and each by itself.
    const subsets = [inputs.map(() => true), ...inputs.map((_, i) => inputs.map((__, j) => i === j))];
    for (const mapped of inputs.length === 1 ? subsets.slice(1) : subsets) {
      const given = inputs.map((input, i) => (mapped[i] ? samples(input) : input));
      const found = vmap(f, { inDims: mapped.map((is) => (is ? 0 : null)) })(...given);
      const each = Array.from({ length: SAMPLES }, (_, s) =>
        f(...given.map((input, i) => (mapped[i] ? at(input, s) : input))),
      );
      found.forEach((y, k) => {
        expectSame(
          y,
          ops.stack(each.map((results) => results[k] as Tensor)),
          `result ${k}, samples of ${mapped}`,
        );
      });
    }
  });
});

/** The largest row of each op. */
function largest(): DerivativeRow[] {
  const chosen = new Map<string, DerivativeRow>();
  const sizeOf = (row: DerivativeRow): number =>
    inputsOf(row).reduce((sum, { data }) => sum + data.length, 0);
  for (const row of rows.filter(isDifferentiated)) {
    const best = chosen.get(row.op);
    if (best === undefined || sizeOf(row) > sizeOf(best)) chosen.set(row.op, row);
  }
  return [...chosen.values()];
}

describe("over samples every derivative is that of each", () => {
  test.each(largest().map((row) => [nameOf(row), row] as const))("%s", (_, row) => {
    const { primals, f } = differentiable(row);
    const given = primals.map(samples);
    const dy = normal([SAMPLES, ...f(...primals).shape]);
    const pulled = (v: Tensor, ...list: Tensor[]): Tensor[] => vjp(f, ...list)[1](v);
    const found = vmap(pulled)(dy, ...given) as Tensor[];
    const tangents = given.map((x) => normal([...x.shape]));
    const pushed = (...list: Tensor[]): Tensor =>
      jvp(f, list.slice(0, given.length), list.slice(given.length))[1];
    const forward = vmap(pushed)(...given, ...tangents);
    for (let s = 0; s < SAMPLES; s++) {
      const own = given.map((x) => at(x, s));
      pulled(at(dy, s), ...own).forEach((expected, i) => {
        expectSame(at(found[i] as Tensor, s), expected, `vjp of input ${i}, sample ${s}`);
      });
      const moved = tangents.map((x) => at(x, s));
      expectSame(at(forward, s), pushed(...own, ...moved), `jvp, sample ${s}`);
    }
  });
});
