// The tensors of the ops' cases: drawn at random, seeded by name, so that a new case leaves the others as they are.
import type { Draw, Draws } from "../../lib/ops/cases.js";
import type { OracleTensor } from "./read.js";

/** A stream of numbers in [0, 1) that a name seeds: 32 bits each (mulberry32 of the name's FNV-1a hash). */
export class Source {
  #state: number;

  constructor(name: string) {
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193);
    this.#state = hash;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** One of them. */
  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** A multiple of `step` in [low, high), never 0: the kinks there have cases of their own. */
  float(low: number, high: number, step = 0.001): number {
    const digits = Math.round(1 / step);
    const whole = Math.round(low * digits) + this.below(Math.round((high - low) * digits));
    return whole === 0 ? 0.125 : whole / digits;
  }
}

export const DRAWS: Draws = {
  floats: (shape, low = -2, high = 2) => ({ draw: "floats", shape, low, high }),
  ties: (shape) => ({ draw: "floats", shape, low: -0.25, high: 0.25, step: 0.125 }),
  integers: (shape, below) => ({ draw: "integers", shape, below }),
  truths: (shape) => ({ draw: "truths", shape }),
  matrices: (shape, kind = "regular") => ({ draw: "matrices", shape, kind }),
  values: (values, dtype = "float64") => ({ draw: "values", values, dtype }),
};

const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

export function draw(given: Draw, source: Source): OracleTensor {
  const fill = (
    dtype: OracleTensor["dtype"],
    shape: readonly number[],
    next: () => number,
  ): OracleTensor => ({
    shape,
    dtype,
    data: Array.from({ length: countOf(shape) }, next),
  });
  switch (given.draw) {
    case "floats":
      return fill("float64", given.shape, () => source.float(given.low, given.high, given.step));
    case "integers":
      return fill("int32", given.shape, () => source.below(given.below));
    case "truths":
      return fill("bool", given.shape, () => source.below(2));
    case "matrices":
      return matrices(given.shape, given.kind, source);
    case "values":
      return literal(given.values, given.dtype);
  }
}

/** Off the diagonal numbers in [−1, 1), on it those and n + 1 or −(n + 1): far from singular. */
function matrices(
  shape: readonly number[],
  kind: Extract<Draw, { draw: "matrices" }>["kind"],
  source: Source,
): OracleTensor {
  const n = shape.at(-1) as number;
  const data = Array.from({ length: countOf(shape) }, () => source.float(-1, 1));
  for (let start = 0; start < data.length; start += n * n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i && kind === "definite"; j++) {
        data[start + j * n + i] = data[start + i * n + j] as number;
      }
      const sign = kind === "regular" && i % 3 === 0 ? -1 : 1;
      data[start + i * n + i] = (data[start + i * n + i] as number) + sign * (n + 1);
    }
  }
  return { shape, dtype: "float64", data };
}

function literal(
  values: Extract<Draw, { draw: "values" }>["values"],
  dtype: Extract<Draw, { draw: "values" }>["dtype"],
): OracleTensor {
  const shape: number[] = [];
  for (let level = values; Array.isArray(level); level = level[0]) shape.push(level.length);
  const elements = (level: typeof values): readonly (number | boolean)[] =>
    typeof level === "object" ? level.flatMap(elements) : [level];
  const flat = elements(values);
  const isBool = typeof flat[0] === "boolean";
  return { shape, dtype: isBool ? "bool" : (dtype as OracleTensor["dtype"]), data: flat.map(Number) };
}
