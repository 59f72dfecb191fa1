import { performance } from "node:perf_hooks";
import process from "node:process";
import { packageIfThere } from "../../optional-package.js";
import type { EpisodeReport } from "./episodes.js";

/** What follows a call of `learn`: the display of its progress, or a file of its figures. */
export interface Follower {
  episode(report: EpisodeReport): void;
  /** After each update: all steps so far, and the losses and the like; null where nothing was learnt yet. */
  update(steps: number, figures: Readonly<Record<string, number>> | null): void;
  close(): void | Promise<void>;
}

/** The last episodes that a mean is over. */
export const MEAN_OF = 100;

/** The mean return of the last episodes. */
export class RunningReturn {
  readonly #last: number[] = [];

  add(value: number): void {
    this.#last.push(value);
    if (this.#last.length > MEAN_OF) this.#last.shift();
  }

  /** NaN without any. */
  get mean(): number {
    return this.#last.reduce((sum, one) => sum + one, 0) / this.#last.length;
  }
}

/** Lines at every tenth of the way, where there is no terminal to draw a bar on. */
const LINES = 10;

/** A bar on a terminal, if cli-progress is installed; else a line at every tenth of the way. */
export async function openProgress(name: string, from: number, to: number): Promise<Follower> {
  const last = new RunningReturn();
  const started = performance.now();
  const shown = (steps: number) => {
    const speed = (1000 * (steps - from)) / Math.max(1, performance.now() - started);
    return {
      mean: Number.isNaN(last.mean) ? "–" : last.mean.toFixed(1),
      speed: Math.round(speed).toLocaleString("en"),
    };
  };
  const episode = ({ return: sum }: EpisodeReport): void => last.add(sum);
  const package_ = process.stderr.isTTY
    ? packageIfThere<typeof import("cli-progress")>("cli-progress")
    : null;
  if (package_ !== null) {
    const { SingleBar, Presets } = package_;
    const format = `${name} [{bar}] {value}/{total} steps  return {mean}  {speed} steps/s  {eta_formatted} left`;
    const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic);
    bar.start(to, from, shown(from));
    return {
      episode,
      update: (steps) => bar.update(Math.min(steps, to), shown(steps)),
      close: () => bar.stop(),
    };
  }
  let lines = Math.floor((LINES * from) / to);
  return {
    episode,
    update(steps) {
      const due = Math.min(LINES, Math.floor((LINES * steps) / to));
      if (due <= lines) return;
      lines = due;
      const { mean, speed } = shown(steps);
      process.stderr.write(`${name}  ${steps}/${to} steps  return ${mean}  ${speed} steps/s\n`);
    },
    close() {},
  };
}

/**
 * Figures for TensorBoard, over steps: `episode/return`, `episode/length`, each figure of an update as `learn/…`, and
 * the speed.
 */
export async function openBoard(folder: string): Promise<Follower> {
  const { TensorBoard } = await import("../../tensorboard/index.js");
  const board = new TensorBoard(folder);
  let [before, at] = [-1, 0];
  return {
    episode({ steps, return: sum, length }) {
      board.addScalar("episode/return", sum, steps);
      board.addScalar("episode/length", length, steps);
    },
    update(steps, figures) {
      for (const [name, value] of Object.entries(figures ?? {}))
        board.addScalar(`learn/${name}`, value, steps);
      // Several updates may follow the same steps.
      if (steps === before) return;
      const now = performance.now();
      if (before >= 0) board.addScalar("steps per second", (1000 * (steps - before)) / (now - at), steps);
      [before, at] = [steps, now];
    },
    close: () => board.close(),
  };
}
