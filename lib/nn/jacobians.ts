import { jacobian } from "../autodiff/jacobian.js";
import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { matmul } from "../ops/matmul.js";
import { reshape } from "../ops/reshape.js";
import { describe, isInstance } from "../options.js";
import { format, type Shape, sizeOf } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/** The two Jacobians of a module at a state z. */
export interface Jacobians {
  /** ∂f/∂z, of shape [...output, ...z]. */
  readonly state: Tensor;
  /** ∂f/∂w for each parameter w by name, of shape [...output, ...w]. */
  readonly weights: Readonly<Record<string, Tensor>>;
}

function checkModule(name: string, which: string, module: unknown): Module {
  if (isInstance(module, Module)) return module;
  throw new ArgumentError(`${name}: expected ${which} to be a module, got ${describe(module)}`);
}

/**
 * The lecture's pair for a module z_{k+1} = f(z_k, w): ∂f/∂z and ∂f/∂w for each parameter that is not
 * frozen, at z. Rows belong to entries of the output: (∂f/∂z)_ij = ∂f_i/∂z_j.
 * @example
 * const { state, weights } = jacobians(new nn.Linear(3, 2), z);   // z [3]
 * state.shape;            // [2, 3]: the weight itself
 * weights.weight.shape;   // [2, 2, 3]
 * @throws GraphError where an op of the module has no derivative.
 */
export function jacobians(module: Module, z: Tensor): Jacobians {
  checkModule("jacobians", "module", module);
  checkTensor("jacobians", "z", z);
  const both = jacobian((state: Tensor, model: Module) => model.forward(state), { argnums: [0, 1] });
  const [state, weights] = both(z, module) as unknown as [Tensor, Record<string, Tensor>];
  return { state, weights };
}

/** One module of a chain: what the cost's gradient is before it. */
export interface ChainLink {
  /** z_k, which the module got. */
  readonly z: Tensor;
  /** ∂c/∂z_k, a row of z_k's shape. */
  readonly state: Tensor;
  /** ∂c/∂w_k for each parameter by name, of the parameter's shape. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** The module's own two Jacobians, which the products were made of. */
  readonly jacobians: Jacobians;
}

/**
 * The chain rule as it stands in the lecture, by explicit products of matrices. For z_{k+1} = f_k(z_k, w_k)
 * and c = C(z_n), from the last module to the first:
 *
 *     ∂c/∂z_k = ∂c/∂z_{k+1} · ∂f_k/∂z_k        ∂c/∂w_k = ∂c/∂z_{k+1} · ∂f_k/∂w_k
 *
 * `backward()` computes the same without making the matrices: this is to look at, and to check with.
 * @param cost c as a function of the last state, a scalar.
 * @example
 * const { cost, links } = chain([new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2)], z, (y) => sum(square(y)));
 * links[0].state;            // ∂c/∂z_0
 * links[2].weights.weight;   // ∂c/∂W of the last module
 * @throws ShapeError where the cost is no scalar; GraphError
 */
export function chain(
  modules: readonly Module[],
  z: Tensor,
  cost: (y: Tensor) => Tensor,
): { readonly cost: Tensor; readonly output: Tensor; readonly links: readonly ChainLink[] } {
  if (!Array.isArray(modules)) {
    throw new ArgumentError(`chain: expected a list of modules, got ${describe(modules)}`);
  }
  for (const [k, module] of modules.entries()) checkModule("chain", `module ${k}`, module);
  checkTensor("chain", "z", z);
  if (typeof cost !== "function") {
    throw new ArgumentError(`chain: expected cost to be a function, got ${describe(cost)}`);
  }
  const states = [z];
  noGrad(() => {
    for (const f of modules) states.push(f.forward(states.at(-1) as Tensor));
  });
  const output = states.at(-1) as Tensor;
  const c = checkTensor(
    "chain",
    "the cost",
    noGrad(() => cost(output)),
  );
  if (c.size !== 1) throw new ShapeError(`chain: expected the cost to be a scalar, got ${format(c.shape)}`);
  let row = reshape(jacobian(cost)(output), [1, output.size]);
  const links: ChainLink[] = [];
  for (let k = modules.length - 1; k >= 0; k--) {
    const state = states[k] as Tensor;
    const own = jacobians(modules[k] as Module, state);
    const times = (matrix: Tensor, shape: Shape): Tensor =>
      reshape(matmul(row, reshape(matrix, [row.size, sizeOf(shape)])), shape);
    const weights = Object.fromEntries(
      Object.entries(own.weights).map(([name, matrix]) => [
        name,
        times(matrix, matrix.shape.slice((states[k + 1] as Tensor).rank)),
      ]),
    );
    const before = times(own.state, state.shape);
    links.unshift({ z: state, state: before, weights, jacobians: own });
    row = reshape(before, [1, state.size]);
  }
  return { cost: c, output, links };
}
