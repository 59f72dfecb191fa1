import { performance } from "node:perf_hooks";
import type { Optimizer } from "../optim/optimizer.js";
import type { EpochReport, RateChange } from "./fit.js";
import { Clock, type Follower, nextLook, type Outcome, type RunFacts } from "./following.js";
import type { GradientNorms } from "./gradient-norms.js";
import { isRefusal } from "./refusal.js";

/** What followers need, read from the options before the training begins. */
export interface FollowingPlan {
  readonly facts: Omit<RunFacts, "seed" | "history" | "stepsBefore">;
  readonly norms: GradientNorms;
  /** Loads what follows, and makes it. @throws if it cannot be used: PackageError, FileError */
  readonly open: () => Promise<Follower>;
}

/** A training that is followed. */
export class Followed {
  readonly clock = new Clock(() => performance.now());
  readonly #follower: Follower;
  readonly #norms: GradientNorms;
  readonly #optimizer: Optimizer<object>;
  /** The step after which the gradients are looked at next. */
  #next = 0;
  /** Learning rates that were set by hand in this epoch. */
  #changes: RateChange[] = [];
  #isOver = false;

  private constructor(follower: Follower, norms: GradientNorms, optimizer: Optimizer<object>) {
    this.#follower = follower;
    this.#norms = norms;
    this.#optimizer = optimizer;
  }

  static async open({ open, norms }: FollowingPlan, optimizer: Optimizer<object>): Promise<Followed> {
    return new Followed(await open(), norms, optimizer);
  }

  async begin(run: RunFacts): Promise<void> {
    await this.#follower.begin(run);
    this.#next = run.stepsBefore;
  }

  /** The most steps before something is to be done. */
  mostSteps(step: number): number {
    return Math.max(1, this.#next - step);
  }

  isLookDue(step: number): boolean {
    return step >= this.#next;
  }

  /**
   * Looks at the gradients after a step. Of data that is refused there are none: the step itself says why.
   * @param begin is called before the run, in its turn.
   */
  async look(step: number, begin: () => void): Promise<void> {
    this.#next = nextLook(step);
    await this.clock.during("recording", async () => {
      try {
        this.#follower.gradients(step, await this.#norms.norms(begin));
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    });
  }

  steps(epoch: number, step: number, losses: Float64Array): void {
    this.#follower.steps({ epoch, step, losses });
  }

  /** Does what is asked, before step `step` + 1. @returns whether the training is to end */
  obey(epoch: number, step: number): boolean {
    let isStopped = false;
    for (const asked of this.#follower.commands?.() ?? []) {
      if (asked.command === "stop") isStopped = true;
      else this.#setRate(epoch, step, asked.value, asked.group);
    }
    return isStopped;
  }

  #setRate(epoch: number, step: number, lr: number, group: number | null): void {
    const { groups } = this.#optimizer;
    const chosen = group === null ? groups : groups.filter((_, at) => at === group);
    if (chosen.length === 0) return;
    for (const one of chosen) one.lr = lr;
    this.#changes.push(group === null ? { epoch, step, lr } : { epoch, step, lr, group });
    this.#follower.changed?.(step, lr, group);
  }

  /** Learning rates that were set by hand since this was called last. */
  takeChanges(): readonly RateChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  epoch(report: EpochReport, step: number): void {
    this.#follower.epoch(
      report,
      step,
      this.#optimizer.groups.map(({ lr }) => lr),
    );
  }

  /** Tells how the training ended; a second time does nothing. */
  async end(outcome: Omit<Outcome, "seconds">): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#follower.end({ ...outcome, seconds: this.clock.seconds() });
  }
}
