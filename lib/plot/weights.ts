import { ArgumentError } from "../errors.js";
import { Module } from "../nn/module.js";
import { checkChoice, checkList, checkNumber, checkOptions, describe, isInstance } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { heatView } from "./heat.js";
import { type Distribution, distributionOf, histogramViews } from "./histograms.js";
import { Plot } from "./plot.js";
import { checkTitle, type TitleOptions } from "./read.js";
import { type Frame, type Part, shown } from "./spec.js";

export interface WeightsOptions extends TitleOptions {
  /** Names of parameters, as `"m0.weight"`, or of modules, as `"m0"`. Default: all parameters. */
  readonly parameters?: readonly string[];
  /**
   * `"histogram"`: how the numbers of each parameter are spread. `"matrix"`: each as a picture of its elements, the first
   * axis down, all others together across. Default: `"histogram"`.
   */
  readonly kind?: "histogram" | "matrix";
  /** Bins of a histogram, from 2 to 200. Default: 30. */
  readonly bins?: number;
}

export interface WeightsData {
  readonly parameters: readonly Distribution[];
}

/**
 * The parameters of a model: how their numbers are spread, or the numbers themselves.
 * @throws ArgumentError, OptionError; BusyError, DetachedError for parameters that cannot be read now
 * @example
 * const figure = plot.weights(new nn.Linear(3, 2));
 * figure.data.parameters.map(({ name }) => name);   // ["weight", "bias"]
 */
export function weights(model: Module<never, unknown>, options: WeightsOptions = {}): Plot<WeightsData> {
  const where = "weights";
  if (!isInstance(model, Module))
    throw new ArgumentError(`${where}: expected a Module, got ${describe(model)}`);
  checkOptions(where, options, ["parameters", "kind", "bins", "title"]);
  const title = checkTitle(where, options, "Weights");
  const kind = checkChoice(where, "kind", options.kind ?? "histogram", ["histogram", "matrix"]);
  const bins = checkNumber(where, "bins", options.bins ?? 30, { min: 2, max: 200, integer: true });
  const chosen = choose(where, [...model.namedParameters()], options.parameters);
  const values = chosen.map(([, parameter]) => Float64Array.from(parameter.storage.forReading()));
  const parameters = chosen.map(([name, { shape }], i) =>
    distributionOf(name, shape, values[i] as Float64Array, bins),
  );
  return new Plot({
    data: { parameters },
    title,
    subtitle: "",
    description: parameters
      .map(
        ({ name, shape, mean, deviation, min, max }) =>
          `${name} [${shape.join(", ")}]: mean ${shown(mean)}, standard deviation ${shown(deviation)}, from ${shown(min)} to ${shown(max)}.`,
      )
      .join(" "),
    draw: (frame) =>
      kind === "histogram" ? histogramViews(parameters, frame) : matrices(parameters, values, frame),
  });
}

function choose(
  where: string,
  named: readonly [string, Tensor][],
  names: unknown,
): readonly [string, Tensor][] {
  const all = named.filter(([, { size }]) => size > 0);
  if (all.length === 0)
    throw new ArgumentError(`${where}: expected a model with parameters, got one without`);
  if (names === undefined) return all;
  const wanted = checkList(where, "parameters to be a list of names", names);
  const found = wanted.flatMap((name) => {
    const own = all.filter(
      ([key]) => key === name || (typeof name === "string" && key.startsWith(`${name}.`)),
    );
    if (own.length > 0) return own;
    throw new ArgumentError(
      `${where}: no parameter is named ${describe(name)}; there are ${all.map(([key]) => key).join(", ")}`,
    );
  });
  if (found.length === 0)
    throw new ArgumentError(`${where}: expected at least one name of a parameter, got none`);
  return found.filter((one, i) => found.indexOf(one) === i);
}

function matrices(parameters: readonly Distribution[], values: readonly Float64Array[], frame: Frame): Part {
  return {
    spacing: 20,
    vconcat: parameters.map(({ name, shape }, i) => {
      const own = values[i] as Float64Array;
      const rows = shape.length < 2 ? 1 : (shape[0] as number);
      const matrix = { rows, columns: own.length / rows, values: own };
      return {
        title: { text: `${name} [${shape.join(", ")}]`, fontSize: 12, offset: 4 },
        ...heatView(
          matrix,
          { row: rows === 1 ? "" : "output", column: rows === 1 ? "element" : "input" },
          frame,
        ),
      };
    }),
    resolve: { scale: { color: "independent" }, legend: { color: "independent" } },
  };
}
