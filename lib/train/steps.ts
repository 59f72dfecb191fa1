import { performance } from "node:perf_hooks";
import type { Executable, RunOptions, Source } from "../compiler/executable.js";
import type { AnyDataset } from "../data/dataset.js";
import { formOf, type Part, type Parts, partName, partsIn } from "../data/parts.js";
import { stored, toSource } from "../data/samples.js";
import { IndexError } from "../errors.js";
import { type NativeMemory, newMemory } from "../native/binding.js";
import { isInstance } from "../options.js";
import { sizeOf, type TensorSpec } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { CompiledModel } from "./compiled-model.js";
import type { Forks } from "./forks.js";
import type { StepsLog } from "./metrics.js";
import { ofRun } from "./refusal.js";
import { gaveWay, giveWay, inTurn } from "./turn.js";

/** Target duration of a call of the engine: short enough for callbacks, long enough to make the call's cost small. */
const CHUNK_MILLISECONDS = 20;
/** A call that takes less than this is done at once: another thread would cost more than it saves. */
const AT_ONCE_MILLISECONDS = 0.5;

/** Samples in the engine's memory, whose rows a loop of steps takes. */
export interface Rows {
  readonly sources: readonly Source[];
  /** What the parts of the samples are, by their names. */
  readonly parts: Readonly<Record<string, TensorSpec>>;
  /** Where the parts lie, in their order. */
  readonly memories: readonly NativeMemory[];
  /** What a row is called, for error messages. */
  placeOf(row: number): string;
}

/** The parts of a set and its weights, by their names in the set called `name`. */
export const partsByName = (
  name: string,
  { x, y }: AnyDataset,
  weights: Tensor | null,
): Readonly<Record<string, Part>> => ({
  ...named(`${name}.x`, x),
  ...named(`${name}.y`, y),
  ...(weights === null ? {} : { sampleWeight: weights }),
});

/**
 * A copy of a data set in the engine's memory, made at once. The caller may then change, transfer or drop the data
 * set.
 */
export class RunningSet implements Rows {
  readonly sources: readonly Source[];
  /** The copied parts, by their names in the data set. */
  readonly parts: Readonly<Record<string, Part>>;
  readonly memories: readonly NativeMemory[];

  /**
   * @param name of the data set, for error messages.
   * @param weights of the samples; null: all alike.
   */
  constructor(name: string, dataset: AnyDataset, weights: Tensor | null = null) {
    this.parts = partsByName(name, dataset, weights);
    const parts = Object.values(this.parts);
    this.memories = parts.map((part) => {
      const values = stored(part);
      const memory = newMemory(values.byteLength);
      memory.write(values);
      return memory;
    });
    this.sources = parts.map((part, i) => toSource(part, this.memories[i] as NativeMemory));
  }

  placeOf(row: number): string {
    return `sample ${row}`;
  }

  /** Frees the copy. */
  close(): void {
    for (const memory of this.memories) memory.release();
  }
}

/** Parts by their names in the data set. */
function named(name: string, parts: Parts): Record<string, Part> {
  const form = formOf(parts);
  return Object.fromEntries(partsIn(parts).map((part, at) => [partName(name, form, at), part]));
}

/** An index that a step of a loop, from 0, found to be out of range. */
interface Outside {
  readonly value: number;
  readonly position: number;
  readonly step: number;
}

/** What an index error of a loop tells; null for another error. */
export function outsideOf(error: unknown): Outside | null {
  const told = /(-?\d+) at position (\d+) is outside .*, in step (\d+) of the loop$/;
  const found = isInstance(error, IndexError) ? told.exec(error.message) : null;
  if (found === null) return null;
  const [value, position, step] = found.slice(1).map(Number) as [number, number, number];
  return { value, position, step };
}

/** An element of an int32 part that lies in this memory. */
function elementIn(memory: NativeMemory | undefined, at: number): number | undefined {
  const one = new Int32Array(1);
  memory?.read(one, at * one.BYTES_PER_ELEMENT);
  return one[0];
}

/**
 * Adds the sample to an index error of a loop, if the set holds that index at that position.
 * Shapes: rows [steps·batch], the samples of the loop.
 */
