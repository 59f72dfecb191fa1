// Reads a run's file while it grows. Anyone may have written the file: what is kept of it is bounded.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { StringDecoder } from "node:string_decoder";
import {
  type BeginEvent,
  type EndEvent,
  type EpochEvent,
  MOST_LINE,
  type RateEvent,
  type RunEvent,
  readEvent,
} from "../run-events.js";
import { Thinned } from "../thinned.js";

/** The most that is read of a file, and in one turn. */
const MOST_BYTES = 2 ** 30;
const MOST_A_TURN = 1 << 22;
const MOST_PID = 2 ** 31 - 1;
/** Of each kind, so that a model of many layers leaves room for its loss. */
const MOST_CURVES = { figure: 200, rate: 100, gradient: 200 } as const;

/** A curve of a run: of a figure over the training or the validation set, of a learning rate, or of a layer. */
export interface RunCurve {
  readonly kind: "figure" | "rate" | "gradient";
  /** The figure's name, the group's number, or the layer. */
  readonly name: string;
  readonly set: "steps" | "training" | "validation" | "";
  readonly points: Thinned;
}

/** What is known of a run. */
export class RunReader {
  readonly curves = new Map<string, RunCurve>();
  readonly #counts = { figure: 0, rate: 0, gradient: 0 };
  begin: BeginEvent | null = null;
  last: EpochEvent | null = null;
  end: EndEvent | null = null;
  /** The last step, the last loss, and the norms of the gradients that were looked at last. */
  step = 0;
  norms: Readonly<Record<string, number>> = {};
  rates: readonly number[] = [];
  /** The time of the last event, in milliseconds since 1970. */
  time = 0;
  /** Lines that are no events. */
  broken = 0;
  /** Whether the file is longer than what is read. */
  isTooLong = false;
  /** Whether the run's process is gone, and nothing says how the run ended. */
  isBrokenOff = false;
  readonly #path: string;
  readonly #decoder = new StringDecoder("utf8");
  #file: number | null = null;
  #read = 0;
  #rest = "";
  /** Whether the line that is being read is too long, and left out. */
  #isSkipping = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads what has come, at most 4 MiB. After the event that ends a run nothing comes. */
  readMore(): void {
    const bytes = this.end === null ? this.#bytes() : null;
    if (bytes === null) return;
    const pieces = this.#decoder.write(bytes).split("\n");
    pieces.forEach((piece, at) => {
      this.#take(piece, at < pieces.length - 1);
    });
    if (this.end !== null) this.close();
  }

  /** Takes a piece of a line, and whether the line ends with it. */
  #take(piece: string, isEnd: boolean): void {
    if (!this.#isSkipping) this.#rest += piece;
    if (this.#rest.length > MOST_LINE) {
      this.#isSkipping = true;
      this.#rest = "";
    }
    if (!isEnd) return;
    const line = this.#rest;
    const wasSkipped = this.#isSkipping;
    const event = wasSkipped ? null : readEvent(line);
    this.#rest = "";
    this.#isSkipping = false;
    if (event !== null) this.#add(event);
    else if (line !== "" || wasSkipped) this.broken++;
  }

  #bytes(): Buffer | null {
    try {
      // Not through a link, which may lead out of the folder; without waiting for the writer of a pipe.
      const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
      this.#file ??= openSync(this.#path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      const file = fstatSync(this.#file);
      if (!file.isFile()) return null;
      this.isTooLong = file.size > MOST_BYTES;
      const count = Math.min(file.size, MOST_BYTES) - this.#read;
      if (count <= 0) return null;
      const bytes = Buffer.alloc(Math.min(count, MOST_A_TURN));
      const got = readSync(this.#file, bytes, 0, bytes.length, this.#read);
      this.#read += got;
      return got === 0 ? null : bytes.subarray(0, got);
    } catch {
      // It is gone, or there is no permission for it.
      return null;
    }
  }

  #add(event: RunEvent): void {
    this.time = event.time;
    switch (event.event) {
      case "begin":
        this.begin ??= event;
        this.step = event.stepsBefore;
        this.#addRates(event.stepsBefore, event.rates);
        break;
      case "steps":
        this.step = event.step;
        this.#point("figure", "loss", "steps", event.step, event.loss);
        break;
      case "gradients":
        this.norms = event.norms;
        for (const [layer, norm] of Object.entries(event.norms)) {
          this.#point("gradient", layer, "", event.step, norm);
        }
        break;
      case "epoch":
        this.#addEpoch(event);
        break;
      case "lr":
        this.#addRate(event);
        break;
      case "end":
        this.end = event;
    }
  }

  #addRate({ step, lr, group }: RateEvent): void {
    this.#addRates(
      step,
      this.rates.map((rate, at) => (group === null || group === at ? lr : rate)),
    );
  }

  #addEpoch(event: EpochEvent): void {
    const { step, metrics, validation, rates } = event;
    this.last = event;
    // At the end of a run the line of its last epoch may come after those of later steps.
    this.step = Math.max(this.step, step);
    for (const [name, value] of Object.entries(metrics)) this.#point("figure", name, "training", step, value);
    for (const [name, value] of Object.entries(validation ?? {})) {
      this.#point("figure", name, "validation", step, value);
    }
    this.#addRates(step, rates);
  }

  #addRates(step: number, rates: readonly number[]): void {
    this.rates = rates;
    for (const [group, rate] of rates.entries()) this.#point("rate", String(group), "", step, rate);
  }

  #point(kind: RunCurve["kind"], name: string, set: RunCurve["set"], step: number, value: number): void {
    const key = JSON.stringify([kind, name, set]);
    const known = this.curves.get(key);
    if (known === undefined && this.#counts[kind] >= MOST_CURVES[kind]) return;
    const curve = known ?? { kind, name, set, points: new Thinned() };
    if (known === undefined) {
      this.curves.set(key, curve);
      this.#counts[kind]++;
    }
    curve.points.add(step, value);
  }

  /** Looks whether the run's process is still there, which only its own machine can tell. */
  lookForProcess(): void {
    if (this.begin === null || this.end !== null || this.begin.host !== hostname()) return;
    const { pid } = this.begin;
    if (pid < 1 || pid > MOST_PID) return;
    try {
      // The signal 0 asks for nothing.
      process.kill(pid, 0);
      this.isBrokenOff = false;
    } catch (error) {
      // Another user's process may not be asked, but is there.
      this.isBrokenOff = (error as NodeJS.ErrnoException).code === "ESRCH";
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
