import { context, within } from "../context/context.js";
import { ArgumentError } from "../errors.js";
import { detach } from "../ops/detach.js";
import { expand } from "../ops/expand.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Constraint } from "./constraints.js";

/** Whether the values are known now: not within `compile`, whose programs run later, and not under `vmap`. */
export const isReadable = (x: Tensor): boolean => context.trace === null && !x.storage.isSymbolic;

/**
 * @throws ArgumentError unless all elements of a tensor, whose values are known, satisfy a constraint. A constraint
 *   that depends on a tensor whose values are not known is not checked.
 */
export function refuse(where: string, what: string, value: Tensor, constraint: Constraint): void {
  within("trace", null, () =>
    within("gradients", false, () => {
      const holds = constraint.check(detach(value));
      if (holds.storage.isSymbolic) return;
      const at = holds.storage.forReading().indexOf(0);
      if (at < 0) return;
      throw new ArgumentError(
        `${where}: expected ${what} to be ${constraint}, got ${shown(value, holds, at)}`,
      );
    }),
  );
}

const MOST = 8;

/** The element that a mask found wrong, and its position. */
function shown(value: Tensor, holds: Tensor, at: number): string {
  const size = holds.size === 0 ? 1 : Math.max(1, value.size / holds.size);
  const all = value.size < holds.size ? expand(value, holds.shape) : value;
  const numbers = [...all.storage.forReading().subarray(at * size, (at + 1) * size)];
  const place = holds.size > 1 ? ` at position ${at}` : "";
  if (numbers.length === 1) return `${numbers[0]}${place}`;
  const rest = numbers.length > MOST ? ", …" : "";
  return `[${numbers.slice(0, MOST).join(", ")}${rest}]${place}`;
}
