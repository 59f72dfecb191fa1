import { expect } from "vitest";
import { compile, type Tensor, tensor } from "../../lib/index.js";
import type { PassName } from "../../lib/plan/index.js";

export type Fn = (...inputs: Tensor[]) => Tensor | Tensor[];

/** What explain() tells of the instructions: a line for each, with those that stand below it. */
export function instructions(fn: Fn, passes: readonly PassName[], ...inputs: Tensor[]): string[] {
  const text = compile(fn, { passes }).explain(...inputs);
  const start = text.indexOf("instruction\n");
  const table = text.slice(start, text.indexOf("\n\n", start)).split("\n").slice(1);
  const found: string[] = [];
  for (const line of table) {
    const row = /^ {0,3}\d+ +[\d,]+ +[\d,]+ {2}(.*)$/.exec(line);
    if (row !== null) found.push(row[1] as string);
    else found.push(`${found.pop()}\n${line.trim()}`);
  }
  return found;
}

/** The instructions' names in order, whatever they work on. */
export function names(fn: Fn, passes: readonly PassName[], ...inputs: Tensor[]): string[] {
  return instructions(fn, passes, ...inputs).map((line) => {
    if (/= chain of/.test(line)) return "chain";
    if (/^(sgd|adam)/.test(line)) return line.slice(0, line.indexOf(" ")).replace(":", "");
    if (/matmul\(/.test(line)) return "matmul";
    return (/= (\w+)\(/.exec(line) as RegExpExecArray)[1] as string;
  });
}

export const numbers = (result: Tensor | Tensor[]): number[][] =>
  [result].flat().map((one) => [...one.data] as number[]);

/**
 * Runs two copies of a function, which may have state of their own: one as it is, one compiled.
 * By default the numbers are the same to the last bit.
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
