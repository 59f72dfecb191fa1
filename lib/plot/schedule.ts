import { ArgumentError } from "../errors.js";
import { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedulers/registry.js";
import { SGD } from "../optim/sgd.js";
import { checkFunction, checkList, checkNumber, checkOptions, describe, isPlainObject } from "../options.js";
import { tensor } from "../tensor/create.js";
import { Plot } from "./plot.js";
import { checkTitle, readScale, type Scale, type TitleOptions } from "./read.js";
import { byColour, type Frame, LOG_SCALE, largest, logTicks, type Part, shown, wholeTicks } from "./spec.js";

/** Makes a schedule of an optimizer: `(optimizer) => new optim.StepLR(optimizer, { stepSize: 30 })`. */
export type MakeSchedule = (optimizer: Optimizer) => Schedule;

export interface SchedulePlotOptions extends TitleOptions {
  /** How often `step()` is called: epochs or steps, as the schedule is meant. Default: 100. */
  readonly steps?: number;
  /** The learning rate that the optimizer begins with. Default: 0.1. */
  readonly lr?: number;
  /** The scale of the rates. Default: `"linear"`. */
  readonly scale?: Scale;
  /** What is given to `step(figure)` each time, for schedules that go by a figure, such as `ReduceLROnPlateau`. */
  readonly figures?: readonly number[];
}

export interface ScheduleData {
  /** The rate before each step, and after the last: steps + 1 numbers. */
  readonly schedules: readonly { readonly name: string; readonly rates: Float64Array }[];
}

/**
 * The learning rates of a schedule, or of several by their names, step by step. They are run with an optimizer of their
 * own, `SGD` with a momentum of 0.9, so nothing of a training changes.
 * @throws ArgumentError, OptionError, and what the schedule throws
 * @example
 * const figure = plot.schedule(
 *   { step: (o) => new optim.StepLR(o, { stepSize: 2, gamma: 0.5 }), cosine: (o) => new optim.CosineAnnealingLR(o, { tMax: 4 }) },
 *   { steps: 4, lr: 1 },
 * );
 * figure.data.schedules[0].rates;   // [1, 1, 0.5, 0.5, 0.25]
 */
export function schedule(
  make: MakeSchedule | Readonly<Record<string, MakeSchedule>>,
  options: SchedulePlotOptions = {},
): Plot<ScheduleData> {
  const where = "schedule";
  checkOptions(where, options, ["steps", "lr", "scale", "figures", "title"]);
  const title = checkTitle(where, options, "Learning rate");
  const scale = readScale(where, options.scale ?? "linear");
  const steps = checkNumber(where, "steps", options.steps ?? 100, { min: 1, max: 1e5, integer: true });
  const lr = checkNumber(where, "lr", options.lr ?? 0.1, { min: 0 });
  const figures = readFigures(where, options.figures, steps);
  const named: [string, unknown][] = isPlainObject(make) ? Object.entries(make) : [["learning rate", make]];
  if (named.length === 0) throw new ArgumentError(`${where}: expected at least one schedule, got none`);
  const schedules = named.map(([name, one]) => {
    checkFunction(where, isPlainObject(make) ? `the schedule ${describe(name)}` : "the schedule", one);
    return { name, rates: ratesOf(where, one as MakeSchedule, { steps, lr, figures }) };
  });
  return new Plot({
    data: { schedules },
    title,
    subtitle: "",
    description: schedules
      .map(
        ({ name, rates }) =>
          `${name} begins with ${shown(rates[0] as number)} and ends with ${shown(rates.at(-1) as number)} after ${steps} steps; the largest is ${shown(largest(rates))}.`,
      )
      .join(" "),
    draw: (frame) => draw(schedules, scale, frame),
  });
}

function readFigures(where: string, given: unknown, steps: number): readonly number[] | null {
  if (given === undefined) return null;
  const figures = checkList(where, "figures to be a list of numbers", given);
  if (figures.length < steps) {
    throw new ArgumentError(`${where}: expected a figure for each of ${steps} steps, got ${figures.length}`);
  }
  return figures.map((figure) => checkNumber(where, "figures", figure));
}

interface Course {
  readonly steps: number;
  readonly lr: number;
  readonly figures: readonly number[] | null;
}

function ratesOf(where: string, make: MakeSchedule, { steps, lr, figures }: Course): Float64Array {
  const optimizer = new SGD([tensor([0], { requiresGrad: true })], { lr, momentum: 0.9 });
  const made: unknown = make(optimizer as Optimizer);
  if (typeof (made as Partial<Schedule> | null)?.step !== "function" || !(optimizer instanceof Optimizer)) {
    throw new ArgumentError(`${where}: expected the function to make a schedule, got ${describe(made)}`);
  }
  const rates = new Float64Array(steps + 1);
  rates[0] = optimizer.lr;
  for (let step = 0; step < steps; step++) {
    if (figures === null) (made as Schedule).step();
    else (made as Schedule).step(figures[step] as number);
    rates[step + 1] = optimizer.lr;
  }
  return rates;
}

function draw(schedules: ScheduleData["schedules"], scale: Scale, { width, height }: Frame): Part {
  const names = schedules.map(({ name }) => name);
  const all = schedules.flatMap(({ rates }) => [...rates]);
  const isLog = scale === "log" && all.some((rate) => rate > 0);
  const rows = schedules.flatMap(({ name, rates }) =>
    turns(rates).map((step) => ({ name, step, lr: rates[step] as number })),
  );
  return {
    width,
    height: height ?? Math.round(Math.min(width * 0.5, 320)),
    data: { values: isLog ? rows.filter(({ lr }) => lr > 0) : rows },
    mark: { type: "line", strokeWidth: 2, tooltip: true },
    encoding: {
      x: {
        field: "step",
        type: "quantitative",
        title: "step",
        scale: { nice: false },
        axis: {
          values: wholeTicks(0, (schedules[0]?.rates.length ?? 1) - 1, width),
          format: "d",
          grid: false,
        },
      },
      y: {
        field: "lr",
        type: "quantitative",
        title: "learning rate",
        ...(isLog ? { scale: LOG_SCALE } : {}),
        axis: isLog ? { values: logTicks(all), format: "~g" } : { tickCount: 5, format: "~g" },
      },
      color: byColour("name", names, width, { symbolType: "stroke" }),
    },
  };
}

/** The steps at which the rate does not lie on the line between its neighbours, with the first and the last. */
function turns(rates: Float64Array): number[] {
  return Array.from(rates, (_, i) => i).filter((i) => {
    const [before, here, after] = [rates[i - 1], rates[i] as number, rates[i + 1]];
    return before === undefined || after === undefined || here - before !== after - here;
  });
}
