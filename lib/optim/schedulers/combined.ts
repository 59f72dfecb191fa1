import { ArgumentError } from "../../errors.js";
import { describe } from "../../options.js";
import { LRScheduler } from "./lr-scheduler.js";
import type { OptionTable } from "./options.js";

type State = Readonly<Record<string, unknown>>;

/** Schedules of one optimizer that are stepped, saved and loaded together. */
export abstract class CombinedSchedule<Table extends OptionTable = OptionTable> extends LRScheduler<Table> {
  /** Its parts. @internal */
  abstract readonly schedules: readonly LRScheduler[];

  /** @internal */
  override get form(): string {
    return `${this.kind}(${this.schedules.map(({ form }) => form).join(", ")})`;
  }

  /** @internal */
  override remember(): () => void {
    const restore = [super.remember(), ...this.schedules.map((one) => one.remember())];
    return () => {
      for (const each of restore) each();
    };
  }

  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), _schedulers: this.schedules.map((one) => one.stateDict()) };
  }

  /** @internal */
  override read(state: State): () => void {
    const put = super.read(state);
    const parts = state["_schedulers"];
    if (!Array.isArray(parts) || parts.length !== this.schedules.length) {
      throw new ArgumentError(
        `${this.kind}: expected _schedulers to hold ${this.schedules.length} states, got ${describe(parts)}`,
      );
    }
    const all = this.schedules.map((one, i) => one.read(parts[i]));
    return () => {
      for (const each of all) each();
      put();
    };
  }

  protected rate(before: number): number {
    return before;
  }
}

/** @throws ArgumentError unless all are schedules of the optimizer. */
export function checkSchedules(name: string, schedules: readonly unknown[], optimizer: unknown): void {
  for (const one of schedules) {
    if (!(one instanceof LRScheduler)) {
      throw new ArgumentError(`${name}: expected a list of schedulers, one is ${describe(one)}`);
    }
    if (one.optimizer !== optimizer) {
      throw new ArgumentError(`${name}: expected schedulers of one optimizer`);
    }
  }
}
