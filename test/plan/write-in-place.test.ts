import { describe, expect, test } from "vitest";
import { write } from "../../lib/eager/apply.js";
import { compile, IndexError, ops, optim, type Tensor, tensor } from "../../lib/index.js";
import type { PassName } from "../../lib/plan/index.js";
import { expectSame, type Fn, f64, names, weight } from "./program.js";

const PASS: readonly PassName[] = ["writeInPlace"];
const CHAINS: readonly PassName[] = ["fuseElementwise", "writeInPlace"];
const x = f64([1, -2, 0.5]);

/** Makes a function with a new state, to which it writes. */
const withState = (f: (w: Tensor, a: Tensor) => Tensor | Tensor[]) => (): Fn => {
  const w = f64([3, 1, -1]);
  return (a: Tensor) => f(w, a);
};
const put = (w: Tensor, value: Tensor): void => write("test", w, value);

describe("writeInPlace", () => {
  test.each<[string, PassName[], string[], (w: Tensor, a: Tensor) => Tensor | Tensor[]]>([
    [
      "writes the result of one instruction on a state",
      [],
      ["add"],
      (w, a) => {
        put(w, ops.add(w, a));
        return [];
      },
    ],
    [
      "writes the result of a chain on a state",
      ["fuseElementwise"],
      ["chain"],
      (w, a) => {
        put(w, ops.sub(ops.mul(w, 0.5), ops.exp(a)));
        return [];
      },
    ],
    [
      "lets later instructions read the value from the state",
      [],
      ["add", "neg"],
      (w, a) => {
        const next = ops.add(w, a);
        put(w, next);
        return ops.neg(next);
      },
    ],
    [
      "writes a result that does not depend on the state",
      ["fuseElementwise"],
      ["chain"],
      (w, a) => {
        put(w, ops.mul(ops.exp(a), 2));
        return [];
      },
    ],
  ])("%s", (_, before, expected, f) => {
    const make = withState(f);
    expect(names(make(), [...before, ...PASS], x)).toEqual(expected);
    expect(names(make(), before, x)).toEqual([...expected.slice(0, 1), "copy", ...expected.slice(1)]);
    expectSame(make, [...before, ...PASS], [x]);
  });

  test.each<[string, readonly PassName[], (w: Tensor, a: Tensor) => Tensor | Tensor[]]>([
    [
      "the old value is read after it",
      PASS,
      (w, a) => {
        const next = ops.add(w, a);
        const old = ops.neg(w);
        put(w, next);
        return old;
      },
    ],
    [
      "the old value is read after it in the chain",
      CHAINS,
      (w, a) => {
        const next = ops.add(ops.neg(w), a);
        const other = ops.exp(ops.mul(next, w));
        put(w, next);
        return other;
      },
    ],
    [
      "the value is an output",
      PASS,
      (w, a) => {
        const next = ops.add(w, a);
        put(w, next);
        return next;
      },
    ],
    [
      "the state is written again before the value is read",
      PASS,
      (w, a) => {
        const next = ops.add(w, a);
        put(w, next);
        put(w, ops.mul(w, 2));
        return ops.neg(next);
      },
    ],
    [
      "other elements of the state are read",
      PASS,
      (w, a) => {
        put(w, ops.add(ops.flip(w, 0), a));
        return [];
      },
    ],
    [
      "the value depends on a sum over the state",
      PASS,
      (w, a) => {
        put(w, ops.add(ops.expand(ops.sum(w), [3]), a));
        return [];
      },
    ],
    [
      "the value has another size",
      PASS,
      (w, a) => {
        put(w, ops.expand(ops.sum(ops.mul(w, a)), [3]));
        return [];
      },
    ],
  ])("gives the same if %s", (_, passes, f) => {
    expectSame(withState(f), passes, [x], { runs: 4 });
    expectSame(withState(f), [...CHAINS, "deadCode", "order", "shareMemory"], [x], { runs: 4 });
  });

  test("keeps the copy if an instruction between the value and the copy can fail", () => {
    const w = f64([3, 1, -1]);
    const step = compile(
      (a: Tensor, index: Tensor) => {
        const next = ops.add(w, a);
        const row = ops.indexSelect(a, 0, index);
        put(w, next);
        return row;
      },
      { passes: PASS },
    );
    expect(() => step(x, tensor([7], { dtype: "int32" }))).toThrow(IndexError);
    expect(w.toArray()).toEqual([3, 1, -1]);
    step(x, tensor([1], { dtype: "int32" }));
    expect(w.toArray()).toEqual([4, -1, -0.5]);
  });

  test("leaves no copy of an optimizer's moments", () => {
    const make = () => {
      const w = weight([1, 2, 3]);
      const optimizer = new optim.Lion([w], { lr: 0.1, weightDecay: 0.1 });
      return (a: Tensor): Tensor => {
        optimizer.zeroGrad();
        ops.sum(ops.square(ops.sub(w, a))).backward();
        optimizer.step();
        return ops.neg(w);
      };
    };
    expect(names(make(), [...CHAINS, "deadCode"], x).filter((name) => name === "mul")).toEqual([]);
    expectSame(make, [...CHAINS, "deadCode"], [x]);
  });
});
