// Whether a file gives what its model gives, for inputs of shapes that it was not recorded for.
import type { Module } from "../nn/module.js";
import { type Recording, runModel } from "../nn/record.js";
import { allocate, isFloat } from "../tensor/dtype.js";
import { sameShape, sizeOf, type TensorSpec } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { importOnnxSync } from "./import-onnx.js";

/** A model and its file. */
export interface Pair {
  readonly model: Module;
  readonly bytes: Uint8Array;
}

/**
 * Whether both give the same shapes and numbers for inputs like these. A model that writes to its state is not run:
 * false.
 * @param recording of the model, for these inputs
 */
export function giveTheSame(where: string, { model, bytes }: Pair, recording: Recording): boolean {
  const writes = recording.instructions.some(({ written }) =>
    written.some(({ storage }) => !storage.isSymbolic),
  );
  if (writes) return false;
  const inputs = recording.inputs.map(sampleOf);
  try {
    const expected = runModel(where, model, inputs);
    const found = Object.values(importOnnxSync(bytes).run(inputs));
    return expected.length === found.length && expected.every(([, y], i) => isClose(y, found[i] as Tensor));
  } catch {
    return false;
  }
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Different numbers between −1 and 1; whole numbers of 0 and 1, which indices may be. */
function sampleOf({ dtype, shape }: TensorSpec): Tensor {
  const values = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < values.length; i++)
    values[i] = isFloat(dtype) ? 2 * (((i + 1) * GOLDEN) % 1) - 1 : i % 2;
  return new Tensor(values, shape, dtype);
}

/** Rounding errors are smaller, and another formula's numbers differ by more. */
const TOLERANCES = { float32: 1e-4, float64: 1e-9, int32: 0, bool: 0 } as const;

function isClose(a: Tensor, b: Tensor): boolean {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const [own, other] = [a.storage.forReading(), b.storage.forReading()];
  const tolerance = TOLERANCES[a.dtype];
  return own.every((value: number, i: number) => {
    const found = other[i] as number;
    return Object.is(value, found) || Math.abs(value - found) <= tolerance * (1 + Math.abs(value));
  });
}
