import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

type Shaped = Pick<Tensor, "shape" | "rank" | "size">;

/**
 * Parameters of an elementwise instruction: rank, shape, and the strides of each input, 0 where it is
 * broadcast. Axes that are adjacent in the memory of every input become one.
 */
export function broadcastParams(inputs: readonly Shaped[], shape: Shape, size: number): number[] {
  if (inputs.every((input) => input.size === size)) {
    const params = [1, size];
    for (let i = 0; i < inputs.length; i++) params.push(1);
    return params;
  }
  // From the last axis to the first.
  const lengths: number[] = [];
  const strides: number[][] = inputs.map(() => []);
  const reach = inputs.map(() => 1);
  for (let d = shape.length - 1; d >= 0; d--) {
    const length = shape[d] as number;
    if (length === 1) continue;
    const steps = inputs.map((input, i) => {
      const own = input.shape[d - shape.length + input.rank] ?? 1;
      const step = own === 1 ? 0 : (reach[i] as number);
      reach[i] = (reach[i] as number) * own;
      return step;
    });
    const last = lengths.length - 1;
    const extends_ =
      last >= 0 &&
      steps.every((step, i) => step === (strides[i]?.[last] as number) * (lengths[last] as number));
    if (extends_) lengths[last] = (lengths[last] as number) * length;
    else {
      lengths.push(length);
      for (const [i, step] of steps.entries()) strides[i]?.push(step);
    }
  }
  if (lengths.length === 0) {
    lengths.push(1);
    for (const own of strides) own.push(0);
  }
  return [lengths.length, ...lengths.reverse(), ...strides.flatMap((own) => own.reverse())];
}
