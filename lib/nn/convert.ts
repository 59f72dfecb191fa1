// A module's parameters and buffers in another dtype.
import { noGrad } from "../context/grad-mode.js";
import { DTypeError } from "../errors.js";
import { to } from "../ops/to.js";
import { checkDType, type DType, isFloat } from "../tensor/dtype.js";
import type { Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { Buffer } from "./buffer.js";
import type { AnyModule } from "./module.js";
import { Parameter } from "./parameter.js";

/** Converts parameters and buffers of floats of a module and of all below it, all or none. @throws DTypeError */
export function convertModule(module: AnyModule, dtype: DType): void {
  const checked = checkDType("to", dtype);
  if (!isFloat(checked)) throw new DTypeError(`to: expected dtype float32 or float64, got ${checked}`);
  const converted = new Map<Tensor, Tensor>();
  const memories = new Map<Storage, Storage>();
  const fields: [module: AnyModule, field: string, other: Tensor][] = [];
  for (const [, part] of module.namedModules()) {
    for (const [field, value] of Object.entries(part)) {
      const isOwn = value instanceof Parameter || value instanceof Buffer;
      if (!isOwn || !isFloat(value.dtype) || value.dtype === checked) continue;
      const other = converted.get(value) ?? convert(value, checked, memories);
      converted.set(value, other);
      fields.push([part, field, other]);
    }
  }
  for (const [part, field, other] of fields) Object.assign(part, { [field]: other });
}

/** The same in another dtype; what shares memory with another shares it with that one's. */
function convert(value: Parameter | Buffer, dtype: DType, memories: Map<Storage, Storage>): Tensor {
  const memory = memories.get(value.storage) ?? noGrad(() => to(value, dtype)).storage;
  memories.set(value.storage, memory);
  const converted = new Tensor(memory, value.shape, dtype);
  return value instanceof Parameter ? new Parameter(converted, value.requiresGrad) : new Buffer(converted);
}
