import { grad } from "../autodiff/transforms.js";
import { vmap } from "../autodiff/vmap.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { describe, isInstance } from "../options.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/** A cost C(y, ȳ) of a batch of one: what `cost.…` are. */
type CostOfBatch = (y: Tensor, target: Tensor) => Tensor;

/**
 * The gradient of each sample's loss: ∂L(p, w)/∂w = ∂C(G(x[p], w), ȳ[p])/∂w for all p of a batch, in one
 * pass. Their mean is the gradient of the loss averaged over the batch. What a layer such as Dropout draws is
 * different for each sample.
 * Shapes: x [B, ...], target [B, ...] → for each parameter w that is not frozen [B, ...w].
 * @example
 * const { weight } = perSampleGradients(model, cost.crossEntropy, x, labels);   // weight [B, out, in]
 * @throws ShapeError where x and target differ in their number of samples; ArgumentError, GraphError
 */
export function perSampleGradients(
  model: Module,
  cost: CostOfBatch,
  x: Tensor,
  target: Tensor,
): Record<string, Tensor> {
  const name = "perSampleGradients";
  if (!isInstance(model, Module)) {
    throw new ArgumentError(`${name}: expected model to be a module, got ${describe(model)}`);
  }
  if (typeof cost !== "function") {
    throw new ArgumentError(`${name}: expected cost to be a function, got ${describe(cost)}`);
  }
  checkTensor(name, "x", x);
  checkTensor(name, "target", target);
  if (x.rank === 0 || target.rank === 0 || x.shape[0] !== target.shape[0]) {
    throw new ShapeError(
      `${name}: expected as many targets as samples, got x ${format(x.shape)} and target ${format(target.shape)}`,
    );
  }
  const loss = (w: Module, sample: Tensor, wanted: Tensor): Tensor =>
    cost(w.forward(unsqueeze(sample, 0)), unsqueeze(wanted, 0));
  const gradients = vmap(grad(loss) as (...inputs: [Module, Tensor, Tensor]) => Record<string, Tensor>, {
    inDims: [null, 0, 0],
    randomness: "different",
  });
  return gradients(model, x, target);
}
