// What holds for every cost: each that lib/cost exports is here with the cases of its file.
import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  DTypeError,
  OptionError,
  ops,
  ShapeError,
  type Tensor,
  ThalwegError,
  vmap,
} from "../../lib/index.js";
import { expectNumbersClose } from "../oracle/compare.js";
import { type Answered, CASES, costOf, inputsOf, lossOf, optionsOf } from "./cases.js";

const each = CASES.filter(([, { own }]) => own.reduction === "none");

/** The cost itself, with a reduction. */
const reducedBy = (one: Answered, reduction: string, inputs: readonly Tensor[] = inputsOf(one)): Tensor =>
  costOf(one.own)(...inputs, { ...optionsOf(one), reduction });

describe.each(each)("%s", (_, one) => {
  const { name } = one.own;

  test("adds to its sum, and averages by default", () => {
    const parts = [...reducedBy(one, "none").data];
    const total = parts.reduce((a, b) => a + b, 0);
    expectNumbersClose(reducedBy(one, "sum").data, [total]);
    const { reduction, ...options } = optionsOf(one);
    expect(costOf(one.own)(...inputsOf(one), options).data).toEqual(reducedBy(one, "mean").data);
  });

  test("is the cost of each of several batches under vmap", () => {
    const inputs = inputsOf(one);
    const others = inputs.map((x) => (x.dtype === "float64" ? ops.mul(x, 0.5) : x));
    const stacked = inputs.map((x, i) => ops.stack([x, others[i] as Tensor]));
    const f = (...tensors: Tensor[]): Tensor => lossOf(one, tensors);
    const expected = ops.stack([f(...inputs), f(...others)]);
    const { shape, data } = vmap(f)(...stacked);
    expect(shape).toEqual(expected.shape);
    expectNumbersClose(data, [...expected.data]);
  });

  test("refuses what is no tensor, another dtype and another shape, by its name", () => {
    const inputs = inputsOf(one);
    const floats = inputs.filter((x) => x.dtype === "float64").length + Object.keys(one.row.tensors).length;
    inputs.forEach((x, i) => {
      const call = (wrong: unknown) => (): Tensor => reducedBy(one, "mean", inputs.with(i, wrong as Tensor));
      for (const wrong of [1, "x", null, undefined, {}]) {
        expect(call(wrong)).toThrow(ArgumentError);
        expect(call(wrong)).toThrow(new RegExp(`^${name}: expected \\w+( \\d)? to be a tensor, got `));
      }
      expect(call(ops.to(x, "bool"))).toThrow(DTypeError);
      if (x.dtype === "float64" && floats > 1) expect(call(ops.to(x, "float32"))).toThrow(DTypeError);
      const other = ops.stack([x, x, x, x, x].map((same) => ops.stack([same, same, same])));
      expect(call(other)).toThrow(ThalwegError);
      expect(call(other)).toThrow(new RegExp(`^${name}: `));
    });
  });

  test("refuses options that are misspelt or wrong, by its name", () => {
    const inputs = inputsOf(one);
    const { distance, ...options } = optionsOf(one);
    for (const option of Object.keys(options)) {
      const misspelt = (): Tensor => costOf(one.own)(...inputs, { ...options, [`${option}s`]: 1 });
      expect(misspelt).toThrow(OptionError);
      expect(misspelt).toThrow(`${name}: unknown option "${option}s"; `);
      const wrong = (): Tensor => costOf(one.own)(...inputs, { ...options, [option]: "wrong" });
      expect(wrong).toThrow(ArgumentError);
      expect(wrong).toThrow(new RegExp(`^${name}: expected ${option} to be `));
    }
    for (const weight of Object.keys(one.row.tensors)) {
      const wrong = (): Tensor =>
        costOf(one.own)(...inputs, { ...options, [weight]: ops.stack(Array(7).fill(inputs[0])) });
      expect(wrong).toThrow(ShapeError);
      expect(wrong).toThrow(`${name}: `);
    }
  });
});
