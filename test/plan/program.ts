import { expect } from "vitest";
import { traceProgram } from "../../lib/compiler/specialization.js";
import { compile, type Tensor, tensor } from "../../lib/index.js";
import { chainOps } from "../../lib/plan/fuse-elementwise.js";
import type { PassName } from "../../lib/plan/index.js";
import type { Instruction, Program, Value } from "../../lib/plan/ir.js";
import { type Family, type Named, named } from "../../lib/plan/named.js";

export type Fn = (...inputs: Tensor[]) => Tensor | Tensor[];

/** A function's program after some passes, and its arena. */
export const planOf = (fn: Fn, passes: readonly PassName[], ...inputs: Tensor[]) =>
  traceProgram(fn, inputs, passes).planned;

export const programOf = (fn: Fn, passes: readonly PassName[], ...inputs: Tensor[]): Program =>
  planOf(fn, passes, ...inputs).program;

/** An instruction that reads any number of values and writes one. */
export const join = (inputs: readonly Value[], y: Value): Instruction => ({
  name: "concat",
  params: [inputs.length, 1, ...inputs.map(({ size }) => size)],
  operands: [...inputs, y],
});

/** The names of the instructions in order. */
export const names = (fn: Fn, passes: readonly PassName[], ...inputs: Tensor[]): string[] =>
  programOf(fn, passes, ...inputs).instructions.map(({ name }) => name);

/** The instructions of a family, in order. */
export function all<F extends Family>(family: F, { instructions }: Program): Named<F>[] {
  return instructions.flatMap((instruction) => named(instruction, family) ?? []);
}

/** The only instruction of a family. */
export function only<F extends Family>(family: F, program: Program): Named<F> {
  const found = all(family, program);
  expect(found, family).toHaveLength(1);
  return found[0] as Named<F>;
}

/** The ops of a chain as text, with their inputs by number. */
export const stepsOf = (chain: Named<"chain">): string[] =>
  chainOps(chain).map(({ name, from, kept }) => `${name}(${from.join(", ")})${kept ? " kept" : ""}`);

export const numbers = (result: Tensor | Tensor[]): number[][] =>
  [result].flat().map((one) => [...one.data] as number[]);

/**
 * Expects the same numbers from two copies of a function, each with its own state: one eager, one compiled.
 * Default: the same to the last bit.
 */
export function expectSame(
  make: () => Fn,
  passes: readonly PassName[],
  inputs: readonly Tensor[],
  { runs = 3, tolerance = 0 } = {},
): void {
  const eager = make();
  const compiled = compile(make(), { passes });
  for (let run = 0; run < runs; run++) {
    const expected = numbers(eager(...inputs));
    const actual = numbers(compiled(...inputs));
    expect(actual.length).toBe(expected.length);
    expected.forEach((values, k) => {
      expectClose(actual[k] as number[], values, tolerance);
    });
  }
}

export function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    const own = actual[i] as number;
    if (Object.is(own, value) || Math.abs(own - value) <= tolerance * Math.max(1, Math.abs(value))) return;
    expect(own, `element ${i}`).toBe(value);
  });
}

/** A weight that requires a gradient, float64. */
export function weight(values: number[] | number[][]): Tensor {
  const w = tensor(values, { dtype: "float64" });
  w.requiresGrad = true;
  return w;
}

export const f64 = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });
