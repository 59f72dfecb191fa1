import { types } from "node:util";
import { hessian, jacobian } from "../autodiff/jacobian.js";
import { noGrad } from "../context/grad-mode.js";
import { ArgumentError } from "../errors.js";
import { add } from "../ops/add.js";
import { cholesky } from "../ops/cholesky.js";
import { concat } from "../ops/concat.js";
import { detach } from "../ops/detach.js";
import { matmul } from "../ops/matmul.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { solveTriangular } from "../ops/solve-triangular.js";
import { transpose } from "../ops/transpose.js";
import { checkFunction, checkNumber, checkOptions, describe } from "../options.js";
import { eye } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";

export interface CurvatureOptions {
  /** λ ≥ 0, added to the diagonal: 0 trusts the curvature, a large one is gradient descent with η = 1/λ. Default: 0. */
  readonly damping?: number;
}

/** What is needed of a module. */
export interface Parametrised {
  namedParameters(): Iterable<[name: string, parameter: Tensor]>;
  withParameters<T>(parameters: Readonly<Record<string, Tensor>>, run: () => T): T;
}

/** A function of the model's parameters as one vector w [n], and where they are now. */
function asVector<T>(name: string, model: Parametrised, f: () => T): { of: (w: Tensor) => T; now: Tensor } {
  const isModel = typeof model?.namedParameters === "function" && typeof model.withParameters === "function";
  if (!isModel || types.isProxy(model)) {
    throw new ArgumentError(`${name}: expected model to be a Module, got ${describe(model)}`);
  }
  const named = [...model.namedParameters()].filter(([, parameter]) => parameter.requiresGrad);
  if (named.length === 0) throw new ArgumentError(`${name}: expected a model with parameters that learn`);
  const of = (w: Tensor): T => {
    let at = 0;
    const parts = named.map(([key, { size, shape }]) => {
      const part = reshape(slice(w, 0, { start: at, end: at + size }), shape);
      at += size;
      return [key, part] as const;
    });
    return model.withParameters(Object.fromEntries(parts), f);
  };
  return { of, now: detach(concat(named.map(([, parameter]) => reshape(parameter, [parameter.size])))) };
}

export function readDamping(name: string, options: CurvatureOptions): number {
  checkOptions(name, options, ["damping"]);
  return checkNumber(name, "damping", options.damping ?? 0, { min: 0 });
}

/** (C + λ·1)⁻¹ @throws ArgumentError unless that is positive definite. */
export function inverted(name: string, curvature: Tensor, damping: number): Tensor {
  const n = curvature.shape[0] as number;
  const { dtype } = curvature;
  return noGrad(() => {
    const identity = eye(n, { dtype });
    const damped = add(curvature, mul(identity, damping));
    let factor: Tensor;
    try {
      factor = cholesky(damped);
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      throw new ArgumentError(
        `${name}: the curvature with damping ${damping} is not positive definite; a larger damping makes it so`,
      );
    }
    const half = solveTriangular(factor, identity);
    return matmul(half, half, { transposeA: true });
  });
}

/**
 * The preconditioner of Newton's method, (H + λ·1)⁻¹ with the Hessian H of the loss with respect to all
 * parameters that learn: w ← w − (H + λ·1)⁻¹·∂L/∂w. For small models: H has n² numbers.
 * @param loss The loss as a function of the model's parameters.
 * @example
 * const loss = () => cost.mse(model.forward(x), y);
 * optimizer.preconditioner = optim.newton(model, loss, { damping: 1e-3 });
 * @throws ArgumentError where the damped Hessian is not positive definite; as `hessian`
 */
export function newton(model: Parametrised, loss: () => Tensor, options: CurvatureOptions = {}): Tensor {
  const damping = readDamping("newton", options);
  checkFunction("newton", "loss", loss);
  const { of, now } = asVector("newton", model, loss);
  return inverted("newton", hessian(of)(now), damping);
}

/**
 * The preconditioner of Gauss and Newton, (Jᵀ·H_C·J + λ·1)⁻¹ with the Jacobian J of the outputs with respect to all
 * parameters that learn and the Hessian H_C of the cost with respect to the outputs: positive semi-definite for a
 * convex cost, and without second derivatives of the model.
 * @param outputs The model's outputs as a function of its parameters.
 * @param cost The loss as a function of the outputs.
 * @example
 * optimizer.preconditioner = optim.gaussNewton(model, () => model.forward(x), (z) => cost.mse(z, y), { damping: 1e-3 });
 * @throws ArgumentError where the damped curvature is not positive definite; as `jacobian` and `hessian`
 */
export function gaussNewton(
  model: Parametrised,
  outputs: () => Tensor,
  cost: (y: Tensor) => Tensor,
  options: CurvatureOptions = {},
): Tensor {
  const damping = readDamping("gaussNewton", options);
  checkFunction("gaussNewton", "outputs", outputs);
  checkFunction("gaussNewton", "cost", cost);
  const { of, now } = asVector("gaussNewton", model, outputs);
  const y = noGrad(() => detach(of(now)));
  const list = (z: Tensor): Tensor => reshape(z, [z.size]);
  const J = jacobian((w: Tensor) => list(of(w)))(now);
  const H = hessian((z: Tensor) => cost(reshape(z, y.shape)))(list(y));
  return inverted(
    "gaussNewton",
    noGrad(() => matmul(transpose(J, 0, 1), matmul(H, J))),
    damping,
  );
}
