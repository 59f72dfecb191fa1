// Other tensors in the fields of parameters, while a function runs.
import type { Tensor } from "../tensor/tensor.js";
import type { Slot } from "./named.js";
import type { Parameter } from "./parameter.js";

const standIns = new WeakSet<object>();

/** Whether it stands in the place of a parameter now: those who look for parameters find it. */
export const isStandIn = (value: unknown): value is Parameter =>
  typeof value === "object" && value !== null && standIns.has(value);

/** Runs `run` with other tensors in the fields of parameters. */
export function withStandIns<T>(
  slots: readonly Slot[],
  replacing: ReadonlyMap<Tensor, Tensor>,
  run: () => T,
): T {
  const own = slots.filter(({ parameter }) => replacing.has(parameter));
  const known = new Set([...replacing.values()].filter((other) => standIns.has(other)));
  try {
    for (const { module, field, parameter } of own) {
      const other = replacing.get(parameter) as Tensor;
      standIns.add(other);
      Object.assign(module, { [field]: other });
    }
    return run();
  } finally {
    for (const { module, field, parameter } of own) Object.assign(module, { [field]: parameter });
    for (const other of replacing.values()) if (!known.has(other)) standIns.delete(other);
  }
}
