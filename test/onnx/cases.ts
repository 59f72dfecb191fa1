// The cases of nn's modules as models to export.
import { ops, type Tensor, tensor } from "../../lib/index.js";
import { type Answered, build, type FloatDType, inputsOf } from "../nn/cases.js";
import { Wrapped } from "./wrapped.js";

/** A case as a function of the inputs that it does not leave out. */
export function modelOf(answered: Answered, dtype: FloatDType): { model: Wrapped; inputs: Tensor[] } {
  const module = build(answered, dtype);
  const inputs = inputsOf(answered, { dtype });
  const run = (...given: Tensor[]): Tensor => {
    const left = [...given];
    return module.forward(...inputs.map((input) => (input === null ? input : (left.shift() as Tensor))));
  };
  return { model: new Wrapped(run, module), inputs: inputs.filter((input) => input !== null) };
}

/** The first samples of a batch, over and over. */
export function repeated(inputs: readonly Tensor[], batch: number): Tensor[] {
  const own = inputs[0]?.shape[0] as number;
  const index = tensor(
    Array.from({ length: batch }, (_, i) => i % own),
    { dtype: "int32" },
  );
  return inputs.map((input) => ops.indexSelect(input, 0, index));
}

/** Whether the inputs are samples, for any number of which the module is defined. */
export function areBatches(model: Wrapped, inputs: readonly Tensor[]): boolean {
  const [first] = inputs;
  const have = inputs.every(({ rank, size, shape }) => rank > 1 && size > 0 && shape[0] === first?.shape[0]);
  if (!have) return false;
  try {
    for (const batch of BATCHES) model.forward(...repeated(inputs, batch));
    return true;
  } catch {
    return false;
  }
}

export const BATCHES = [1, 7];
