// When a training writes checkpoints, and how: copies between two steps, writes next to the training.

import { basename, dirname, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { ArgumentError } from "../errors.js";
import type { FilePath } from "../files/path.js";
import { startWriter } from "../keeping/background-writer.js";
import type { CheckpointTree } from "../keeping/checkpoint.js";
import { type RunParts, stateOf } from "../keeping/run-state.js";
import { encodeState, type StateFile } from "../keeping/state-file.js";
import { Target } from "../keeping/target.js";
import { checkNumber, checkRequired, describe, isPlainObject } from "../options.js";
import type { EpochReport } from "./fit.js";
import {
  figureOf,
  isBetter,
  type Monitor,
  type MonitorOptions,
  type Reported,
  readMonitor,
  worst,
} from "./monitor.js";
import type { Position } from "./position.js";

/** After how much of the training a checkpoint is due. One of these. */
export interface CheckpointInterval {
  readonly steps?: number;
  readonly epochs?: number;
  readonly seconds?: number;
}

/** Which checkpoint is the best. */
export type BestOptions = MonitorOptions;

export interface CheckpointOptions {
  /** The file of the newest checkpoint. Its folder must exist. */
  readonly path: FilePath;
  /** Default: `{ epochs: 1 }`. There is always one at the end of the training. */
  readonly every?: CheckpointInterval;
  /**
   * This many of the newest checkpoints are kept, with their numbers of steps in their names: of `run.safetensors`,
   * `run-step100.safetensors`. An older one is removed when the newer is on the device. Default: 1, only `path`.
   */
  readonly keep?: number;
  /** Also keeps the checkpoint after the best epoch: of `run.safetensors`, `run-best.safetensors`. Default: no. */
  readonly best?: BestOptions;
}

/** The argument of `onCheckpoint`. */
export interface CheckpointReport {
  readonly path: string;
  /** The epoch, from 1, the mini-batches of it that are done, and the steps of all epochs. */
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  /** Whether it is the best so far; its file is then the best one's, too. */
  readonly isBest: boolean;
}

interface Interval {
  readonly unit: "steps" | "epochs" | "seconds";
  readonly count: number;
}

/** Checked options. */
export interface CheckpointPlan {
  readonly path: FilePath;
  readonly interval: Interval;
  readonly keep: number;
  readonly best: Monitor | null;
}

const UNITS = ["steps", "epochs", "seconds"] as const;

/** @throws ArgumentError, OptionError */
export function readCheckpointOptions(
  where: string,
  options: CheckpointOptions,
  reported: Reported,
): CheckpointPlan {
  const place = `${where}: checkpoint`;
  checkRequired(place, options, ["path", "every", "keep", "best"]);
  const { path, every = { epochs: 1 }, keep = 1, best } = options;
  checkRequired(`${place}: every`, every, UNITS);
  const [[unit, count] = [], ...others] = UNITS.filter((one) => every[one] !== undefined).map(
    (one) => [one, every[one]] as const,
  );
  if (unit === undefined || others.length > 0) {
    throw new ArgumentError(
      `${place}: expected every to have one of ${UNITS.join(", ")}, got ${describe(every)}`,
    );
  }
  const bounds = unit === "seconds" ? { min: 0 } : { min: 1, integer: true };
  const interval = { unit, count: checkNumber(place, `every.${unit}`, count, bounds) };
  return {
    path,
    interval,
    keep: checkNumber(place, "keep", keep, { min: 1, integer: true }),
    best: best === undefined ? null : readBest(`${place}: best`, best, reported),
  };
}

function readBest(where: string, options: BestOptions, reported: Reported): Monitor {
  checkRequired(where, options, ["monitor", "mode"]);
  return readMonitor(where, options, reported);
}

/** A copy of the state that waits to be written. */
interface Job {
  readonly file: StateFile;
  readonly report: CheckpointReport;
}

/** What a checkpoint says of those before. */
interface Kept {
  /** The steps of the checkpoints that are kept. */
  readonly steps: readonly number[];
  /** The figure of the best one, and which figure it is. */
  readonly best: { readonly monitor: string; readonly value: number } | null;
}

/** Writes the checkpoints of one training. */
export class Checkpoints {
  readonly #plan: CheckpointPlan;
  readonly #parts: RunParts;
  readonly #extra: () => unknown;
  readonly #announce: ((report: CheckpointReport) => void | Promise<void>) | undefined;
  readonly #target: Target;
  /** Copies that wait: the newest, and the best if that is another. */
  #waiting: Job[] = [];
  #writing: Promise<void> | null = null;
  /** The step of the checkpoint that is being written. */
  #now: number | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** Memory of files that are written. */
  #spares: readonly ArrayBuffer[] = [];
  /** The steps of the checkpoints with a number that are on the device. */
  #kept: readonly number[] = [];
  #best: Kept["best"] = null;
  #lastStep = 0;
  #lastTime = performance.now();

  /** @throws FileError if no file can be written there; BusyError while another run writes there */
  constructor(
    plan: CheckpointPlan,
    parts: RunParts,
    extra: () => unknown,
    announce: ((report: CheckpointReport) => void | Promise<void>) | undefined,
  ) {
    this.#plan = plan;
    this.#parts = parts;
    this.#extra = extra;
    this.#announce = announce;
    this.#target = new Target("fit", plan.path);
    startWriter();
  }

  /** Goes on after a checkpoint that was read from a file. */
  resume(path: string, { step }: Position, kept: unknown): void {
    this.#lastStep = step;
    if (!isPlainObject(kept)) return;
    const { steps, best } = kept;
    const { monitor } = this.#plan.best ?? {};
    if (isPlainObject(best) && best["monitor"] === monitor && typeof best["value"] === "number") {
      this.#best = { monitor: monitor as string, value: best["value"] };
    }
    const list = Array.isArray(steps) ? steps.filter(Number.isSafeInteger) : [];
    // Of a run that wrote elsewhere, nothing is removed.
    const own = [this.#target.path, this.#target.variant("best"), ...list.map((one) => this.#numbered(one))];
    if (own.includes(resolve(dirname(path), basename(path)))) this.#kept = list;
  }

  #numbered(step: number): string {
    return this.#target.variant(`step${step}`);
  }

  /** This many steps may be done before a checkpoint could be due. */
  mostSteps(step: number): number {
    const { unit, count } = this.#plan.interval;
    return unit === "steps" ? count - (step % count) : Number.POSITIVE_INFINITY;
  }

  /** Whether a checkpoint is due after this step. */
  isDue(step: number): boolean {
    const { unit, count } = this.#plan.interval;
    if (unit === "seconds") return performance.now() - this.#lastTime >= 1000 * count;
    return unit === "steps" && Math.floor(step / count) > Math.floor(this.#lastStep / count);
  }

  /** Whether a checkpoint is due after this epoch. */
  isDueAfter({ epoch }: EpochReport, step: number): boolean {
    const { unit, count } = this.#plan.interval;
    return unit === "epochs" ? epoch % count === 0 : this.isDue(step);
  }

  /** Whether an epoch is the best so far. It counts from then on. */
  takeBest(report: EpochReport): boolean {
    if (this.#plan.best === null) return false;
    const { best } = this.#plan;
    const { monitor } = best;
    const value = figureOf(report, monitor);
    if (!isBetter(best, value, this.#best?.value ?? worst(best))) return false;
    this.#best = { monitor, value };
    return true;
  }

  /** Copies the state of the training. A thread writes it then. @throws as `check` */
  save(position: Position, isBest: boolean): void {
    this.check();
    const { epoch, batch, step } = position;
    // A copy that still waits need not be written: this one is newer, and better if that one was the best.
    this.#waiting = this.#waiting.filter(({ report }) => report.isBest && !isBest);
    const before = [...this.#kept, ...(this.#now === null ? [] : [this.#now])];
    const queued = this.#waiting.map(({ report }) => report.step);
    const kept: Kept = {
      steps: this.#plan.keep === 1 ? [] : [...before, ...queued, step].slice(-this.#plan.keep),
      best: this.#best,
    };
    const tree = {
      kind: "checkpoint",
      run: stateOf(this.#parts),
      extra: this.#extra(),
      fit: position,
      kept,
    } satisfies CheckpointTree;
    const file = encodeState("fit", tree, this.#spares);
    this.#spares = [];
    const path = this.#target.path;
    this.#waiting.push({ file, report: { path, epoch, batch, step, isBest } });
    this.#lastStep = step;
    this.#lastTime = performance.now();
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
        this.#now = job.report.step;
        await this.#write(job);
      }
    } catch (error) {
      this.#failure = { error };
      this.#waiting = [];
    } finally {
      this.#writing = null;
      this.#now = null;
    }
  }

  async #write({ file, report }: Job): Promise<void> {
    const { keep } = this.#plan;
    const all = keep === 1 ? this.#kept : [...this.#kept.filter((step) => step !== report.step), report.step];
    const kept = keep === 1 ? [] : all.slice(-keep);
    const surplus = all.slice(0, all.length - kept.length);
    this.#spares = await this.#target.write(file, {
      paths: [
        ...(keep === 1 ? [] : [this.#numbered(report.step)]),
        ...(report.isBest ? [this.#target.variant("best")] : []),
      ],
      remove: surplus.map((step) => this.#numbered(step)),
    });
    this.#kept = kept;
    await this.#announce?.(report);
  }

  /** @throws the first error of a write or of the callback */
  check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Waits for the last write. @throws as `check` */
  async finish(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    this.check();
  }

  /** Waits for the writes of all copies, of which a failed one ends the others, and lets others write there. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    this.#target.close();
  }
}
