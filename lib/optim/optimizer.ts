import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { allocate, isFloat } from "../graph/dtype.js";
import { format, sameShape } from "../graph/shape.js";
import { Tensor } from "../graph/tensor.js";
import { checkNumber, describe } from "../options.js";

/** One scalar that the update kernels read, float64. */
export function scalarState(value: number): Tensor {
  return new Tensor(Float64Array.of(value), [], "float64");
}

export function zerosLike(parameter: Tensor): Tensor {
  return new Tensor(allocate(parameter.dtype, parameter.size), parameter.shape, parameter.dtype);
}

/**
 * Gradient descent of some kind: moves each parameter w by what its gradient ∂L/∂w and its state say.
 * State is made when a parameter first has a gradient.
 */
export abstract class Optimizer<State extends object> {
  readonly parameters: readonly Tensor[];
  readonly #name: string;
  readonly #lr: Tensor;
  readonly #states = new Map<Tensor, State>();

  constructor(name: string, parameters: Iterable<Tensor>, lr: number) {
    this.#name = name;
    this.parameters = checkParameters(name, parameters);
    this.#lr = scalarState(checkNumber(name, "lr", lr, { min: 0 }));
  }

  /** The learning rate η. May be set between steps. */
  get lr(): number {
    return this.#lr.storage.readOnly[0] as number;
  }

  set lr(value: number) {
    this.#lr.data[0] = checkNumber(this.#name, "lr", value, { min: 0 });
  }

  /** Forgets the gradients of all its parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /**
   * Moves every parameter that has a gradient, all or none.
   * @throws ShapeError, DTypeError where a gradient does not have its parameter's shape and dtype;
   *   DetachedError where the memory of one is gone.
   */
  step(): void {
    const ready = this.parameters.filter((parameter) => parameter.grad !== null);
    for (const parameter of ready) checkGradient(this.#name, parameter, parameter.grad as Tensor);
    for (const parameter of ready) {
      this.update(parameter, parameter.grad as Tensor, this.#lr, this.stateOf(parameter));
    }
  }

  /** The state of one parameter, made if there is none yet. */
  protected stateOf(parameter: Tensor): State {
    let state = this.#states.get(parameter);
    if (state === undefined) {
      state = this.initialState(parameter);
      this.#states.set(parameter, state);
    }
    return state;
  }

  protected abstract initialState(parameter: Tensor): State;
  protected abstract update(parameter: Tensor, gradient: Tensor, lr: Tensor, state: State): void;
}

function checkParameters(name: string, parameters: Iterable<Tensor>): Tensor[] {
  if (parameters === null || typeof parameters !== "object" || !(Symbol.iterator in parameters)) {
    throw new ArgumentError(`${name}: expected a list of parameters, got ${describe(parameters)}`);
  }
  const list = [...parameters];
  if (list.length === 0)
    throw new ArgumentError(`${name}: expected at least one parameter, got an empty list`);
  if (new Set(list).size !== list.length) throw new ArgumentError(`${name}: a parameter is listed twice`);
  list.forEach((parameter, i) => {
    if (!(parameter instanceof Tensor)) {
      throw new ArgumentError(`${name}: expected parameter ${i} to be a tensor, got ${describe(parameter)}`);
    }
    if (!isFloat(parameter.dtype)) {
      throw new DTypeError(
        `${name}: expected parameter ${i} to be float32 or float64, got ${parameter.dtype}`,
      );
    }
    if (!parameter.isLeaf) {
      throw new GraphError(`${name}: parameter ${i} is the result of an op; only leaves can be trained`);
    }
  });
  return list;
}

function checkGradient(name: string, parameter: Tensor, gradient: Tensor): void {
  if (!(gradient instanceof Tensor)) {
    throw new ArgumentError(`${name}: expected .grad to be a tensor or null, got ${describe(gradient)}`);
  }
  if (!sameShape(gradient.shape, parameter.shape)) {
    throw new ShapeError(
      `${name}: expected a gradient of ${format(parameter.shape)}, got ${format(gradient.shape)}`,
    );
  }
  if (gradient.dtype !== parameter.dtype) {
    throw new DTypeError(`${name}: expected a gradient of ${parameter.dtype}, got ${gradient.dtype}`);
  }
  // Asking for the memory refuses a buffer that is gone, before any other parameter has moved.
  for (const { storage } of [parameter, gradient]) if (!storage.isSymbolic) storage.readOnly;
}
