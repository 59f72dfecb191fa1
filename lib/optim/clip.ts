import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, GraphError } from "../errors.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { div } from "../ops/div.js";
import { minimum } from "../ops/minimum.js";
import { mul } from "../ops/mul.js";
import { norm } from "../ops/norm.js";
import { stack } from "../ops/stack.js";
import { checkList, checkNumber, checkOptions, describe } from "../options.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** Those of the tensors that have a gradient. */
function withGradients(name: string, parameters: Iterable<Tensor>): Tensor[] {
  return checkList(name, "a list of parameters", parameters).filter((parameter): parameter is Tensor => {
    if (!isTensor(parameter)) {
      throw new ArgumentError(`${name}: expected a list of parameters, one is ${describe(parameter)}`);
    }
    return parameter.grad !== null;
  });
}

/**
 * Scales the gradients of all parameters together so that their norm is at most `maxNorm`
 * (torch.nn.utils.clip_grad_norm_): g ← g · min(1, maxNorm / (‖g‖ + 10⁻⁶)), ‖g‖ over all of them as one
 * vector. Works within `compile` too.
 * @param options `p`: the order of the norm, ∞ included; default 2.
 * @returns the norm before, a scalar tensor.
 * @throws GraphError without any gradient; ArgumentError, OptionError
 * @example
 * loss.backward();
 * optim.clipGradNorm(model.parameters(), 1);
 * optimizer.step();
 */
export function clipGradNorm(
  parameters: Iterable<Tensor>,
  maxNorm: number,
  options: { readonly p?: number } = {},
): Tensor {
  checkOptions("clipGradNorm", options, ["p"]);
  const { p = 2 } = options;
  checkNumber("clipGradNorm", "maxNorm", maxNorm, { min: 0 });
  const list = withGradients("clipGradNorm", parameters);
  if (list.length === 0) {
    throw new GraphError("clipGradNorm: no parameter has a gradient; call backward() first");
  }
  return noGrad(() => {
    const total = norm(stack(list.map(({ grad }) => norm(grad as Tensor, { p }))), { p });
    const factor = minimum(div(maxNorm, add(total, 1e-6)), 1);
    for (const parameter of list) parameter.grad = mul(parameter.grad as Tensor, factor);
    return total;
  });
}

/**
 * Holds each element of the gradients within [−limit, limit] (torch.nn.utils.clip_grad_value_).
 * @example optim.clipGradValue(model.parameters(), 0.5);
 * @throws ArgumentError
 */
export function clipGradValue(parameters: Iterable<Tensor>, limit: number): void {
  checkNumber("clipGradValue", "limit", limit, { min: 0 });
  const list = withGradients("clipGradValue", parameters);
  noGrad(() => {
    for (const parameter of list)
      parameter.grad = clamp(parameter.grad as Tensor, { min: -limit, max: limit });
  });
}
