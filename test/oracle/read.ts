import { existsSync, readdirSync, readFileSync } from "node:fs";

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

/** An argument of a call: a tensor, a list of them, a number, a list of numbers, text, or an object of options. */
export type Argument =
  | OracleTensor
  | readonly OracleTensor[]
  | number
  | boolean
  | string
  | readonly number[]
  | OracleOptions;

/** A call of an op. Where it has derivatives, they are by the tensors that `moving` numbers, in its order. */
export interface OpRow {
  readonly op: string;
  readonly note: string;
  /** In the order of the call. */
  readonly args: readonly Argument[];
  /** The results, in their order; absent where PyTorch refuses the call. */
  readonly y?: readonly OracleTensor[];
  /** PyTorch's error. */
  readonly refused?: string;
  /** Numbers among all tensors of the arguments. */
  readonly moving?: readonly number[];
  readonly dy?: OracleTensor;
  readonly gradients?: readonly OracleTensor[];
  readonly tangents?: readonly OracleTensor[];
  readonly jvp?: OracleTensor;
  /** Absent where PyTorch's second derivative is not finite. */
  readonly hvp?: readonly OracleTensor[];
}

/** A row with a value. */
export type ValueRow = OpRow & Required<Pick<OpRow, "y">>;
/** A row with derivatives. */
export type DerivativeRow = ValueRow &
  Required<Pick<OpRow, "moving" | "dy" | "gradients" | "tangents" | "jvp">>;

export interface ModuleRow {
  /** Which case of the module's file it is, as `writtenModule` writes it. */
  readonly case: { readonly name: string };
  readonly note: string;
  /** As PyTorch prints it. */
  readonly repr: string;
  readonly state: OracleTensors;
  readonly inputs: OracleTensors;
  /** Of calls in a row, in each of which the inputs are twice those before. */
  readonly ys: readonly OracleTensor[];
  /** Absent where the output is not of floats. */
  readonly dy?: OracleTensor;
  /** Of the last call's inputs and of the parameters. */
  readonly gradients?: OracleTensors;
  readonly stateAfter: OracleTensors;
}

export interface CostRow extends Partial<Derivatives> {
  /** Which case of the cost's file it is, as `writtenCost` writes it. */
  readonly case: object;
  /** In the order of the call. */
  readonly inputs: OracleTensors;
  /** Those of the options that are tensors. */
  readonly tensors: OracleTensors;
  readonly loss: OracleTensor;
  /** Absent where the row is for the value only. */
  readonly dloss?: OracleTensor;
}

interface Weights {
  readonly w: OracleTensor;
  readonly b: OracleTensor;
}

/** Fifty steps. */
export interface DescentRow {
  readonly optimizer: string;
  readonly options: object;
  readonly losses: readonly number[];
  /** Keys are numbers of steps done: "1", "2", "3", "10", "25", "50". */
  readonly after: Readonly<Record<string, Weights>>;
  /** The largest rate of an OneCycleLR over 51 steps, where there is one. */
  readonly oneCycle?: number;
}

/** Ten steps of an optimizer with a schedule. */
export interface RunRow extends Weights {
  readonly optimizer: string;
  readonly scheduler: string;
  readonly note: string;
  /** At the end, by group. */
  readonly rates: readonly number[];
  readonly momenta: readonly (number | null)[];
}

export interface OptimizerDocument {
  readonly problem: {
    readonly x: OracleTensor;
    readonly target: OracleTensor;
    readonly parameters: Weights;
  };
  /** What schedules that go by a figure see in the runs. */
  readonly figures: readonly number[];
  readonly rows: readonly DescentRow[];
  readonly runs: readonly RunRow[];
  /** PyTorch's state dicts after half the steps, tensors as those of the oracle. */
  readonly dicts: readonly {
    readonly optimizer: string;
    readonly half: Weights;
    readonly stateDict: { readonly state: object; readonly param_groups: readonly object[] };
    readonly after: Weights;
  }[];
}

export interface ScheduleDocument {
  readonly figures: readonly number[];
  readonly rows: readonly {
    readonly scheduler: string;
    readonly note: string;
    /** By epoch and group. */
    readonly rates: readonly (readonly number[])[];
    readonly momenta: readonly (readonly number[])[];
  }[];
}

