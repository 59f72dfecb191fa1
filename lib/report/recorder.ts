import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { checkPath, type FilePath, fileError } from "../files/path.js";
import { planReplacement, writeAtomically } from "../files/write.js";
import type { EpochReport } from "../train/fit.js";
import type { Follower, Outcome, RunFacts, StepsDone } from "../train/following.js";
import { type Judgement, judge } from "./judgement.js";
import { pageOf } from "./page.js";
import { Thinned } from "./thinned.js";

/** Records a run, and writes its page at the end. */
export class Recorder implements Follower {
  readonly #path: string;
  readonly #losses = new Thinned();
  readonly #gradients = new Map<string, Thinned>();
  readonly #rates: { readonly epoch: number; readonly rates: readonly number[] }[] = [];
  #history: EpochReport[] = [];
  #run: RunFacts | null = null;

  /** @throws ArgumentError; FileError if no file can be written there */
  constructor(path: FilePath) {
    this.#path = checkPath("fit: report", path);
    try {
      const { folder } = planReplacement("fit: report", this.#path, resolve(this.#path));
      accessSync(folder, constants.W_OK);
    } catch (error) {
      throw fileError("fit: report", this.#path, "written", error);
    }
  }

  begin(run: RunFacts): void {
    this.#run = run;
    this.#history = [...run.history];
  }

  steps({ step, losses }: StepsDone): void {
    for (const [i, loss] of losses.entries()) this.#losses.add(step - losses.length + 1 + i, loss);
  }

  gradients(step: number, norms: ReadonlyMap<string, number>): void {
    for (const [layer, norm] of norms) {
      const own = this.#gradients.get(layer) ?? new Thinned();
      this.#gradients.set(layer, own);
      own.add(step, norm);
    }
  }

  epoch(report: EpochReport, _step: number, rates: readonly number[]): void {
    this.#history.push(report);
    this.#rates.push({ epoch: report.epoch, rates });
  }

  async end(outcome: Outcome): Promise<void> {
    const run = this.#run;
    // A training that was refused has nothing to show.
    if (run === null) return;
    const { model, kept, samples, seed, options } = run;
    const page = pageOf(
      {
        title: "Training report",
        history: this.#history,
        rates: this.#rates,
        model,
        kept,
        samples,
        judgement: await this.#judgement(run),
        losses: this.#losses,
        gradients: this.#gradients,
        options: { ...options, seed },
        outcome,
      },
      new Date(),
    );
    await writeAtomically("fit: report", this.#path, [new TextEncoder().encode(page)]);
  }

  /** What the model makes of the samples now; or why it cannot be run. */
  async #judgement({ model, objective, kept }: RunFacts): Promise<Judgement | string> {
    try {
      return await judge(model, objective, kept);
    } catch (error) {
      return (error as Error).message;
    }
  }
}
