import { performance } from "node:perf_hooks";
import type { Dataset } from "../data/dataset.js";
import { stored, toSource } from "../data/samples.js";
import type { RunOptions, Source } from "../graph/program.js";
import { type NativeMemory, newMemory } from "../native/binding.js";
import type { Forks } from "./forks.js";
import { isMeasured, paceOf, setPace } from "./pace.js";
import type { ModelProgram } from "./program.js";
import { gaveWay, giveWay, inTurn } from "./turn.js";

/** How long one call of the engine should take: short enough for callbacks, long enough to cost nothing. */
const CHUNK_MILLISECONDS = 20;
/** What takes less than this is done at once: another thread would cost more than it saves. */
const AT_ONCE_MILLISECONDS = 0.5;

/**
 * A data set as programs go over it: a copy in memory of the engine's, made at once, so that whoever has the
 * data set may change it, transfer it or drop it.
 */
export class RunningSet {
  readonly dataset: Dataset;
  readonly sources: readonly Source[];
  readonly #memories: readonly NativeMemory[];

  constructor(dataset: Dataset) {
    this.dataset = dataset;
    const parts = [dataset.x, dataset.y];
    this.#memories = parts.map((part) => {
      const values = stored(part);
      const memory = newMemory(values.byteLength);
      memory.write(values);
      return memory;
    });
    this.sources = parts.map((part, i) => toSource(part, this.#memories[i] as NativeMemory));
  }

  /** Frees the copy. */
  close(): void {
    for (const memory of this.#memories) memory.release();
  }
}

export interface Pass {
  readonly where: string;
  readonly program: ModelProgram;
  readonly set: RunningSet;
  /** Which samples, in which order. */
  readonly order: Int32Array;
  readonly batchSize: number;
  readonly forks: Forks;
  /** At most this many steps between two reports. Default: as many as the event loop can wait for. */
  readonly maxSteps?: number;
  /** Called before each chunk of steps; what it throws ends the pass. */
  readonly before?: () => void;
  /** Is told what each chunk of steps gave: the first element of each result after each step. Is waited for. */
  readonly report: (log: Float64Array, samplesAStep: number) => void | Promise<void>;
}

/** Goes over a data set once, in chunks of steps between which the event loop runs. */
export async function runSteps(pass: Pass): Promise<void> {
  const { order, batchSize } = pass;
  const whole = Math.floor(order.length / batchSize) * batchSize;
  if (whole > 0) await runBatches(pass, order.subarray(0, whole), batchSize);
  if (whole < order.length) await runBatches(pass, order.subarray(whole), order.length - whole);
}

interface Chunk {
  readonly log: Float64Array;
  readonly steps: number;
  readonly isAtOnce: boolean;
}

async function runBatches(pass: Pass, order: Int32Array, batchSize: number): Promise<void> {
  const { where, program, set, forks, maxSteps = Number.POSITIVE_INFINITY, before, report } = pass;
  const { sources, dataset } = set;
  const options: RunOptions = { name: where, nameOf: program.nameOf };
  const version = () => program.version(where, batchSize, [dataset.x, dataset.y]);
  const steps = order.length / batchSize;
  for (let step = 0; step < steps; ) {
    before?.();
    const chunk = await inTurn(version, async ({ executable }): Promise<Chunk> => {
      const pace = paceOf(executable);
      const affordable = isMeasured(executable) ? Math.max(1, Math.floor(CHUNK_MILLISECONDS / pace)) : 1;
      const count = Math.min(affordable, maxSteps, steps - step);
      const rows = order.subarray(step * batchSize, (step + count) * batchSize);
      if (pace * count < AT_ONCE_MILLISECONDS) {
        const started = performance.now();
        const log = executable.loop(sources, rows, batchSize, forks.sourceFor);
        setPace(executable, (performance.now() - started) / count);
        return { log, steps: count, isAtOnce: true };
      }
      const log = await executable.loopAsync(sources, rows, batchSize, options, forks.sourceFor);
      setPace(executable, executable.milliseconds / count);
      return { log, steps: count, isAtOnce: false };
    });
    const told = report(chunk.log, batchSize);
    if (told !== undefined) await told;
    if (chunk.isAtOnce) await giveWay();
    else gaveWay();
    step += chunk.steps;
  }
}
