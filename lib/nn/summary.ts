import { noGrad } from "../context/grad-mode.js";
import { ArgumentError } from "../errors.js";
import { checkOptions, describe, isInstance } from "../options.js";
import { zeros } from "../tensor/create.js";
import type { DType } from "../tensor/dtype.js";
import { checkShape, format, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type HasMatrices, matrices } from "./matrices.js";
import { type AnyModule, Module } from "./module.js";

interface Line {
  readonly name: string;
  readonly kind: string;
  readonly output: string;
  readonly parameters: number;
  readonly flops: number;
}

const count = (value: number): string => value.toLocaleString("en");

/**
 * A table of a model's layers in the order in which they are called: their outputs' shapes, parameters, and the
 * operations of their matrix products, for an input of that shape. The model runs once on zeros, in evaluation mode.
 * @param inputShape With the batch: [32, 784].
 * @param options `dtype` of the input. Default: that of the first parameter, or float32.
 * @example console.log(nn.summary(model, [32, 784]));
 * @throws ArgumentError, ShapeError, OptionError, and what the model throws
 */
export function summary(model: Module, inputShape: Shape, options: { readonly dtype?: DType } = {}): string {
  if (!isInstance(model, Module)) {
    throw new ArgumentError(`summary: expected model to be a Module, got ${describe(model)}`);
  }
  checkOptions("summary", options, ["dtype"]);
  const shape = checkShape("summary", inputShape);
  const own = model.parameters();
  const lines: Line[] = [];
  const modes = Array.from(model.namedModules(), ([, module]) => [module, module.training] as const);
  const removers = Array.from(model.namedModules(), ([name, module]) =>
    module.registerForwardHook((_, inputs, y) => {
      if (module !== model && [...module.namedChildren()].length > 0) return undefined;
      if (module === model && lines.length > 0) return undefined;
      lines.push(lineOf(name, module, inputs, y));
      return undefined;
    }),
  );
  try {
    model.eval();
    noGrad(() => model.forward(zeros(shape, { dtype: options.dtype ?? own[0]?.dtype ?? "float32" })));
  } finally {
    for (const remove of removers) remove();
    for (const [module, mode] of modes) module.training = mode;
  }
  const total = own.reduce((sum, { size }) => sum + size, 0);
  const frozen = own.reduce((sum, { size, requiresGrad }) => sum + (requiresGrad ? 0 : size), 0);
  const flops = lines.reduce((sum, line) => sum + line.flops, 0);
  const head = ["layer", "kind", "output", "parameters", "flops"];
  const rows = lines.map((line) => [
    line.name,
    line.kind,
    line.output,
    count(line.parameters),
    count(line.flops),
  ]);
  const frozenNote = frozen === 0 ? "" : `, ${count(frozen)} of them frozen`;
  return [
    ...aligned([head, ...rows]),
    `${count(total)} parameters${frozenNote}; ${count(flops)} flops for an input ${format(shape)}`,
  ].join("\n");
}

function lineOf(name: string, module: AnyModule, inputs: readonly Tensor[], y: Tensor): Line {
  const parameters = Object.values(module).reduce<number>(
    (sum, value) => sum + (module.parameters().includes(value as never) ? (value as Tensor).size : 0),
    0,
  );
  const rows = (inputs[0]?.size ?? 0) / Math.max(1, inputs[0]?.shape.at(-1) ?? 1);
  const multiplied = (module as AnyModule & Partial<HasMatrices>)[matrices]?.() ?? [];
  const flops = 2 * rows * multiplied.reduce((sum, { size }) => sum + size, 0);
  return {
    name: name || "(model)",
    kind: module.constructor.name,
    output: format(y.shape),
    parameters,
    flops,
  };
}

/** Text to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
