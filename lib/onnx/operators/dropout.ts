// Dropout: active in training mode.
import * as ops from "../../ops/index.js";
import { defaultGenerator } from "../../random/generator.js";
import { ones } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { at, optionalNumber } from "./inputs.js";
import { type Inputs, operator } from "./registry.js";

/** Elements are 0 with the probability `ratio`, the others are multiplied with 1/(1 − ratio). */
function dropout(x: Tensor, ratio: number, outputs: number): Tensor | Inputs {
  const kept = ops.greaterEqual(defaultGenerator.uniform(x.shape, { dtype: x.dtype }), ratio);
  const y = ratio === 1 ? ops.mul(x, 0) : ops.where(kept, ops.mul(x, 1 / (1 - ratio)), 0);
  return outputs > 1 ? [y, kept] : y;
}

const unchanged = (x: Tensor, outputs: number): Tensor | Inputs =>
  outputs > 1 ? [x, ones(x.shape, { dtype: "bool" })] : x;

operator("Dropout", {
  since: 7,
  inputs: 1,
  outputs: [1, 2],
  varies: true,
  make: ({ attributes, outputs }) => {
    const ratio = attributes.float("ratio", 0.5);
    if (!(ratio >= 0 && ratio <= 1)) attributes.refuse("ratio", ratio, "expected a probability");
    return (inputs, run) => {
      const x = at(inputs, 0);
      return run.training && ratio > 0 ? dropout(x, ratio, outputs.length) : unchanged(x, outputs.length);
    };
  },
});

operator("Dropout", {
  since: 12,
  inputs: [1, 3],
  outputs: [1, 2],
  varies: true,
  trainingInput: 2,
  make: ({ attributes, outputs }) => {
    attributes.ignore("seed");
    return (inputs, run) => {
      const x = at(inputs, 0);
      const ratio = optionalNumber("ratio", inputs[1]) ?? 0.5;
      return run.training && ratio > 0 ? dropout(x, ratio, outputs.length) : unchanged(x, outputs.length);
    };
  },
});
