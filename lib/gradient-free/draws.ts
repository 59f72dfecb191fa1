import { Generator } from "../random/generator.js";
import type { StateReader, StrategyState } from "./state.js";

// Numbers are drawn from the generator this many at a time, since a draw has a fixed cost.
const BLOCK = 1024;

/** A stream of numbers of one distribution, which are drawn in blocks. */
class Stream {
  readonly #generator: Generator;
  readonly #kind: "normal" | "uniform";
  /** Where the generator stood before it drew the block. */
  #before: readonly number[] = [0, 0, 0];
  #block: Float64Array = new Float64Array(0);
  #next = 0;

  constructor(generator: Generator, kind: "normal" | "uniform") {
    this.#generator = generator;
    this.#kind = kind;
  }

  next(): number {
    if (this.#next === this.#block.length) this.#draw();
    return this.#block[this.#next++] as number;
  }

  /** Fills out[begin], …, out[end − 1]. */
  fill(out: Float64Array, begin: number, end: number): void {
    for (let at = begin; at < end; ) {
      if (this.#next === this.#block.length) this.#draw();
      const count = Math.min(end - at, this.#block.length - this.#next);
      const block = this.#block;
      for (let i = 0, from = this.#next; i < count; i++) out[at + i] = block[from + i] as number;
      this.#next += count;
      at += count;
    }
  }

  #draw(): void {
    this.#before = this.#generator.getState();
    const drawn = this.#generator[this.#kind]([BLOCK], { dtype: "float64" });
    this.#block = drawn.storage.forReading() as Float64Array;
    this.#next = 0;
  }

  /** Where it stands; `isEmpty` if nothing of a block is left. */
  get state(): StrategyState {
    const isEmpty = this.#next === this.#block.length;
    return { before: Float64Array.from(this.#before), next: isEmpty ? BLOCK : this.#next };
  }

  /** What puts it where that state says; the generator is where it stood then after it. */
  prepare(state: StateReader): () => void {
    const before = state.numbers("before", 3);
    const next = state.number("next", { min: 0, max: BLOCK, integer: true });
    new Generator().setState([...before] as [number, number, number]);
    return () => {
      this.#block = new Float64Array(0);
      this.#next = 0;
      if (next === BLOCK) return;
      this.#generator.setState([...before] as [number, number, number]);
      this.#draw();
      this.#next = next;
    };
  }
}

/**
 * Random numbers of a strategy, from the library's generator: a seed gives the same numbers anywhere. Drawn in blocks,
 * so that a single number costs little.
 */
export class Draws {
  readonly #generator: Generator;
  readonly #normals: Stream;
  readonly #uniforms: Stream;

  constructor(seed: number) {
    this.#generator = new Generator(seed);
    this.#normals = new Stream(this.#generator, "normal");
    this.#uniforms = new Stream(this.#generator, "uniform");
  }

  /** x ~ N(0, 1) */
  normal(): number {
    return this.#normals.next();
  }

  /** x ~ U[0, 1) */
  uniform(): number {
    return this.#uniforms.next();
  }

  /** One of 0, …, n − 1. */
  index(n: number): number {
    return Math.floor(this.#uniforms.next() * n);
  }

  /** Fills out[begin], …, out[end − 1] with x ~ N(0, 1). */
  fillNormal(out: Float64Array, begin = 0, end = out.length): void {
    this.#normals.fill(out, begin, end);
  }

  /** Fills out[begin], …, out[end − 1] with x ~ U[0, 1). */
  fillUniform(out: Float64Array, begin = 0, end = out.length): void {
    this.#uniforms.fill(out, begin, end);
  }

  stateDict(): StrategyState {
    return {
      generator: Float64Array.from(this.#generator.getState()),
      normals: this.#normals.state,
      uniforms: this.#uniforms.state,
    };
  }

  /**
   * Reads a state and changes nothing. @returns what goes on from it.
   * @throws ArgumentError
   */
  prepare(state: StateReader): () => void {
    const now = [...state.numbers("generator", 3)] as [number, number, number];
    new Generator().setState(now);
    const streams = [
      this.#normals.prepare(state.inner("normals")),
      this.#uniforms.prepare(state.inner("uniforms")),
    ];
    return () => {
      for (const restore of streams) restore();
      this.#generator.setState(now);
    };
  }
}
