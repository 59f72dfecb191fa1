// The cases of all modules with PyTorch's answers, for the tests that hold for every module.
import type { nn, Tensor } from "../../lib/index.js";
import { fromOracle } from "../oracle/compare.js";
import { moduleCases, type NetCase, writtenModule } from "../oracle/nets.js";
import { asRead, type ModuleRow, type OracleTensor, readModules } from "../oracle/read.js";

export type FloatDType = "float32" | "float64";

/** A case of a module and PyTorch's answers. */
export interface Answered {
  readonly own: NetCase;
  readonly row: ModuleRow;
}

const answers = new Map(readModules().map((row) => [JSON.stringify(row.case), row]));

function answered(own: NetCase): [title: string, answered: Answered] {
  const row = answers.get(JSON.stringify(asRead(writtenModule(own))));
  if (row === undefined) {
    throw new Error(`the oracle has no answers for this case of ${own.name}: run python test/oracle/make.py`);
  }
  return [`${own.name}: ${row.note}`, { own, row }];
}

/** All cases that have a function, by name. */
export const CASES = moduleCases()
  .filter(({ inputs }) => inputs !== null)
  .map(answered);

/** The module of a case, with its state and in its mode. */
export function build({ own, row }: Answered, dtype: FloatDType = "float64"): nn.Module {
  const module = own.make().to(dtype).train(own.training);
  const entries = Object.entries(row.state).map(([name, value]) => [name, fromOracle(value, dtype)]);
  module.loadStateDict(Object.fromEntries(entries));
  return module;
}

/** The inputs of a call of `forward`; those that are left out are null, as it takes them. */
export function inputsOf(
  { own, row }: Answered,
  { dtype = "float64", scale = 1, requiresGrad = false }: InputOptions = {},
): Tensor[] {
  return Object.keys(own.inputs ?? {}).map((name) => {
    const value = row.inputs[name];
    if (value === undefined) return null as never;
    const isFloat = value.dtype === "float64";
    const data = isFloat ? value.data.map((v) => v * scale) : value.data;
    return fromOracle({ ...value, data }, dtype, requiresGrad && isFloat);
  });
}

interface InputOptions {
  readonly dtype?: FloatDType;
  readonly scale?: number;
  readonly requiresGrad?: boolean;
}

/** The inputs that are tensors of floats, by name. */
export function floatsOf({ own, row }: Answered, inputs: readonly Tensor[]): Map<string, Tensor> {
  const names = Object.keys(own.inputs ?? {});
  return new Map(
    inputs.flatMap((x, i): [string, Tensor][] => {
      const name = names[i] as string;
      return (row.inputs[name] as OracleTensor | undefined)?.dtype === "float64" ? [[name, x]] : [];
    }),
  );
}

/** The state of a module as plain values. */
export const valuesOf = (module: nn.Module): unknown =>
  Object.entries(module.stateDict()).map(([name, w]) => [name, w.toArray()]);
