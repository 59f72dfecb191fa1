import { grad } from "../autodiff/transforms.js";
import { compile } from "../compiler/compile.js";
import type { Cost } from "../cost/define.js";
import type { AnySamples, Samples } from "../data/dataset.js";
import { ArgumentError, DataError } from "../errors.js";
import type { Module } from "../nn/module.js";
import { square } from "../ops/square.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { checkChoice, checkOptions, describe, isInstance } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import type { Tensor } from "../tensor/tensor.js";
import { partsOf } from "../tensor/tree.js";
import type { CostOf } from "../train/objective.js";
import { Plot } from "./plot.js";
import { sequential } from "./ramps.js";
import { checkTitle, readScale, type Scale, type TitleOptions } from "./read.js";
import { byColour, type Frame, LOG_SCALE, legendOf, logTicks, type Part, shown, wholeTicks } from "./spec.js";
import { LossOf, type LossOptions, WeightSpace } from "./weight-space.js";

export interface GradientLogOptions {
  /** What the cost of each of several targets counts in their sum, in the form of y. Default: 1 each. */
  readonly costWeights?: readonly number[] | Readonly<Record<string, number>>;
}

/**
 * The norms of a model's gradients in the course of a training.
 * @example
 * const log = new plot.GradientLog(model, cost.crossEntropy, { x, y });
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, onStep: { every: 2, run: log.record } });
 * log.names;   // ["m0.weight", "m0.bias", "m1.weight", "m1.bias"]
 */
export class GradientLog {
  readonly #space: WeightSpace;
  readonly #norms: () => Float64Array;
  readonly #rows: Float64Array[] = [];

