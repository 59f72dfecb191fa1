import type { Trace } from "../context/trace.js";
import { instructionName } from "../native/instructions.js";
import type { Buffer, Instruction, Program } from "../plan/ir.js";
import { allocate } from "../tensor/dtype.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";

/** A trace as a program: tensors become buffers, one for each memory. */
export function capture(
  { id, recorded }: Trace,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): { program: Program; inputs: Buffer[]; outputs: Buffer[] } {
  const changed = new Set<Storage>();
  const changedAgain = new Set<Storage>();
  for (const { written } of recorded) {
    for (const { storage } of written) (changed.has(storage) ? changedAgain : changed).add(storage);
  }
  const buffers = new Map<Storage, Buffer>();
  const bufferOf = (tensor: Tensor): Buffer => {
    const { storage } = tensor;
    const known = buffers.get(storage);
    if (known !== undefined) return known;
    const made = storage.isSymbolic
      ? makeComputed(tensor, changedAgain.has(storage))
      : makeKnown(tensor, storage.bornIn === id && !changed.has(storage));
    buffers.set(storage, made);
    return made;
  };
  inputs.forEach((tensor, argument) => {
    const { size, dtype, shape } = tensor;
    buffers.set(tensor.storage, { kind: "input", size, dtype, shape, argument });
  });
  const instructions = recorded.map(
    ({ instruction, params, operands, recomputation }): Instruction => ({
      name: instructionName(instruction),
      params,
      recomputation,
      operands: operands.map((tensor) => (tensor === null ? null : bufferOf(tensor))),
    }),
  );
  const results = outputs.map(bufferOf);
  return {
    program: { instructions, outputs: results },
    inputs: inputs.map((tensor) => buffers.get(tensor.storage) as Buffer),
    outputs: results,
  };
}

/** What an instruction computes; where others write to it in place, it is a state that no tensor shows. */
function makeComputed({ size, dtype, shape }: Tensor, isChanged: boolean): Buffer {
  if (isChanged) return { kind: "state", size, dtype, shape, values: allocate(dtype, size) };
  return { kind: "temporary", size, dtype, shape };
}

/** What was made within the trace and never written is the same in each run; other tensors live on. */
function makeKnown({ storage, size, dtype, shape }: Tensor, isConstant: boolean): Buffer {
  if (isConstant) return { kind: "constant", size, dtype, shape, values: storage.forReading() };
  return { kind: "state", size, dtype, shape, storage };
}
