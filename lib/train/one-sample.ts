import { type Form, partName, putTogether, takeTensorsApart } from "../data/parts.js";
import { ThalwegError } from "../errors.js";
import { reword } from "../nn/place.js";
import { format, sizeOf, type TensorSpec } from "../tensor/shape.js";
import { symbol } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";

/**
 * Tells, in an error of the model in a trace, of inputs that are one sample: where the model takes them with an axis
 * more.
 * @param x All samples, not only those of a mini-batch.
 */
export function tellOfOneSample(
  where: string,
  error: unknown,
  form: Form,
  x: readonly TensorSpec[],
  forward: (samples: unknown) => unknown,
): void {
  if (!(error instanceof ThalwegError)) return;
  const { message } = error;
  const one = x.map(({ dtype, shape }) => new Tensor(symbol(sizeOf(shape), dtype), [1, ...shape], dtype));
  try {
    const { parts } = takeTensorsApart(where, "the model's output", forward(putTogether(form, one)));
    if (parts.some(({ shape }) => shape[0] !== 1)) return;
  } catch {
    return;
  }
  const given = x.map(({ shape }, at) => `${partName("x", form, at)} ${format(shape)}`).join(", ");
  const axis = one.map(({ shape }) => format(shape)).join(", ");
  reword(
    error,
    `${where}: expected a batch of samples, [B, …], got one sample, ${given}; add an axis with reshape or unsqueeze, to ${axis} (${message})`,
  );
}
