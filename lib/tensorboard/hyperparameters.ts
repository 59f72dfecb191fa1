import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";
import { encodeMessage, type HyperparametersMessage, type PlainValue, type SummaryValue } from "./schema.js";

/** Values of hyperparameters by name. */
export type Hyperparameters = Readonly<Record<string, number | string | boolean>>;

// The plugin's tags (tensorboard/plugins/hparams/metadata.py) and the numbers of its enumerations.
const PLUGIN = "hparams";
const EXPERIMENT = "_hparams_/experiment";
const SESSION_START = "_hparams_/session_start_info";
const SESSION_END = "_hparams_/session_end_info";
const TYPES = { string: 1, boolean: 2, number: 3 } as const;
const SUCCESS = 1;

function valueOf(where: string, name: string, value: unknown): PlainValue {
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  throw new ArgumentError(
    `${where}: expected ${name} to be a number, a text, true or false, got ${describe(value)}`,
  );
}

/** What the hyperparameters' table needs to know of a run: an experiment, a session's begin and its end. */
export function hyperparameterSummaries(
  where: string,
  hyperparameters: Hyperparameters,
  metrics: readonly string[],
): SummaryValue[] {
  const values = Object.entries(hyperparameters).map(
    ([name, value]) => [name, valueOf(where, name, value)] as const,
  );
  const summary = (tag: string, data: Omit<HyperparametersMessage, "version">): SummaryValue => ({
    tag,
    metadata: {
      pluginData: {
        pluginName: PLUGIN,
        content: encodeMessage(where, "HParamsPluginData", { version: 0, ...data }),
      },
    },
  });
  const hparamInfos = Object.entries(hyperparameters).map(([name, value]) => ({
    name,
    type: TYPES[typeof value as keyof typeof TYPES],
  }));
  return [
    summary(EXPERIMENT, {
      experiment: { hparamInfos, metricInfos: metrics.map((tag) => ({ name: { tag } })) },
    }),
    summary(SESSION_START, { sessionStartInfo: { hparams: Object.fromEntries(values) } }),
    summary(SESSION_END, { sessionEndInfo: { status: SUCCESS } }),
  ];
}