  /**
   * @param cost with `data`: the gradients of the loss over that set are computed when they are recorded, with the model
   *   in evaluation mode, weighted if the set has weights; of several targets one cost, or one for each. Without both: those that `backward()` left in `.grad` are read; a parameter without one
   *   has NaN.
   * @throws ArgumentError, ShapeError, DataError
   */
  constructor(model: Module<never, unknown>);
  constructor(model: Module<never, Tensor>, cost: CostOf<Tensor, Tensor>, data: Samples);
  constructor(
    model: Module<never, unknown>,
    cost: Cost<never, never> | readonly Cost[] | Readonly<Record<string, Cost>>,
    data: AnySamples,
    options?: GradientLogOptions,
  );
  constructor(model: unknown, cost?: unknown, data?: unknown, options: GradientLogOptions = {}) {
    const where = "GradientLog";
    this.#space = new WeightSpace(where, model);
    checkOptions(where, options, ["costWeights"]);
    const { costWeights } = options;
    const isOfLoss = [cost, data, costWeights].some((one) => one !== undefined);
    this.#norms = isOfLoss
      ? normsOf(where, this.#space, { cost, costWeights, data })
      : () => ownNorms(this.#space);
  }

  /** The parameters that are not frozen, by name. */
  get names(): readonly string[] {
    return this.#space.places.map(({ name }) => name);
  }

  /** The norms ‖∂L/∂w‖₂ of each parameter, in the order of `names`, for each call of `record`. */
  get norms(): readonly Float64Array[] {
    return [...this.#rows];
  }

  /** Keeps the norms of the gradients now. It needs no `this`: `onEpoch: log.record`. */
  readonly record = (): void => {
    this.#rows.push(this.#norms());
  };
}

function normsOf(where: string, space: WeightSpace, options: LossOptions): () => Float64Array {
  const loss = new LossOf(where, space, options);
  const { model } = space;
  const squares = compile(() => {
    const { tensors } = model[partsOf]();
    const of = grad((...w: Tensor[]) => loss.of(w), { argnums: tensors.map((_, i) => i) });
    const gradients = (of as (...w: Tensor[]) => Tensor[])(...tensors.map((one) => one.detach()));
    return gradients.map((one) => sum(square(to(one, "float64"))));
  });
  return () => {
    const state = defaultGenerator.getState();
    try {
      return Float64Array.from(squares(), (one) => Math.sqrt(one.item()));
    } finally {
      defaultGenerator.setState(state);
    }
  };
}

/** The norms of what `backward()` left. */
function ownNorms({ model }: WeightSpace): Float64Array {
  return Float64Array.from(model[partsOf]().tensors, ({ grad: own }) => {
    if (own === null) return Number.NaN;
    let squares = 0;
    for (const value of own.storage.forReading()) squares += value * value;
    return Math.sqrt(squares);
  });
}

export interface GradientsOptions extends TitleOptions {
  /** A line for each module, √(Σ‖·‖²) over its own parameters, or for each parameter. Default: `"module"`. */
  readonly by?: "module" | "parameter";
  /** The scale of the norms. Default: `"log"`. */
  readonly scale?: Scale;
}

export interface GradientsData {
  /** In the order of the model. */
  readonly lines: readonly { readonly name: string; readonly norms: Float64Array }[];
}

/**
 * The norms of the gradients of each module, or each parameter, over time: whether they vanish or explode on the way back
 * through the model.
 * @throws ArgumentError, OptionError; DataError for a log without records
 * @example
 * const log = new plot.GradientLog(model, cost.crossEntropy, { x, y });
 * log.record();
 * plot.gradients(log).data.lines.map(({ name }) => name);   // ["m0", "m1"]
 */
export function gradients(log: GradientLog, options: GradientsOptions = {}): Plot<GradientsData> {
  const where = "gradients";
  if (!isInstance(log, GradientLog)) {
    throw new ArgumentError(`${where}: expected a GradientLog, got ${describe(log)}`);
  }
  checkOptions(where, options, ["by", "scale", "title"]);
  const title = checkTitle(where, options, "Norms of the gradients");
  const by = checkChoice(where, "by", options.by ?? "module", ["module", "parameter"]);
  const scale = readScale(where, options.scale ?? "log");
  const { names, norms } = log;
  if (norms.length === 0) throw new DataError(`${where}: expected a log with records, got none`);
  const groups = new Map<string, number[]>();
  names.forEach((name, i) => {
    const key = by === "parameter" ? name : name.includes(".") ? name.slice(0, name.lastIndexOf(".")) : name;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  const lines = Array.from(groups, ([name, members]) => ({
    name,
    norms: Float64Array.from(norms, (row) => Math.hypot(...members.map((i) => row[i] as number))),
  }));
  return new Plot({
    data: { lines },
    title,
    subtitle: "",
    description: lines
      .map(
        ({ name, norms: own }) =>
          `The norm of ${name} goes from ${shown(own[0] as number)} to ${shown(own.at(-1) as number)}.`,
      )
      .join(" "),
    draw: (frame) => draw(lines, scale, frame),
  });
}

const MOST_COLOURS = 8;
const MOST_POINTS = 600;

function draw(lines: GradientsData["lines"], scale: Scale, { width, height }: Frame): Part {
  const isLog =
    scale === "log" &&
    lines.some(({ norms }) => norms.some((norm) => norm > 0 && norm < Number.POSITIVE_INFINITY));
  const names = lines.map(({ name }) => name);
  const steps = lines[0]?.norms.length ?? 0;
  const every = Math.ceil(steps / MOST_POINTS);
  const rows = lines.flatMap(({ name, norms }) =>
    Array.from(norms, (norm, i) => ({ name, record: i + 1, norm }))
      .filter((_, i) => i % every === 0 || i === steps - 1)
      .map((row) => ({
        ...row,
        norm: Number.isFinite(row.norm) && (row.norm > 0 || !isLog) ? row.norm : null,
      })),
  );
  const all = rows.flatMap(({ norm }) => (norm === null ? [] : [norm]));
  // With many layers the colour goes from the first to the last: neighbours look alike.
  const color =
    names.length <= MOST_COLOURS
      ? byColour("name", names, width, { symbolType: "stroke" })
      : {
          field: "name",
          type: "nominal",
          scale: { domain: names, range: sequential(names.length + LIGHTEST).slice(LIGHTEST) },
          legend: legendOf(names, width, { symbolType: "stroke" }),
        };
  return {
    width,
    height: height ?? Math.round(Math.min(width * 0.55, 360)),
    data: { values: rows },
    mark: { type: "line", strokeWidth: 1.75, point: steps === 1, tooltip: true },
    encoding: {
      x: {
        field: "record",
        type: "quantitative",
        title: "record",
        scale: { domain: steps === 1 ? [0, 2] : [1, steps], nice: false },
        axis: { values: wholeTicks(1, steps, width), format: "d", grid: false },
      },
      y: {
        field: "norm",
        type: "quantitative",
        title: "norm of the gradient",
        ...(isLog ? { scale: LOG_SCALE } : {}),
        axis: isLog ? { values: logTicks(all), format: "~g" } : { tickCount: 5, format: "~g" },
      },
      color,
    },
  };
}

/** The palest colours of a ramp are no colours of lines. */
const LIGHTEST = 6;
