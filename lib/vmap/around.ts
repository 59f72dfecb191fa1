import type { Shape } from "../tensor/shape.js";
import { sameShape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";

/** What all samples x_s = center ± steps_s have in common. */
export interface Around {
  /** The same for all samples: [...shape]. */
  readonly center: Tensor;
  /** [S, ...shape] */
  readonly steps: Tensor;
  readonly sign: 1 | -1;
}

const known = new WeakMap<Storage, { readonly shape: Shape; readonly around: Around }>();

/**
 * Notes how the samples along the first axis of a tensor were made, so that what is linear in them may be computed from
 * the parts. Only within `compile`, where a value is not written again.
 */
export function noteAround(all: Tensor, around: Around): void {
  if (all.storage.isSymbolic) known.set(all.storage, { shape: all.shape, around });
}

/** How the samples were made; null if that is not known. */
export function aroundOf({ storage, shape }: Tensor): Around | null {
  const found = known.get(storage);
  return found !== undefined && sameShape(found.shape, shape) ? found.around : null;
}
