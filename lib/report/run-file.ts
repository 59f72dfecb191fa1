import { randomBytes } from "node:crypto";
import { appendFileSync, closeSync, constants, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileError } from "../files/path.js";
import type { EpochReport } from "../train/fit.js";
import type { Command, Follower, Outcome, RunFacts, StepsDone } from "../train/following.js";
import { thisMachine } from "./machine.js";
import { type Diagram, diagramIfPossible, layersOf } from "./model.js";
import {
  commandsOf,
  type EpochEvent,
  lineOf,
  MOST_COMMANDS,
  MOST_LINE,
  RUN_FILE,
  type RunEvent,
  readCommand,
  VERSION,
} from "./run-events.js";

/**
 * Steps, gradients and epochs have a line each time, up to this many lines, and then one after this time, or after this
 * part of the time since the beginning, at most after the longest time.
 */
const LINES_AT_ONCE = 500;
const MILLISECONDS_A_LINE = 100;
const PART_A_LINE = 1 / 10_000;
const MOST_MILLISECONDS_A_LINE = 10_000;
const MILLISECONDS_A_LOOK = 100;

/**
 * A file of a run that grows: a line is in it, whole, when the call that wrote it returns. What is asked of the run is
 * in a file next to it, to which lines are added.
 */
export class RunFile implements Follower {
  readonly path: string;
  readonly #commands: CommandFile;
  #file: number | null;
  #steps = { count: 0, sum: 0 };
  /** The last step of those. */
  #last = { epoch: 0, step: 0 };
  readonly #stepLines = new Pace();
  readonly #gradientLines = new Pace();
  readonly #epochLines = new Pace();
  /** The last epoch, if it has no line yet. */
  #epoch: EpochEvent | null = null;

  /** @throws FileError where the folder or the file cannot be made */
  constructor(folder: string) {
    const name = new Date().toISOString().replaceAll(":", "-").replace(/\..*$/, "");
    // Workers share a process id, and so may containers.
    const own = randomBytes(4).toString("hex");
    this.path = join(folder, `${name}-${process.pid}-${own}${RUN_FILE}`);
    try {
      mkdirSync(folder, { recursive: true });
      this.#file = openSync(this.path, "ax");
    } catch (cause) {
      throw fileError("fit: watch", this.path, "written", cause);
    }
    this.#commands = new CommandFile(commandsOf(this.path));
  }

  begin(run: RunFacts): void {
    const { firstEpoch, epochs, batchSize, steps, stepsBefore, seed, options, optimizer, model } = run;
    const diagram = shortEnough(diagramIfPossible(model, run.kept.dataset.x));
    this.#write({
      event: "begin",
      ...VERSION,
      time: Date.now(),
      pid: process.pid,
      host: hostname(),
      firstEpoch,
      epochs,
      batchSize,
      steps: Number.isFinite(steps) ? steps : null,
      stepsBefore,
      seed,
      options,
      rates: optimizer.groups.map(({ lr }) => lr),
      layers: layersOf(model),
      diagram: diagram.svg,
      whyNoDiagram: diagram.why,
      machine: thisMachine(),
    });
  }

  steps({ epoch, step, losses }: StepsDone): void {
    this.#steps.count += losses.length;
    for (const loss of losses) this.#steps.sum += loss;
    this.#last = { epoch, step };
    if (this.#stepLines.isDue()) this.#flushSteps();
  }

  #flushSteps(): void {
    const { count, sum } = this.#steps;
    if (count === 0) return;
    this.#steps = { count: 0, sum: 0 };
    this.#write({ event: "steps", time: Date.now(), ...this.#last, loss: sum / count });
  }

  gradients(step: number, norms: ReadonlyMap<string, number>): void {
    if (!this.#gradientLines.isDue()) return;
    this.#write({ event: "gradients", time: Date.now(), step, norms: Object.fromEntries(norms) });
  }

  epoch(report: EpochReport, step: number, rates: readonly number[]): void {
    const { epoch, loss, metrics, validation, seconds, samplesPerSecond } = report;
    const figures = { epoch, step, loss, metrics, validation, rates, seconds, samplesPerSecond };
    this.#epoch = { event: "epoch", time: Date.now(), ...figures };
    if (this.#epochLines.isDue()) this.#flushEpoch();
  }

  #flushEpoch(): void {
    if (this.#epoch === null) return;
    this.#flushSteps();
    this.#write(this.#epoch);
    this.#epoch = null;
  }

  commands(): readonly Command[] {
    return this.#commands.take();
  }

  changed(step: number, lr: number, group: number | null): void {
    this.#write({ event: "lr", time: Date.now(), step, lr, group });
  }

  end({ state, error, seconds }: Outcome): void {
    this.#flushEpoch();
    this.#write({ event: "end", time: Date.now(), state, error, seconds });
    this.#commands.close();
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** Adds a line. Where the device is full, a warning says so, and the training goes on without the file. */
  #write(event: RunEvent): void {
    if (this.#file === null) return;
    try {
      appendFileSync(this.#file, lineOf(event));
    } catch (cause) {
      closeSync(this.#file);
      this.#file = null;
      process.emitWarning(fileError("fit: watch", this.path, "written", cause).message, {
        type: "TrainingWarning",
        code: "THALWEG_FOLLOWER_FAILED",
      });
    }
  }
}

/** How often lines of a kind are written. */
class Pace {
  #count = 0;
  readonly #begin = performance.now();
  #last = Number.NEGATIVE_INFINITY;

  /** Whether another line is to be written; if so, it counts as written. */
  isDue(): boolean {
    const now = performance.now();
    const part = Math.min(MOST_MILLISECONDS_A_LINE, PART_A_LINE * (now - this.#begin));
    const least = Math.max(MILLISECONDS_A_LINE, part);
    if (this.#count >= LINES_AT_ONCE && now - this.#last < least) return false;
    this.#count++;
    this.#last = now;
    return true;
  }
}

const shortEnough = (diagram: Diagram): Diagram =>
  diagram.svg === null || diagram.svg.length < MOST_LINE / 2
    ? diagram
    : { svg: null, why: "it is too large for the run's file" };

/** The file through which a run is asked for something. It need not be there. */
class CommandFile {
  readonly #path: string;
  #file: number | null = null;
  #looked = Number.NEGATIVE_INFINITY;
  #read = 0;
  /** The beginning of a line whose end is not there yet. */
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** What has been asked for since the last time. It looks at the file at most ten times a second. */
  take(): readonly Command[] {
    const now = performance.now();
    if (now - this.#looked < MILLISECONDS_A_LOOK) return NOTHING;
    this.#looked = now;
    const bytes = this.#readMore();
    if (bytes === null) return NOTHING;
    const lines = (this.#rest + bytes.toString("utf8")).split("\n");
    this.#rest = lines.pop() as string;
    return lines.flatMap((line) => readCommand(line) ?? []);
  }

  #readMore(): Buffer | null {
    try {
      // Without O_NONBLOCK, opening a pipe waits for its writer. Windows lacks the flag.
      this.#file ??= openSync(this.#path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      const file = fstatSync(this.#file);
      const size = file.isFile() ? file.size : 0;
      if (size <= this.#read || this.#read >= MOST_COMMANDS) return null;
      const bytes = Buffer.alloc(Math.min(size, MOST_COMMANDS) - this.#read);
      const count = readSync(this.#file, bytes, 0, bytes.length, this.#read);
      this.#read += count;
      return bytes.subarray(0, count);
    } catch {
      // Nobody has asked for anything, or what is there is no file.
      return null;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

const NOTHING: readonly Command[] = [];
