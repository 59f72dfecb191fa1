import { ops, type Tensor, tensor } from "../../lib/index.js";
import { type Registered, registry } from "../../lib/ops/registry.js";
import { isTensor } from "../../lib/tensor/tensor.js";
import { isOracleTensor, tensorsIn } from "./cases.js";
import { fromOracle } from "./compare.js";
import type { Argument, DerivativeRow, OpRow, OracleTensor } from "./read.js";

/** The op of a row. */
export function opOf(row: Pick<OpRow, "op">): Registered {
  const about = registry.get(row.op);
  if (about === undefined) throw new Error(`the oracle has ${row.op}, which ops lacks`);
  return about;
}

/** An op with arguments of any kind. */
export function apply({ op }: Registered, args: readonly unknown[]): unknown {
  return (op as (...given: readonly unknown[]) => unknown)(...args);
}

/** A row's arguments, with those tensors in the place of its own, in order. */
export function withTensors(args: readonly Argument[], tensors: readonly unknown[]): unknown[] {
  const left = [...tensors];
  return args.map((argument): unknown => {
    if (isOracleTensor(argument)) return left.shift();
    const isList = Array.isArray(argument) && argument.some(isOracleTensor);
    return isList ? argument.map(() => left.shift()) : argument;
  });
}

/** All tensors of a row's arguments, in order. */
export const inputsOf = (row: OpRow): readonly OracleTensor[] => tensorsIn(row.args);

/** The results of a row's op, called with those tensors. */
export function callOp(row: OpRow, tensors: readonly Tensor[]): Tensor[] {
  return tensorsOf(apply(opOf(row), withTensors(row.args, tensors)));
}

/** What an op gives, as a list: a tensor, several, or several by name; true or false as a tensor. */
export function tensorsOf(result: unknown): Tensor[] {
  if (typeof result === "boolean") return [tensor(result)];
  return isTensor(result) ? [result] : Object.values(result as Record<string, Tensor>);
}

/**
 * A row's op as a function of the tensors to differentiate by, of one result: the only one of floats, or those of
 * floats as one list of numbers.
 */
export function differentiable(row: DerivativeRow): {
  readonly primals: Tensor[];
  readonly f: (...moving: Tensor[]) => Tensor;
} {
  const all = inputsOf(row).map((input) => fromOracle(input));
  const f = (...moving: Tensor[]): Tensor => {
    const floats = callOp(
      row,
      all.map((fixed, i) => (row.moving.includes(i) ? (moving[row.moving.indexOf(i)] as Tensor) : fixed)),
    ).filter(({ dtype }) => dtype === "float64");
    return floats.length === 1 ? (floats[0] as Tensor) : ops.concat(floats.map((y) => ops.reshape(y, [-1])));
  };
  return { primals: row.moving.map((i) => all[i] as Tensor), f };
}
