import { type Compiled, compile } from "../../compiler/compile.js";
import { slice } from "../../ops/slice.js";
import { arange } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";

/** One update of the networks in ops. */
export interface Update {
  /** The names of what it gives. */
  readonly figures: readonly string[];
  /** Samples of the replay, moves the networks, and gives a number for each figure, []. */
  run(): Tensor[];
}

/** Means of figures by name. */
export type Figures = Readonly<Record<string, number>>;

/** Updates that take turns, as programs. */
export class Updates {
  /** How many were made. */
  count = 0;
  readonly #kinds: readonly Update[];
  readonly #most: number;
  readonly #numbers: Tensor;
  readonly #all: Compiled<[Tensor], Tensor[]>;
  readonly #each: readonly Compiled<[], Tensor[]>[];

  /** @param most The largest number of updates in one call. */
  constructor(kinds: readonly Update[], most: number) {
    this.#kinds = kinds;
    this.#most = Math.max(kinds.length, most);
    this.#numbers = arange(this.#most, { dtype: "int32" });
    this.#all = compile((_: Tensor) => kinds.flatMap((kind) => kind.run()));
    this.#each = kinds.map((kind) => compile(() => kind.run()));
  }

  /** How many take their turns before the first one has its turn again. */
  get period(): number {
    return this.#kinds.length;
  }

  /** Updates in ops. @param first Which of a period is the first. */
  inOps(count: number, first: number): Tensor[] {
    return Array.from({ length: count }, (_, i) => this.#kind(first + i).run()).flat();
  }

  #kind(i: number): Update {
    return this.#kinds[i % this.period] as Update;
  }

  /** Makes some of the updates that are left. @returns how many, and their figures. */
  async make(left: number): Promise<{ count: number; figures: Figures }> {
    const phase = this.count % this.period;
    const periods = Math.floor(Math.min(left, this.#most) / this.period);
    if (phase > 0 || periods === 0) {
      const results = await (this.#each[phase] as Compiled<[], Tensor[]>).runAsync();
      this.count += 1;
      const values = results.map((result) => result.item());
      return { count: 1, figures: means(this.#kind(phase).figures, values) };
    }
    const order = slice(this.#numbers, 0, { end: periods });
    const log = await this.#all.loopAsync([this.#numbers], order, 1);
    const count = periods * this.period;
    this.count += count;
    return { count, figures: this.figuresOf(log, this.period) };
  }

  /** The means of what programs gave that made `count` updates each. */
  figuresOf(log: Tensor, count: number): Figures {
    const names = Array.from({ length: count }, (_, i) => this.#kind(i).figures).flat();
    return means(names, log.storage.forReading());
  }

  explain(): string {
    return this.#all.explain(slice(this.#numbers, 0, { end: 1 }));
  }
}

/** Means of values whose names come again and again. */
function means(names: readonly string[], values: ArrayLike<number>): Figures {
  const sums = new Map<string, { sum: number; count: number }>();
  for (let i = 0; i < values.length; i++) {
    const name = names[i % names.length] as string;
    const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
    sums.set(name, { sum: sum + (values[i] as number), count: count + 1 });
  }
  return Object.fromEntries(Array.from(sums, ([name, { sum, count }]) => [name, sum / count]));
}
