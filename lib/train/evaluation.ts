import type { InspectOptionsStylized } from "node:util";
import { inspected, table } from "../metrics/table.js";
import type { MetricResults, Metrics, MetricsByTarget } from "./metrics.js";

/**
 * The loss over the set under `"loss"`, and each metric under its name; of several targets their losses and metrics, as
 * `"kind.loss"` and `"kind.accuracy"`. A plain object, whose text and `console.log` is
 * a table.
 */
export type Evaluation<M extends Metrics | MetricsByTarget = Metrics> = Readonly<
  { loss: number } & MetricResults<M>
>;

/** An object with a text, which is no property that one sees. */
export function printedAs<T extends object>(value: T, text: () => string): T {
  const inspect = (depth: number, options?: InspectOptionsStylized): string =>
    inspected("Evaluation", text, depth, options);
  return Object.defineProperties(value, {
    toString: { value: text },
    [Symbol.for("nodejs.util.inspect.custom")]: { value: inspect },
  });
}

/** Figures with a table for their text. */
export const printed = <T extends Readonly<Record<string, unknown>>>(figures: T): T =>
  printedAs(figures, () => textOf(figures));

const FIGURES = 6;

/** Numbers are a table; what else a metric gives follows under its name. */
function textOf(figures: Readonly<Record<string, unknown>>): string {
  const numbers: [string, string][] = [];
  const others: string[] = [];
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value === "number")
      numbers.push([name.padEnd(width), String(Number(value.toPrecision(FIGURES)))]);
    else others.push(`${name}\n${Array.isArray(value) ? value.join("  ") : String(value)}`);
  }
  return [table(numbers), ...others].join("\n\n");
}
