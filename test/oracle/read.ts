import { readFileSync } from "node:fs";

/** PyTorch's answers as written by make.py. What each field means is in README.md. */

export type OracleDType = "float64" | "int32" | "bool";

/** Row-major. A bool is 0 or 1. */
export interface OracleTensor {
  readonly shape: readonly number[];
  readonly dtype: OracleDType;
  readonly data: readonly number[];
}

export type OracleTensors = Readonly<Record<string, OracleTensor>>;
export type OracleOptions = Readonly<Record<string, number | boolean | string | readonly number[]>>;

export interface Derivatives {
  readonly gradients: OracleTensors;
  readonly tangents: OracleTensors;
  readonly jvp: OracleTensor;
  /** Absent where PyTorch's second derivative is not finite. */
  readonly hvp?: OracleTensors;
}

export interface OpRow extends Partial<Derivatives> {
  readonly op: string;
  readonly note: string;
  readonly options: OracleOptions;
  /** In the order of the call. */
  readonly inputs: OracleTensors;
  readonly y: OracleTensor;
  readonly dy?: OracleTensor;
}

export interface ModuleSpec {
  readonly module: string;
  readonly config: ModuleConfig;
}

export interface ModuleConfig {
  readonly inFeatures?: number;
  readonly outFeatures?: number;
  readonly bias?: boolean;
  readonly startDim?: number;
  readonly endDim?: number;
  readonly points?: number;
  readonly features?: number;
  readonly modules?: readonly ModuleSpec[];
}

export interface ModuleRow extends ModuleSpec {
  readonly note: string;
  readonly parameters: OracleTensors;
  readonly x: OracleTensor;
  readonly y: OracleTensor;
  readonly dy?: OracleTensor;
  readonly dx?: OracleTensor;
  readonly gradients?: OracleTensors;
}

export interface CostRow extends Partial<Derivatives> {
  readonly cost: "squaredError" | "crossEntropy";
  readonly note: string;
  readonly options: { readonly reduction: "none" | "mean" | "sum" };
  readonly inputs: { readonly y: OracleTensor; readonly target: OracleTensor };
  readonly loss: OracleTensor;
  readonly dloss?: OracleTensor;
}

export interface OptimizerOptions {
  readonly lr?: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly weightDecay?: number;
  readonly amsgrad?: boolean;
  readonly maximize?: boolean;
}

export interface OptimizerRow {
  readonly optimizer: "SGD" | "Adam";
  readonly note: string;
  readonly options: OptimizerOptions;
  readonly losses: readonly number[];
  /** Keys are numbers of steps done: "1", "2", "3", "10", "25", "50". */
  readonly after: Readonly<Record<string, { readonly w: OracleTensor; readonly b: OracleTensor }>>;
}

