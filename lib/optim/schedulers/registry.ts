// What the file of a schedule says of it besides its class: how it is made in the tests that hold for all schedules.
// Classes of a user need none of this.
import type { Optimizer } from "../optimizer.js";

/** What all schedules can do. */
export interface Schedule {
  readonly optimizer: Optimizer;
  /** Its name, for a combined one with those of its parts. @internal */
  readonly form?: string;
  /** @param figure That of the epoch, for schedules that go by one. */
  step(figure?: number): void;
  getLastLr(): number[];
  stateDict(): Record<string, unknown>;
  loadStateDict(state: Readonly<Record<string, unknown>>): void;
}

/** A schedule whose arguments are more than options, with PyTorch's: a Python function of the optimizer. */
export interface MadeSchedule {
  readonly note: string;
  readonly make: (optimizer: Optimizer) => Schedule;
  readonly torch: string;
}

export interface ScheduleDescription<Options = object> {
  /** Options, or how it is made: its rates in forty epochs are PyTorch's. */
  readonly cases: () => readonly (Options | MadeSchedule)[];
  /** The same for runs of ten steps with every optimizer, which stop and go on. */
  readonly runs: () => readonly (Options | MadeSchedule)[];
}

type ScheduleClass = new (...args: never[]) => Schedule;

// A conditional type: TypeScript knows the class before it looks at the options.
type DescriptionOf<C> = C extends new (
  optimizer: never,
  options: infer Options,
) => Schedule
  ? ScheduleDescription<Extract<Options, object>>
  : ScheduleDescription<never>;

const descriptions = new Map<unknown, ScheduleDescription>();

/** Says how a schedule is made. */
export function registerSchedule<C extends ScheduleClass>(kind: C, description: DescriptionOf<C>): void;
export function registerSchedule(kind: unknown, description: ScheduleDescription): void {
  descriptions.set(kind, description);
}

/** What the file of a schedule says of it; undefined where it says nothing. */
export function scheduleDescription(kind: unknown): ScheduleDescription | undefined {
  return descriptions.get(kind);
}
