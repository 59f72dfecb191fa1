import { assign } from "../eager/apply.js";
import type { Tensor } from "../tensor/tensor.js";

/** @throws BusyError, DetachedError where one of the tensors cannot be written: before any of them is. */
export function checkWritable(tensors: Iterable<Tensor>): void {
  for (const { storage } of tensors) storage.checkWritable();
}

/** Copies the values of tensors into others of the same shapes, all or none. @throws BusyError, DetachedError */
export function assignAll(targets: readonly Tensor[], sources: readonly Tensor[]): void {
  checkWritable(targets);
  for (const { storage } of sources) storage.forReading();
  targets.forEach((target, i) => {
    assign(target, sources[i] as Tensor);
  });
}