export interface TrainingDocument {
  readonly network: readonly {
    readonly module: string;
    readonly config: { readonly inFeatures?: number; readonly outFeatures?: number };
  }[];
  readonly cost: "crossEntropy";
  readonly optimizer: "SGD";
  readonly options: { readonly lr: number; readonly momentum: number };
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

/** PyTorch's answers to the cases of an op; none where the op has none. */
export function readOp(op: string): readonly OpRow[] {
  const file = `ops/${op}.json`;
  if (!existsSync(new URL(file, import.meta.url))) return [];
  return read<Omit<OpRow, "op">[]>(file).map((row) => ({ op, ...row }));
}

/** Of all ops. */
export const readOps = (): readonly OpRow[] =>
  readdirSync(new URL("ops", import.meta.url))
    .sort()
    .flatMap((file) => readOp(file.replace(/\.json$/, "")));

export const hasValue = (row: OpRow): row is ValueRow => row.y !== undefined;

export const isDifferentiated = (row: OpRow): row is DerivativeRow => row.gradients !== undefined;

/** A name for the row's test. */
export const nameOf = (row: Pick<OpRow, "op" | "note">): string => `${row.op}: ${row.note}`;

export const readModules = (): readonly ModuleRow[] => read("modules.json");
export const readCosts = (): readonly CostRow[] => read("costs.json");
export const readOptimizers = (): OptimizerDocument => read("optimizers.json");
export const readSchedules = (): ScheduleDocument => read("schedules.json");
export const readTraining = (): TrainingDocument => read("training.json");

/** A value as it is after it was written and read. */
export const asRead = <T>(value: T): T => parse(JSON.stringify(value));

/** JSON as the oracle writes it. */
export const parse = <T>(text: string): T => JSON.parse(text, decode) as T;

/** A file of the oracle. */
export const readJSON = <T>(file: string): T => read(file);

function read<T>(file: string): T {
  return parse(readFileSync(new URL(file, import.meta.url), "utf8"));
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

/** A run of SciPy's Nelder–Mead; see nelder_mead.py. */
export interface NelderMeadRow {
  readonly function: string;
  readonly x0: readonly number[];
  readonly adaptive: boolean;
  /** Of all coordinates. */
  readonly bounds: readonly [number, number] | null;
  /** Of the first evaluations. */
  readonly values: readonly number[];
  /** All of them. */
  readonly evaluations: number;
  readonly x: readonly number[];
}

export const readNelderMead = (): readonly NelderMeadRow[] => read("nelder-mead.json");

/** One of BBOB's functions in d dimensions; see bbob.py. Each list is by instance, from 1. */
export interface BbobRow {
  readonly function: number;
  readonly d: number;
  readonly fopt: readonly number[];
  /** Σ i · xopt_i, i from 1. */
  readonly xopt: readonly number[];
  /** At the start, at twice it, and at xopt + 10⁻³ · start. */
  readonly values: readonly (readonly number[])[];
}

export const readBbob = (): readonly BbobRow[] => read("bbob.json");

export const readSingular = (): readonly SingularRow[] => read("singular.json");

/** A random smooth game; what its costs are stands in games.py. */
export interface GameRow {
  readonly name: string;
  /** The number of parameters of each player. */
  readonly sizes: readonly number[];
  readonly zeroSum: boolean;
  readonly b: readonly OracleTensor[];
  readonly m: readonly OracleTensor[];
  readonly n: readonly OracleTensor[];
  readonly start: OracleTensor;
  /** The simultaneous gradient at the start, and its Jacobian. */
  readonly field: OracleTensor;
  readonly jacobian: OracleTensor;
  readonly runs: readonly {
    readonly method: string;
    readonly options: OracleOptions;
    readonly order: "simultaneous" | "alternating";
    /** "plain", or its name in optim. */
    readonly optimizer: string;
    /** The optimizer's options besides lr. */
    readonly settings: OracleOptions;
    /** By player. */
    readonly lr: readonly number[];
    /** All parameters after each step. */
    readonly after: readonly OracleTensor[];
  }[];
}

export const readGames = (): readonly GameRow[] => read("games.json");
