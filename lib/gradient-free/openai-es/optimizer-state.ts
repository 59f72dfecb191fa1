// An optimizer's state as plain data of a strategy's state.

import type { Optimizer } from "../../optim/optimizer.js";
import { zerosLike } from "../../tensor/copy.js";
import { fromTypedArray } from "../../tensor/create.js";
import { allocate } from "../../tensor/dtype.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { StateReader, StrategyState } from "../state.js";

const nameOf = (parameter: number, entry: string): string => `${parameter}.${entry}`;

/** The tensors of all parameters' states; empty before the first step. */
export function saveOptimizer(optimizer: Optimizer): StrategyState {
  const saved: Record<string, Float64Array> = {};
  for (const [parameter, entries] of Object.entries(optimizer.stateDict().state)) {
    for (const [entry, value] of Object.entries(entries as Readonly<Record<string, unknown>>)) {
      if (isTensor(value))
        saved[nameOf(Number(parameter), entry)] = Float64Array.from(value.storage.forReading());
    }
  }
  return saved;
}

/**
 * Reads such a state and changes nothing.
 * @param fresh an optimizer of the same kind and parameters whose state may be changed.
 * @returns what puts it in place.
 * @throws ArgumentError
 */
export function prepareOptimizer(optimizer: Optimizer, fresh: Optimizer, state: StateReader): () => void {
  const { paramGroups } = optimizer.stateDict();
  if (state.isEmpty) return () => optimizer.loadStateDict({ state: {}, paramGroups });
  // One step makes the state of each parameter, with its names and sizes.
  for (const parameter of fresh.parameters) {
    parameter.grad = zerosLike(parameter);
  }
  fresh.step();
  const made = fresh.stateDict().state;
  const read = Object.entries(made).map(([parameter, entries]) => {
    const tensors = Object.entries(entries as Readonly<Record<string, unknown>>).filter(
      (one): one is [string, Tensor] => isTensor(one[1]),
    );
    const own = tensors.map(([entry, like]) => {
      const numbers = state.numbers(nameOf(Number(parameter), entry), like.size);
      const values = allocate(like.dtype, like.size);
      values.set(numbers);
      return [entry, fromTypedArray(values, like.shape)] as const;
    });
    return [parameter, Object.fromEntries(own)] as const;
  });
  return () => optimizer.loadStateDict({ state: Object.fromEntries(read), paramGroups });
}
