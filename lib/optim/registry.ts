// What the file of an optimizer says of it besides its class: with which options it runs in the tests that hold for all
// optimizers. Classes of a user need none of this.
import type { Tensor } from "../tensor/tensor.js";
import type { Optimizer } from "./optimizer.js";

export interface OptimizerDescription<Options = object> {
  /** PyTorch's class, a Python expression. Default: the one in torch.optim of the same name. */
  readonly torch?: string;
  /** Options with which it takes fifty steps as PyTorch's does. Each option is in one of them. */
  readonly cases: () => readonly Options[];
  /** Options with which it runs with every schedule, stops and goes on. */
  readonly resumed: Options & { readonly lr: number };
  /** Options with which it takes fifty steps while a schedule moves its momentum. Default: it has none. */
  readonly cycled?: Options;
  /** What else it asks for, and so what it cannot. */
  readonly asks?: {
    /** Parameters that are matrices. */
    readonly matrices?: true;
    /** One group of parameters, and a function that computes the loss: no compiled step. */
    readonly closure?: true;
    /** In PyTorch: sparse gradients. */
    readonly sparse?: true;
  };
  /** Whether rounding grows in it, as where it learns from differences of gradients. Default: false. */
  readonly isSensitive?: boolean;
}

type OptimizerClass = new (parameters: Iterable<Tensor>, options: never) => Optimizer;

// A conditional type: TypeScript knows the class before it looks at the options.
type DescriptionOf<C> = C extends new (
  parameters: never,
  options: infer Options,
) => Optimizer
  ? OptimizerDescription<NonNullable<Options>>
  : never;

const descriptions = new Map<unknown, OptimizerDescription>();

/** Says with which options an optimizer runs. */
export function registerOptimizer<C extends OptimizerClass>(kind: C, description: DescriptionOf<C>): void;
export function registerOptimizer(kind: unknown, description: OptimizerDescription): void {
  descriptions.set(kind, description);
}

/** What the file of an optimizer says of it; undefined where it says nothing. */
export function optimizerDescription(kind: unknown): OptimizerDescription | undefined {
  return descriptions.get(kind);
}
