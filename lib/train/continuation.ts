// What a training leaves behind, so that the next one of the same model goes on: five epochs and five are ten.

import type { AnyModule } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { timesSeeded } from "../random/generator.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ForksState } from "./forks.js";

/** Where a training ended. */
export interface Continuation {
  /** Epochs that the optimizer has gone through with this data. */
  readonly passes: number;
  /** Of the orders. */
  readonly seed: number;
  readonly forks: ForksState;
  readonly validationForks: ForksState | null;
}

interface Left extends Continuation {
  readonly model: WeakRef<AnyModule>;
  /** The set's parts, or the stream. */
  readonly data: readonly WeakRef<object>[];
  /** The tensors of the model, and their versions when the training ended. */
  readonly versions: readonly (readonly [tensor: Tensor, version: number])[];
  /** How often `manualSeed` had been called. */
  readonly seedings: number;
}

const left = new WeakMap<Optimizer<object>, Left>();

const versionsOf = (model: AnyModule): [Tensor, number][] =>
  [...model.namedParameters(), ...model.namedBuffers()].map(([, tensor]) => [tensor, tensor.storage.version]);

/** Notes where a training ended. */
export function leave(
  model: AnyModule,
  optimizer: Optimizer<object>,
  data: readonly object[],
  continuation: Continuation,
): void {
  left.set(optimizer, {
    ...continuation,
    model: new WeakRef(model),
    data: data.map((part) => new WeakRef(part)),
    versions: versionsOf(model),
    seedings: timesSeeded(),
  });
}

/** Forgets where the last training with this optimizer ended. */
export const forget = (optimizer: Optimizer<object>): void => void left.delete(optimizer);

/**
 * Where the last training with this optimizer ended, if one of the same model with the same data goes on: nothing else
 * has written the model since, and `manualSeed` was not called. Null otherwise.
 * @param data asked for only if such a training was left.
 */
export function continuationOf(
  model: AnyModule,
  optimizer: Optimizer<object>,
  data: () => readonly object[],
): Continuation | null {
  const last = left.get(optimizer);
  if (last === undefined || last.model.deref() !== model) return null;
  const own = data();
  const isSame = last.data.length === own.length && last.data.every((part, i) => part.deref() === own[i]);
  const now = new Map(versionsOf(model));
  const isUntouched =
    now.size === last.versions.length &&
    last.versions.every(([tensor, version]) => now.get(tensor) === version);
  return isSame && isUntouched && timesSeeded() === last.seedings ? last : null;
}
