import type { Shape } from "../tensor/shape.js";

/**
 * Parameters of the strided copy y[i₀, i₁, …] = x[offset + Σ i_d · strides_d]. Axes of size 1 are
 * left out, and axes that are adjacent in memory become one.
 */
export function stridedParams(shape: Shape, strides: readonly number[], offset: number): number[] {
  const lengths: number[] = [];
  const steps: number[] = [];
  for (let d = 0; d < shape.length; d++) {
    const length = shape[d] as number;
    const step = strides[d] as number;
    if (length === 1) continue;
    const last = lengths.length - 1;
    if (last >= 0 && steps[last] === step * length) {
      lengths[last] = (lengths[last] as number) * length;
      steps[last] = step;
    } else {
      lengths.push(length);
      steps.push(step);
    }
  }
  if (lengths.length === 0) {
    lengths.push(1);
    steps.push(1);
  }
  return [lengths.length, ...lengths, ...steps, offset];
}
