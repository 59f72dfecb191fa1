import { performance } from "node:perf_hooks";
import type { Dataset } from "../data/dataset.js";
import { stored, toSource } from "../data/samples.js";
import type { Executable, Source } from "../graph/program.js";
import { binding, type NativeMemory } from "../native/binding.js";
import type { Module } from "../nn/module.js";
import type { ModelProgram } from "./program.js";
import { gaveWay, giveWay, inTurn } from "./turn.js";

/** How long one call of the engine should take: short enough for callbacks, long enough to cost nothing. */
const CHUNK_MILLISECONDS = 20;
/** What takes less than this is done at once: another thread would cost more than it saves. */
const AT_ONCE_MILLISECONDS = 0.5;
const COPY_BYTES = 1 << 23;

/** What a step of each program took when it last ran, in milliseconds. */
const pace = new WeakMap<Executable, number>();

/**
 * A data set as programs go over it: in place for what is done at once; for runs on the engine's own thread
 * in a copy that JavaScript cannot pull away.
 */
export class RunningSet {
  readonly dataset: Dataset;
  #memories: readonly NativeMemory[] | null = null;

  constructor(dataset: Dataset) {
    this.dataset = dataset;
  }

  sources(): Source[] {
    const { x, y } = this.dataset;
    return [x, y].map((part, i) => toSource(part, this.#memories?.[i] ?? stored(part)));
  }

  /** Copies it, unless it was before. */
  async copy(): Promise<void> {
    if (this.#memories !== null) return;
    const memories: NativeMemory[] = [];
    for (const values of [this.dataset.x, this.dataset.y].map(stored)) {
      const memory = new binding.Memory(values.byteLength);
      const length = COPY_BYTES / values.BYTES_PER_ELEMENT;
      for (let at = 0; at < values.length; at += length) {
        memory.write(values.subarray(at, at + length), at * values.BYTES_PER_ELEMENT);
        await giveWay();
      }
      memories.push(memory);
    }
    this.#memories = memories;
  }

  /** Frees the copy. */
  close(): void {
    for (const memory of this.#memories ?? []) memory.release();
    this.#memories = null;
  }
}

export interface Pass {
  readonly where: string;
  readonly model: Module;
  readonly program: ModelProgram;
  readonly set: RunningSet;
  /** Which samples, in which order. */
  readonly order: Int32Array;
  readonly batchSize: number;
  /** At most so many steps between two reports. Default: as many as the event loop can wait for. */
  readonly maxSteps?: number;
  /** Called before each chunk of steps; what it throws ends the pass. */
  readonly before?: () => void;
  /** Is told what each chunk of steps gave: the first element of each result after each step. */
  readonly report: (log: Float64Array, samplesAStep: number) => void;
}

/** Goes over a data set once, in chunks of steps between which the event loop runs. */
export async function runSteps(pass: Pass): Promise<void> {
  const { order, batchSize } = pass;
  const whole = Math.floor(order.length / batchSize) * batchSize;
  if (whole > 0) await runBatches(pass, order.subarray(0, whole), batchSize);
  if (whole < order.length) await runBatches(pass, order.subarray(whole), order.length - whole);
}

async function runBatches(pass: Pass, order: Int32Array, batchSize: number): Promise<void> {
  const { where, model, program, set, maxSteps = Number.POSITIVE_INFINITY, before, report } = pass;
  const { executable } = program.version(where, batchSize, [set.dataset.x, set.dataset.y]);
  const steps = order.length / batchSize;
  for (let step = 0; step < steps; ) {
    before?.();
    const known = pace.get(executable);
    const affordable = known === undefined ? 1 : Math.max(1, Math.floor(CHUNK_MILLISECONDS / known));
    const count = Math.min(affordable, maxSteps, steps - step);
    const rows = order.subarray(step * batchSize, (step + count) * batchSize);
    const atOnce = known !== undefined && known * count < AT_ONCE_MILLISECONDS;
    if (!atOnce) await set.copy();
    const log = await inTurn(model, () => {
      const started = performance.now();
      const measure = (result: Float64Array): Float64Array => {
        pace.set(executable, (performance.now() - started) / count);
        return result;
      };
      return atOnce
        ? measure(executable.loop(set.sources(), rows, batchSize))
        : executable.loopAsync(set.sources(), rows, batchSize).then(measure);
    });
    report(log, batchSize);
    if (atOnce) await giveWay();
    else gaveWay();
    step += count;
  }
}
