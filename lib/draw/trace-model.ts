// A model's own `forward`, run once without values, as the flow of data through its modules, its ops and its costs.
import { ArgumentError, ShapeError } from "../errors.js";
import { type AnyModule, Module } from "../nn/module.js";
import { recordRun, symbolOf, tensorsIn } from "../nn/record.js";
import { describe, isInstance, isPlainObject } from "../options.js";
import { format, type TensorSpec } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { takeApart } from "../tensor/tree.js";
import { indexed } from "./diagram.js";
import { type Flow, flowOf, type Given, type Section } from "./flow.js";
import { openingBy } from "./opening.js";

/** The arguments of `forward`: each a tensor, or a list or an object of tensors. */
export interface Arguments<L extends TensorSpec = TensorSpec> {
  readonly leaves: readonly L[];
  readonly names: readonly string[];
  build(leaves: readonly Tensor[]): readonly unknown[];
}

/** One cost C(ȳ, y) of a run. */
export interface Term {
  readonly name: string;
  readonly detail?: string;
  /** @param output what `forward` gave. @param targets the targets' leaves. */
  readonly run: (output: unknown, targets: readonly Tensor[]) => Tensor;
  /** What it counts in the sum of the costs of several targets. Default: there is no sum. */
  readonly weight?: number;
  /** What it reads of them. */
  readonly reads: (output: unknown, targets: readonly Tensor[]) => readonly Tensor[];
}

/** A model with what it is given, and its costs. */
export interface Scene {
  readonly model: AnyModule;
  readonly input: Arguments;
  readonly targets: { readonly leaves: readonly TensorSpec[]; readonly names: readonly string[] };
  readonly terms: readonly Term[];
  readonly open: unknown;
}

export const NO_TARGETS: Scene["targets"] = { leaves: [], names: [] };

/** @throws ArgumentError */
export function checkModel(where: string, model: unknown): AnyModule {
  if (isInstance(model, Module)) return model as AnyModule;
  throw new ArgumentError(`${where}: expected model to be a module, got ${describe(model)}`);
}

/**
 * What `forward` takes: a tensor, or a list of the arguments.
 * @throws ArgumentError
 */
export function readArguments(where: string, input: unknown): Arguments<Tensor> {
  const list: unknown[] = Array.isArray(input) ? Array.from(input) : [input];
  const parts = list.map((one, i) => takeApart(where, list.length === 1 ? "input" : `input[${i}]`, one));
  if (parts.some(({ hasModule }) => hasModule)) {
    throw new ArgumentError(`${where}: expected input to be tensors, got a module`);
  }
  const leaves = parts.flatMap((part) => [...part.leaves]);
  if (leaves.length === 0)
    throw new ArgumentError(`${where}: expected input to be a tensor, got ${describe(input)}`);
  const paths = parts.flatMap((part) => part.names);
  const numbered = (i: number): string => (leaves.length === 1 ? "x" : indexed("x", i + 1));
  return {
    leaves,
    names: paths.map((path, i) => /\.([^.[\]]+)$/.exec(path)?.[1] ?? numbered(i)),
    build: (others) => {
      let at = 0;
      return parts.map((part) => {
        at += part.leaves.length;
        return part.build(others.slice(at - part.leaves.length, at));
      });
    },
  };
}

/** The names of results: ȳ, or ȳ₁, ȳ₂, …, or what `forward` calls them. */
function namedResults(where: string, result: unknown): Given[] {
  const tensors = tensorsIn(result);
  if (tensors.length === 0) {
    throw new ArgumentError(
      `${where}: expected forward to give a tensor, or a list or an object of tensors, got ${describe(result)}`,
    );
  }
  const isObject = typeof result === "object" && result !== null && !Array.isArray(result);
  const names = isObject && tensors[0] !== result ? Object.keys(result) : [];
  return tensors.map((tensor, i) => {
    if (names.length === tensors.length) return { name: names[i] as string, tensor };
    return { name: tensors.length === 1 ? "ȳ" : indexed("ȳ", i + 1), tensor };
  });
}

/** A tree of tensors with others in their places. */
export function replaced(value: unknown, of: (tensor: Tensor) => Tensor): unknown {
  if (isTensor(value)) return of(value);
  if (Array.isArray(value)) return value.map((one) => replaced(one, of));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one, of)]));
}

/** Calls `forward` with arguments of any form. */
export function callForward(model: AnyModule, inputs: readonly unknown[]): unknown {
  const forward = model.forward as (...inputs: readonly unknown[]) => unknown;
  return Reflect.apply(forward, model, inputs);
}

/** Runs `forward` and the costs on inputs of these shapes and dtypes. */
export function traceScene(where: string, { model, input, targets, terms, open }: Scene): Flow {
  const modules = [...model.namedModules()];
  const openingOf = openingBy(where, open, modules);
  const run = recordRun(
    modules,
    (note) => {
      const symbols = input.leaves.map(symbolOf);
      const given = targets.leaves.map(symbolOf);
      const result = callForward(model, input.build(symbols));
      const results = namedResults(where, result);
      const sections = terms.map(({ name, detail, run: cost, reads }): Section => {
        const { result: output, stretch } = note(() =>
          checkTensor(where, "the cost's result", cost(result, given)),
        );
        if (output.size !== 1) {
          throw new ShapeError(`${where}: expected the cost to give a scalar, got ${format(output.shape)}`);
        }
        const inputs = reads(result, given);
        const replay = (of: (tensor: Tensor) => Tensor): Tensor => cost(replaced(result, of), given.map(of));
        const named = { name, ...(detail === undefined ? {} : { detail }) };
        return { kind: "cost", ...named, inputs, output, replay, ...stretch };
      });
      return { symbols, given, results, sections };
    },
    false,
  );
  const { symbols, given, results, sections } = run.result;
  for (const { tensor } of results) run.checkSymbol(tensor);
  return flowOf(run, {
    openingOf,
    given: [...named(symbols, input.names), ...named(given, targets.names)],
    results,
    sections,
    modules: [["", model]],
  });
}

const named = (tensors: readonly Tensor[], names: readonly string[]): Given[] =>
  tensors.map((tensor, i) => ({ name: names[i] as string, tensor }));