/** Of the optimizers of descents.py. */
export interface DescentRow extends Pick<OptimizerRow, "note" | "losses" | "after"> {
  /** The largest rate of an OneCycleLR over 51 steps, where there is one. */
  readonly oneCycle?: number;
  readonly optimizer: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface OptimizerDocument {
  readonly problem: {
    readonly loss: string;
    readonly x: OracleTensor;
    readonly target: OracleTensor;
    readonly parameters: { readonly w: OracleTensor; readonly b: OracleTensor };
  };
  readonly rows: readonly OptimizerRow[];
}

export interface TrainingDocument {
  readonly network: readonly ModuleSpec[];
  readonly cost: "crossEntropy";
  readonly optimizer: "SGD";
  readonly options: OptimizerOptions;
  readonly batchSize: number;
  readonly x: OracleTensor;
  readonly target: OracleTensor;
  readonly parameters: OracleTensors;
  readonly losses: readonly number[];
  readonly epochs: readonly number[];
  readonly final: OracleTensors;
  readonly y: OracleTensor;
  readonly perSampleLoss: OracleTensor;
  readonly averageLoss: number;
}

export const readOps = (): readonly OpRow[] => read("ops.json");
export const readModules = (): readonly ModuleRow[] => read("modules.json");
export const readCosts = (): readonly CostRow[] => read("costs.json");
export const readOptimizers = (): OptimizerDocument => read("optimizers.json");
export const readDescents = (): readonly DescentRow[] => read("descents.json");
export interface ScheduleRow {
  readonly scheduler: string;
  /** Or, where they are functions, what they are. */
  readonly options: Readonly<Record<string, unknown>> | string;
  /** By epoch and group. */
  readonly rates: readonly (readonly number[])[];
  readonly momenta: readonly (readonly number[])[];
  readonly figures: readonly number[];
}

/** Ten steps of an optimizer with a schedule. */
export interface ResumeRow {
  readonly optimizer: string;
  readonly scheduler: string;
  /** Or, where they are functions or other schedules, what they are. */
  readonly options: Readonly<Record<string, unknown>> | string;
  /** At the end, by group. */
  readonly rates: readonly number[];
  readonly momenta: readonly (number | null)[];
  readonly w: OracleTensor;
  readonly b: OracleTensor;
}

export interface ResumeDocument {
  /** Their options; b has twice the learning rate. */
  readonly optimizers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly figures: readonly number[];
  readonly rows: readonly ResumeRow[];
  /** PyTorch's state dicts after half the steps, tensors as those of the oracle. */
  readonly dicts: readonly {
    readonly optimizer: string;
    readonly half: OracleTensors;
    readonly stateDict: { readonly state: object; readonly param_groups: readonly object[] };
    readonly after: OracleTensors;
  }[];
}

export const readResumes = (): ResumeDocument => read("resumes.json");
export const readSchedules = (): readonly ScheduleRow[] => read("schedules.json");
export const readTraining = (): TrainingDocument => read("training.json");

/** True for a row that holds derivatives, not only a value. */
export function hasDerivatives<R extends OpRow | CostRow>(row: R): row is R & Derivatives {
  return row.gradients !== undefined;
}

/** A name for the row's test, different for each row: `sum: first dim, [3, 5], {"dim":0}`. */
export function titleOf(row: OpRow | CostRow): string {
  const name = "op" in row ? row.op : row.cost;
  const shapes = Object.values<OracleTensor>(row.inputs).map((x) => `[${x.shape.join(", ")}]`);
  const options = Object.keys(row.options).length > 0 ? `, ${JSON.stringify(row.options)}` : "";
  return `${name}: ${row.note}, ${shapes.join(" ")}${options}`;
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"), decode);
}

const SPECIAL: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** JSON has no NaN and no infinity: in data and options they are strings. */
function decode(key: string, value: unknown): unknown {
  return key === "note" ? value : (SPECIAL.get(value) ?? value);
}

export interface FunctionRow {
  readonly function: string;
  readonly inputs: OracleTensors;
  readonly y: OracleTensor;
  readonly dy: OracleTensor;
  readonly tangents: OracleTensors;
  readonly pullback: OracleTensors;
  readonly pushforward: OracleTensor;
  readonly jacobians: OracleTensors;
  /** Of Σ y² with respect to the first input. */
  readonly hessian: OracleTensor;
  /** Several of the first input, and the Jacobian at each. */
  readonly samples: OracleTensor;
  readonly jacobianOfSamples: OracleTensor;
}

export const readFunctions = (): readonly FunctionRow[] => read("functions.json");

type LayerArgument = OracleValue | readonly OracleValue[] | Readonly<Record<string, OracleValue>>;
type OracleValue = number | boolean | string | null;

export interface LayerRow {
  readonly module: string;
  readonly note: string;
  /** Of the constructor. */
  readonly arguments: readonly LayerArgument[];
  readonly training: boolean;
  readonly state: OracleTensors;
  readonly inputs: OracleTensors;
  /** Of calls in a row, in each of which the inputs are twice those before. */
  readonly ys: readonly OracleTensor[];
  readonly dy: OracleTensor;
  /** Of the last call's inputs and of the parameters. */
  readonly gradients: OracleTensors;
  readonly stateAfter: OracleTensors;
}

export const readLayers = (): readonly LayerRow[] => read("layers.json");

export interface LossRow extends Pick<Derivatives, "gradients" | "tangents"> {
  /** Absent where PyTorch has none. */
  readonly jvp?: OracleTensor;
  readonly hvp?: OracleTensors;
  readonly cost: string;
  readonly note: string;
  readonly options: OracleOptions;
  /** Those of the options that are tensors. */
  readonly tensors: OracleTensors;
  /** In the order of the call. */
  readonly inputs: OracleTensors;
  readonly loss: OracleTensor;
  readonly dloss: OracleTensor;
}

export const readLosses = (): readonly LossRow[] => read("losses.json");

/** A point where a mask, a clamp or a tie meets an infinite derivative; see singular.py. */
export interface SingularRow {
  /** `ops.x`, `cost.x`, or what it is. */
  readonly function: string;
  readonly note: string;
  readonly options: OracleOptions;
  /** In the order of the call. */
  readonly inputs: OracleTensors;
  /** The inputs that have derivatives here: one vector, one after the other. */
  readonly moving: readonly string[];
  readonly dy: OracleTensor;
  readonly value: OracleTensor;
  /** Of Σ dy ∘ value. */
  readonly gradient: OracleTensor;
  readonly hessian: OracleTensor;
}

export const readSingular = (): readonly SingularRow[] => read("singular.json");
