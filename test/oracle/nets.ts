// The cases of modules, costs, optimizers and schedules, as their files say them: for the tests, and written as JSON for
// the oracle (`npx tsx test/oracle/nets.ts`).
import process from "node:process";
import { type CostCase, type CostDescription, costDescription } from "../../lib/cost/registry.js";
import { cost, nn, optim, Tensor } from "../../lib/index.js";
import { type ModuleCase, type ModulePart, moduleDescription } from "../../lib/nn/registry.js";
import type { CaseTensors, Draw } from "../../lib/ops/cases.js";
import { type OptimizerDescription, optimizerDescription } from "../../lib/optim/registry.js";
import {
  type MadeSchedule,
  type Schedule,
  scheduleDescription,
} from "../../lib/optim/schedulers/registry.js";
import { fromOracle } from "./compare.js";
import { DRAWS, draw, Source } from "./draw.js";

type Class<Made> = new (...args: never[]) => Made;

/** The exports that are classes of a kind, by name; another name of one of them is not another class. */
function classesIn<Made>(
  exports: object,
  isOne: (prototype: object) => boolean,
): readonly (readonly [name: string, kind: Class<Made>])[] {
  return Object.entries(exports).filter(
    ([name, value]) =>
      typeof value === "function" && value.name === name && isOne((value.prototype ?? {}) as object),
  );
}

function described<D>(name: string, description: D | undefined): D {
  if (description === undefined) throw new Error(`${name} is exported, but its file does not register it`);
  return description;
}

/** A case of a module, with all that its description leaves out. */
export interface NetCase
  extends Required<Pick<ModuleCase, "arguments" | "training" | "calls" | "hasDerivatives">> {
  readonly name: string;
  /** The module, made anew, and so are modules and tensors among its arguments. */
  make(): nn.Module;
  /** PyTorch's class, a Python expression. */
  readonly torch: string;
  readonly note: string | undefined;
  /** Null for a class that has no function of its own. */
  readonly inputs: CaseTensors | null;
  readonly state: CaseTensors;
}

/** The arguments of a case, with tensors and modules made anew. */
export const argumentsOf = ({ arguments: args = [] }: Pick<ModuleCase, "arguments">): unknown[] =>
  args.map(made);

function made(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(made);
  if (typeof value !== "object" || value === null) return value;
  if ("draw" in value) return fromOracle(draw(value as Draw, new Source("an argument")));
  if ("module" in value) {
    const { module, arguments: args = [] } = value as ModulePart;
    const kind = (nn as Readonly<Record<string, unknown>>)[module] as Class<nn.Module>;
    return new kind(...(args.map(made) as never[]));
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, made(item)]));
}

/** The cases of all modules. */
export function moduleCases(): NetCase[] {
  const classes = classesIn<nn.Module>(nn, (prototype) => prototype instanceof nn.Module);
  return classes.flatMap(([name, kind]) => {
    const description = described(`nn.${name}`, moduleDescription(kind));
    const { inputs = { x: [3, 4] }, torch = `nn.${name}`, cases = () => [[]] } = description;
    const all = (): readonly ModuleCase[] =>
      cases(DRAWS).map((one) => ("length" in one ? { arguments: one } : one));
    return all().map(
      (own): NetCase => ({
        name,
        make: () => new kind(...(argumentsOf(own) as never[])),
        torch,
        note: own.note,
        arguments: own.arguments ?? [],
        inputs: own.inputs ?? inputs,
        state: own.state ?? {},
        training: own.training ?? true,
        calls: own.calls ?? 1,
        hasDerivatives: own.hasDerivatives ?? true,
      }),
    );
  });
}

/** A cost with one of its cases. */
export interface LossCase extends CostCase {
  readonly name: string;
  readonly description: CostDescription;
  readonly reduction: string;
}

/** Makes costs, and is none. */
const MAKER = "defineCost";

/** All costs, with each reduction. */
export function costCases(): LossCase[] {
  return Object.entries(cost)
    .filter(([name]) => name !== MAKER)
    .flatMap(([name, own]) => {
      const description = described(`cost.${name}`, costDescription(own));
      const { reductions = ["none", "mean", "sum"] } = description;
      return description
        .cases(DRAWS)
        .flatMap((one) => reductions.map((reduction) => ({ ...one, name, description, reduction })));
    });
}

export interface DescentKind {
  readonly name: string;
  readonly description: OptimizerDescription;
  make(parameters: unknown, options?: object): optim.Optimizer;
}

/** All optimizers. */
export function optimizers(): DescentKind[] {
  const classes = classesIn<optim.Optimizer>(optim, (prototype) => prototype instanceof optim.Optimizer);
  return classes.map(([name, kind]) => ({
    name,
    make: (parameters, options = {}) => new kind(...([parameters, options] as never[])),
    description: described(`optim.${name}`, optimizerDescription(kind)),
  }));
}

export interface ScheduleCase {
  readonly name: string;
  /** What is special about it: its options, or its note. */
  readonly note: string;
  readonly options: Readonly<Record<string, unknown>> | null;
  /** PyTorch's, a Python function of the optimizer; undefined where the options make it. */
  readonly torch: string | undefined;
  /** @param moving More options, where there are options. */
  make(optimizer: optim.Optimizer, moving?: object): Schedule;
}

/** All schedules: for forty epochs, or for runs of ten steps with an optimizer. */
export function schedules(which: "cases" | "runs"): ScheduleCase[] {
  const isSchedule = (prototype: object): boolean => "getLastLr" in prototype;
  return classesIn<Schedule>(optim, isSchedule)
    .filter(([name]) => name !== optim.LRScheduler.name)
    .flatMap(([name, kind]) => {
      const description = described(`optim.${name}`, scheduleDescription(kind));
      return description[which]().map((one): ScheduleCase => {
        if ("make" in one) {
          const { note, make, torch } = one as MadeSchedule;
          return { name, note, options: null, torch, make };
        }
        return {
          name,
          note: JSON.stringify(one),
          options: { ...one },
          torch: undefined,
          make: (optimizer, moving) => new kind(...([optimizer, { ...one, ...moving }] as never[])),
        };
      });
    });
}

/** A value as the oracle reads it: tensors as they are there, no functions. */
export function written(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (value instanceof Tensor) {
    return { shape: value.shape, dtype: value.dtype, data: [...value.data].map(written) };
  }
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([, item]) => typeof item !== "function" && item !== undefined,
  );
  return Object.fromEntries(entries.map(([name, item]) => [name, written(item)]));
}

/** What the answers of a case depend on. */
export const writtenModule = ({ hasDerivatives, ...own }: NetCase): unknown => written(own);

export const writtenCost = ({ description, ...own }: LossCase): unknown => {
  const { torch, constants = [] } = description;
  return written({ torch, constants, ...own });
};

const writtenOptimizer = ({ name, description }: DescentKind): unknown => {
  const { torch = `torch.optim.${name}`, cases, ...own } = description;
  return written({ name, torch, ...own, cases: cases() });
};

if (process.argv[1]?.endsWith("nets.ts")) {
  const all = {
    modules: moduleCases()
      .filter(({ inputs }) => inputs !== null)
      .map(writtenModule),
    costs: costCases().map(writtenCost),
    optimizers: optimizers().map(writtenOptimizer),
    schedules: schedules("cases").map(written),
    runs: schedules("runs").map(written),
  };
  process.stdout.write(JSON.stringify(all));
}
