import { ArgumentError, DataError } from "../errors.js";
import type { FoundLearningRate } from "../optim/find-learning-rate.js";
import { checkList, checkNumber, checkOptions, describe } from "../options.js";
import { Plot } from "./plot.js";
import { checkTitle, readScale, type Scale, type TitleOptions } from "./read.js";
import { colour, type Frame, finite, LOG_SCALE, logTicks, type Part, shown } from "./spec.js";

export interface LrFinderOptions extends TitleOptions {
  /** The scale of the losses. Default: `"linear"`. */
  readonly scale?: Scale;
}

/**
 * The loss at each learning rate that `optim.findLearningRate` tried, and the rate that it suggests: where the loss falls
 * fastest (Smith, 2017).
 * @throws ArgumentError, OptionError, DataError
 * @example
 * const optimizer = new optim.SGD(model.parameters());
 * const step = () => {
 *   const loss = cost.crossEntropy(model.forward(x), y);
 *   optimizer.zeroGrad();
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * };
 * const found = optim.findLearningRate(optimizer, step, { min: 1e-3, max: 1, steps: 20 });
 * plot.lrFinder(found).data.rates.length === found.rates.length;   // true
 */
export function lrFinder(found: FoundLearningRate, options: LrFinderOptions = {}): Plot<FoundLearningRate> {
  const where = "lrFinder";
  checkOptions(where, options, ["scale", "title"]);
  const title = checkTitle(where, options, "Loss by learning rate");
  const scale = readScale(where, options.scale ?? "linear");
  const data = readFound(where, found);
  const { suggestion, rates, losses } = data;
  return new Plot({
    data,
    title,
    subtitle: `The loss falls fastest at ${shown(suggestion)}.`,
    description: `The averaged loss for ${rates.length} learning rates from ${shown(rates[0] as number)} to ${shown(rates.at(-1) as number)}: from ${shown(losses[0] as number)} to ${shown(losses.at(-1) as number)}. It falls fastest at ${shown(suggestion)}.`,
    draw: (frame) => draw(data, scale, frame),
  });
}

function readFound(where: string, found: unknown): FoundLearningRate {
  if (typeof found !== "object" || found === null) {
    throw new ArgumentError(`${where}: expected what findLearningRate gives, got ${describe(found)}`);
  }
  const { rates, losses, suggestion } = found as Partial<FoundLearningRate>;
  const list = (name: string, value: unknown): readonly unknown[] =>
    checkList(where, `${name} to be a list of numbers`, value);
  const own = {
    rates: list("rates", rates).map((rate) => checkNumber(where, "rates", rate, { above: 0 })),
    // A loss that is NaN or infinite is a gap.
    losses: list("losses", losses).map((loss) =>
      typeof loss === "number" ? loss : checkNumber(where, "losses", loss),
    ),
    suggestion: checkNumber(where, "suggestion", suggestion, { above: 0 }),
  };
  if (own.rates.length === own.losses.length && own.rates.length > 0) return own;
  throw new DataError(
    `${where}: expected a loss for each rate, got ${own.losses.length} losses and ${own.rates.length} rates`,
  );
}

function draw(
  { rates, losses, suggestion }: FoundLearningRate,
  scale: Scale,
  { width, height }: Frame,
): Part {
  const rows = rates.map((rate, i) => ({ rate, loss: finite(losses[i] as number) }));
  const x = {
    field: "rate",
    type: "quantitative",
    title: "learning rate",
    scale: { type: "log", domain: [rates[0] as number, rates.at(-1) as number], nice: false },
    axis: { values: logTicks(rates), format: "~g", grid: false },
  };
  const isLog = scale === "log" && !losses.some((loss) => loss <= 0) && losses.some(Number.isFinite);
  const y = {
    field: "loss",
    type: "quantitative",
    title: "loss",
    scale: isLog ? LOG_SCALE : { zero: false },
    axis: isLog ? { values: logTicks(losses), format: "~g" } : { tickCount: 5 },
  };
  const at = rates.indexOf(suggestion);
  const marked = { rate: suggestion, loss: finite(losses[Math.max(0, at)] as number) };
  return {
    width,
    height: height ?? Math.round(Math.min(width * 0.55, 360)),
    layer: [
      {
        data: { values: rows },
        mark: { type: "line", stroke: colour("series1"), strokeWidth: 2, tooltip: true },
        encoding: { x, y },
      },
      {
        data: { values: [marked] },
        mark: { type: "rule", stroke: colour("series2"), strokeDash: [4, 4], strokeWidth: 1.5 },
        encoding: { x },
      },
      {
        data: { values: [marked] },
        mark: {
          type: "point",
          filled: true,
          size: 80,
          opacity: 1,
          fill: colour("series2"),
          stroke: colour("page"),
          strokeWidth: 1.5,
          tooltip: true,
        },
        encoding: { x, y },
      },
    ],
  };
}
