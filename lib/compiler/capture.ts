import type { Trace } from "../context/trace.js";
import { instructionName } from "../native/instructions.js";
import type { Instruction, Program, Value } from "../plan/ir.js";
import { allocate } from "../tensor/dtype.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";

/** A traced function as a program, before any pass. */
export interface Captured {
  readonly program: Program;
  readonly inputs: readonly Value[];
}

/** Makes a program from a trace. Tensors become values: one value per storage. */
export function capture(
  { id, recorded }: Trace,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): Captured {
  const changed = new Set<Storage>();
  const changedAgain = new Set<Storage>();
  for (const { written } of recorded) {
    for (const { storage } of written) (changed.has(storage) ? changedAgain : changed).add(storage);
  }
  const values = new Map<Storage, Value>();
  const valueOf = (tensor: Tensor): Value => {
    const { storage } = tensor;
    const known = values.get(storage);
    if (known !== undefined) return known;
    const made = storage.isSymbolic
      ? makeComputed(tensor, changedAgain.has(storage))
      : makeKnown(tensor, storage.bornIn === id && !changed.has(storage));
    values.set(storage, made);
    return made;
  };
  inputs.forEach((tensor, argument) => {
    const { size, dtype, shape } = tensor;
    values.set(tensor.storage, { kind: "input", size, dtype, shape, argument });
  });
  const instructions = recorded.map(
    ({ instruction, params, operands, recomputation }): Instruction => ({
      name: instructionName(instruction),
      params,
      recomputation,
      operands: operands.map((tensor) => (tensor === null ? null : valueOf(tensor))),
    }),
  );
  return {
    program: { instructions, outputs: outputs.map(valueOf) },
    inputs: inputs.map((tensor) => values.get(tensor.storage) as Value),
  };
}

/** The value of a result. If another instruction writes to it in place, it is a state without a tensor. */
function makeComputed({ size, dtype, shape }: Tensor, isChanged: boolean): Value {
  if (isChanged) return { kind: "state", size, dtype, shape, contents: allocate(dtype, size) };
  return { kind: "temporary", size, dtype, shape };
}

/** The value of a tensor with known contents. Made within the trace and never written, it is a constant. */
function makeKnown({ storage, size, dtype, shape }: Tensor, isConstant: boolean): Value {
  if (isConstant) return { kind: "constant", size, dtype, shape, contents: storage.forReading() };
  return { kind: "state", size, dtype, shape, storage };
}
