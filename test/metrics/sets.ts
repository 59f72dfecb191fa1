// The sets of test/oracle/metrics.py, and what scikit-learn gives for them.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** x ← (1664525·x + 1013904223) mod 2³²; a number below n is ⌊x·n / 2³²⌋. */
class Draws {
  #x: number;

  constructor(seed: number) {
    this.#x = seed;
    for (let i = 0; i < 4; i++) this.below(2);
  }

  below(n: number): number {
    this.#x = (Math.imul(1664525, this.#x) + 1013904223) >>> 0;
    return Math.floor((this.#x * n) / 2 ** 32);
  }

  many<T>(count: number, draw: () => T): T[] {
    return Array.from({ length: count }, draw);
  }
}

export interface OracleSet {
  readonly classes: number;
  /** True and predicted classes, and probabilities of each. */
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  readonly p: number[][];
  /** Classes 0 and 1, and the probability of 1. */
  readonly yes: number[];
  readonly scores: number[];
  /** Outputs and targets of a regression. */
  readonly y: number[][];
  readonly t: number[][];
  readonly weights: number[] | null;
  readonly zeroDivision: number;
  readonly beta: number;
}

export function makeSet(number: number): OracleSet {
  const d = new Draws(number + 1);
  const n = 2 + d.below(39);
  const classes = 3 + d.below(3);
  const width = 1 + d.below(3);
  const labels = d.many(n, () => d.below(classes));
  const predicted = d.many(n, () => d.below(classes));
  const raw = d.many(n, () => d.many(classes, () => 1 + d.below(8)));
  const yes = d.many(n, () => d.below(2));
  const scores = d.many(n, () => d.below(11) / 10);
  const y = d.many(n, () => d.many(width, () => (d.below(21) - 10) / 4));
  const t = d.many(n, () => d.many(width, () => (d.below(21) - 10) / 4));
  const weights = [1, ...d.many(n - 1, () => d.below(5) / 2)];
  return {
    classes,
    labels,
    predicted,
    p: raw.map((row) => {
      const sum = row.reduce((total, one) => total + one, 0);
      return row.map((one) => one / sum);
    }),
    yes,
    scores,
    y,
    t,
    weights: number % 2 === 1 ? weights : null,
    zeroDivision: [0, 1, Number.NaN][number % 3] as number,
    beta: [0.5, 1, 2][number % 3] as number,
  };
}

type Answer = number | string | readonly (number | string)[];

const file = JSON.parse(readFileSync(join(import.meta.dirname, "../oracle/metrics.json"), "utf8")) as {
  readonly names: readonly string[];
  readonly sets: readonly (readonly Answer[])[];
};

export const names = file.names;
export const setCount = file.sets.length;

/** What scikit-learn gives for a set, by name. */
export function answersOf(number: number): ReadonlyMap<string, number | number[]> {
  const answers = file.sets[number] as readonly Answer[];
  return new Map(
    names.map((name, at) => {
      const answer = answers[at] as Answer;
      return [name, typeof answer === "object" ? answer.map(Number) : Number(answer)];
    }),
  );
}
