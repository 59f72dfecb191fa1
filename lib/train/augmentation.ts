import { type Apart, keyOf, partName, partNames, putTogether, takeTensorsApart } from "../data/parts.js";
import { ArgumentError, ShapeError, ThalwegError } from "../errors.js";
import { reword } from "../nn/place.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** Makes other samples of the samples of a mini-batch, in ops. Several inputs are in their form. */
export type Augment<X = Tensor> = (x: X) => X;

/** For inputs of any form. */
export type AnyAugment = (x: never) => unknown;

/** The samples that a step trains on. Errors name `augment`. */
export function augmented(
  where: string,
  augment: AnyAugment,
  { form, parts }: Apart<Tensor>,
): readonly Tensor[] {
  const name = `${where}: augment`;
  const made = namingErrors(name, () => augment(putTogether(form, parts) as never));
  const result = takeTensorsApart(name, "the result", made);
  if (keyOf(result.form) !== keyOf(form)) {
    throw new ArgumentError(
      `${name}: expected the result to have the parts of x, ${partNames("x", form)}, got ${partNames("x", result.form)}`,
    );
  }
  const samples = (parts[0] as Tensor).shape[0];
  const other = result.parts.findIndex(({ shape }) => shape[0] !== samples);
  if (other < 0) return result.parts;
  throw new ShapeError(
    `${name}: expected ${partName("x", form, other)} to have as many samples as before, ${samples}, got ${format((result.parts[other] as Tensor).shape)}`,
  );
}

/** Puts a name before the message of the library's errors. */
function namingErrors<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ThalwegError) reword(error, `${name}: ${error.message}`);
    throw error;
  }
}
