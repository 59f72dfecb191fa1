// A model's own `forward`, run once without values, as the flow of data through its modules and ops.
import { ArgumentError } from "../errors.js";
import type { AnyModule } from "../nn/module.js";
import { Module } from "../nn/module.js";
import { recordRun, symbolOf } from "../nn/record.js";
import { describe, isInstance } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { takeApart } from "../tensor/tree.js";
import { indexed } from "./diagram.js";
import { type Flow, flowOf, type Given, tensorsIn } from "./flow.js";
import { openingBy } from "./opening.js";

/** The arguments of `forward`: each a tensor, or a list or an object of tensors. */
export interface Arguments {
  readonly leaves: readonly Tensor[];
  readonly names: readonly string[];
  build(leaves: readonly Tensor[]): readonly unknown[];
}

/** @throws ArgumentError */
export function checkModel(where: string, model: unknown): AnyModule {
  if (isInstance(model, Module)) return model as AnyModule;
  throw new ArgumentError(`${where}: expected model to be a module, got ${describe(model)}`);
}

/**
 * What `forward` takes: a tensor, or a list of the arguments.
 * @throws ArgumentError
 */
export function readArguments(where: string, input: unknown): Arguments {
  const list: unknown[] = Array.isArray(input) ? Array.from(input) : [input];
  const parts = list.map((one, i) => takeApart(where, list.length === 1 ? "input" : `input[${i}]`, one));
  const leaves = parts.flatMap((part) => [...part.leaves]);
  if (leaves.length === 0)
    throw new ArgumentError(`${where}: expected input to be a tensor, got ${describe(input)}`);
  const paths = parts.flatMap((part) => part.names);
  return {
    leaves,
    names: paths.map(
      (path, i) => /\.([^.[\]]+)$/.exec(path)?.[1] ?? (leaves.length === 1 ? "x" : indexed("x", i + 1)),
    ),
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
export function namedResults(result: unknown): Given[] {
  const tensors = tensorsIn(result);
  const isNamed =
    typeof result === "object" && result !== null && !Array.isArray(result) && tensors[0] !== result;
  const names = isNamed ? Object.keys(result) : [];
  return tensors.map((tensor, i) => ({
    name:
      names.length === tensors.length
        ? (names[i] as string)
        : tensors.length === 1
          ? "ȳ"
          : indexed("ȳ", i + 1),
    tensor,
  }));
}

/** Runs `forward` on inputs of these shapes and dtypes. */
export function traceModel(where: string, model: AnyModule, input: unknown, open: unknown): Flow {
  const { leaves, names, build } = readArguments(where, input);
  const modules = [...model.namedModules()];
  const openingOf = openingBy(where, open, modules);
  const run = recordRun(
    modules,
    () => {
      const symbols = leaves.map(symbolOf);
      const forward = model.forward as (...inputs: readonly unknown[]) => unknown;
      return { symbols, result: Reflect.apply(forward, model, build(symbols)) };
    },
    false,
  );
  const { symbols, result } = run.result;
  const results = namedResults(result);
  if (results.length === 0) {
    throw new ArgumentError(
      `${where}: expected forward to give a tensor, or a list or an object of tensors, got ${describe(result)}`,
    );
  }
  for (const { tensor } of results) run.checkSymbol(tensor);
  const given = symbols.map((tensor, i) => ({ name: names[i] as string, tensor }));
  return flowOf(run, { openingOf, given, results, sections: [], modules: [["", model]] });
}