function namingSample(error: unknown, set: Rows, rows: Int32Array, batch: number): unknown {
  const outside = outsideOf(error);
  if (outside === null) return error;
  const { value, position, step } = outside;
  for (const [i, [part, { dtype, shape }]] of Object.entries(set.parts).entries()) {
    if (dtype !== "int32") continue;
    const inSample = sizeOf(shape.slice(1));
    const sample = rows[step * batch + Math.floor(position / inSample)];
    if (sample === undefined) continue;
    if (elementIn(set.memories[i], sample * inSample + (position % inSample)) !== value) continue;
    (error as IndexError).message += `: ${part} of ${set.placeOf(sample)}`;
    return error;
  }
  return error;
}

/** A run of a program that has failed. */
export interface FailedRun {
  readonly executable: Executable;
  readonly set: Rows;
  /** The samples of all steps of the run. */
  readonly rows: Int32Array;
  readonly batchSize: number;
}

export interface Pass {
  readonly where: string;
  readonly program: CompiledModel;
  readonly set: Rows;
  /** The samples, in the order of the pass. */
  readonly order: Int32Array;
  readonly batchSize: number;
  readonly forks: Forks;
  /** At most this many steps between two reports. Default: as many as fit into `CHUNK_MILLISECONDS`. */
  readonly mostSteps?: () => number;
  /** Whether the pass ends after the steps that are done. */
  readonly isStopped?: () => boolean;
  /** Replaces an error of a run of the program; null keeps the usual one. */
  readonly failed?: (error: unknown, run: FailedRun) => unknown;
  /** Called before each chunk of steps. An error that it throws ends the pass. */
  readonly before?: () => void;
  /** Called before each run of the program, when nothing else uses what it writes. */
  readonly begin?: () => void;
  /** Called after each chunk. The next chunk waits for it. */
  readonly report: (log: StepsLog) => void | Promise<void>;
}

/** Goes over a data set once, in chunks of steps between which the event loop runs. */
export async function runSteps(pass: Pass): Promise<void> {
  const { order, batchSize } = pass;
  const whole = Math.floor(order.length / batchSize) * batchSize;
  if (whole > 0) await runBatches(pass, order.subarray(0, whole), batchSize);
  if (whole < order.length && pass.isStopped?.() !== true)
    await runBatches(pass, order.subarray(whole), order.length - whole);
}

interface Chunk extends StepsLog {
  readonly isAtOnce: boolean;
}

async function runBatches(pass: Pass, order: Int32Array, batchSize: number): Promise<void> {
  const { where, program, set, forks, mostSteps = () => Number.POSITIVE_INFINITY, before, report } = pass;
  const { sources, parts } = set;
  const options: RunOptions = { name: where, nameOf: program.nameOf };
  const specialization = () => program.specialization(where, batchSize, Object.values(parts));
  const steps = order.length / batchSize;
  for (let step = 0; step < steps && pass.isStopped?.() !== true; ) {
    before?.();
    const chunk = await inTurn(specialization, async (now): Promise<Chunk> => {
      const { executable, results } = now;
      const { duration, isTimed } = executable;
      const affordable = isTimed ? Math.max(1, Math.floor(CHUNK_MILLISECONDS / duration)) : 1;
      const count = Math.min(affordable, mostSteps(), steps - step);
      const rows = order.subarray(step * batchSize, (step + count) * batchSize);
      const isAtOnce = duration * count < AT_ONCE_MILLISECONDS;
      pass.begin?.();
      try {
        const started = performance.now();
        const log = isAtOnce
          ? executable.loop(sources, rows, batchSize, forks.sourceFor, true)
          : await executable.loopAsync(sources, rows, batchSize, options, forks.sourceFor, true);
        const taken = isAtOnce ? performance.now() - started : executable.milliseconds;
        executable.noteDuration(taken / count);
        const layout = program.layout(now);
        return { log, steps: count, samplesAStep: batchSize, layout, results, isAtOnce };
      } catch (error) {
        throw (
          pass.failed?.(error, { executable, set, rows, batchSize }) ??
          ofRun(namingSample(error, set, rows, batchSize))
        );
      }
    });
    const told = report(chunk);
    if (told !== undefined) await told;
    if (chunk.isAtOnce) await giveWay();
    else gaveWay();
    step += chunk.steps;
  }
}
