import { add } from "../ops/add.js";
import { checkDTypes } from "../ops/define.js";
import { SELU } from "../ops/elu.js";
import { greaterEqual } from "../ops/greater-equal.js";
import { mul } from "../ops/mul.js";
import { where } from "../ops/where.js";
import { checkNumber } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { registerModule } from "./registry.js";

/** True with the probability 1 − p, for each element by itself. */
function kept(name: string, x: Tensor, p: number): Tensor {
  const dtype = checkDTypes(name, ["x"], [checkTensor(name, "x", x)], "float");
  return greaterEqual(defaultGenerator.uniform(x.shape, { dtype }), p);
}

/**
 * Sets elements to 0 with the probability p and multiplies the others with 1/(1 − p), so that the expectation
 * stays (Srivastava et al., 2014; torch.nn.Dropout). In evaluation mode y = x. What is dropped is drawn anew in
 * each call, from the generator that `manualSeed` starts.
 * Shapes: x → y, the same.
 * @throws ArgumentError, DTypeError
 * @example new nn.Dropout(0.2).forward(x)
 */
export class Dropout extends Module {
  readonly p: number;

  /** @param p in [0, 1]. Default: 0.5. */
  constructor(p = 0.5) {
    super();
    this.p = checkNumber("Dropout", "p", p, { min: 0, max: 1 });
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return checkTensor("Dropout", "x", x);
    if (this.p === 1) return mul(x, 0);
    return where(kept("Dropout", x, this.p), mul(x, 1 / (1 - this.p)), 0);
  }
}

/**
 * Dropout for SELU: sets elements with the probability p to SELU's least value −α' = −1.7581, and then scales
 * and shifts all so that mean 0 and variance 1 stay (Klambauer et al., 2017; torch.nn.AlphaDropout):
 *
 *     y = a·x + b, a = ((1 − p)·(1 + p·α'²))^(−½), b = a·p·α'
 *
 * In evaluation mode y = x. Shapes: x → y, the same.
 * @throws ArgumentError, DTypeError
 * @example new nn.AlphaDropout(0.1).forward(x)
 */
export class AlphaDropout extends Module {
  readonly p: number;

  /** @param p in [0, 1]. Default: 0.5. */
  constructor(p = 0.5) {
    super();
    this.p = checkNumber("AlphaDropout", "p", p, { min: 0, max: 1 });
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return checkTensor("AlphaDropout", "x", x);
    if (this.p === 1) return mul(x, 0);
    const least = -SELU.alpha * SELU.scale;
    const a = 1 / Math.sqrt((1 - this.p) * (1 + this.p * least * least));
    return add(mul(where(kept("AlphaDropout", x, this.p), x, least), a), -a * this.p * least);
  }
}

// In training what they drop is drawn.
registerModule("Dropout", Dropout, {
  takes: ["p"],
  cases: () => [{ note: "evaluation", training: false }],
});
registerModule("AlphaDropout", AlphaDropout, {
  takes: ["p"],
  cases: () => [{ note: "evaluation", training: false }],
});
