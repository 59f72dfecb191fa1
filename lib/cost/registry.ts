// What a cost's file says of it besides the function: how it is called in the tests that hold for all costs. Costs of a
// user need none of this.
import type { CaseTensors, Draws } from "../ops/cases.js";
import type { Tensor } from "../tensor/tensor.js";

// The inputs and options of each cost are its own.
type AnyCost = (...args: never[]) => Tensor;

/** One way to call a cost. */
export interface CostCase {
  /** What is special about it. */
  readonly note: string;
  /** In the order of the call. */
  readonly inputs: CaseTensors;
  /** Without the reduction: each is tried. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Those of the options that are tensors. */
  readonly tensors?: CaseTensors;
  /** PyTorch's function of this case, a Python expression, where that of the description is not it. */
  readonly torch?: string;
  /** Whether it is differentiated. Default: true. */
  readonly hasDerivatives?: boolean;
  /** Whether its values are within float32. Default: true. */
  readonly fitsFloat32?: boolean;
}

export interface CostDescription {
  /** PyTorch's function of the same inputs, a Python expression. */
  readonly torch: string;
  readonly cases: (draws: Draws) => readonly CostCase[];
  /** Inputs that are not differentiated: PyTorch has no derivative by them, or one that nobody asks for. */
  readonly constants?: readonly string[];
  /** Default: none, mean and sum. */
  readonly reductions?: readonly string[];
  /** What is compared with PyTorch's function, where that is more than the cost. */
  readonly compared?: AnyCost;
}

const descriptions = new Map<unknown, CostDescription>();

/** Says how a cost is called. */
export function registerCost(cost: AnyCost, description: CostDescription): void {
  descriptions.set(cost, description);
}

/** What a cost's file says of it; undefined where it says nothing. */
export function costDescription(cost: unknown): CostDescription | undefined {
  return descriptions.get(cost);
}
