// Functions as modules, for models that are made of ops alone.
import { nn, type Tensor } from "../../lib/index.js";

/** A module whose `forward` is a function; it may give several tensors. */
export class Wrapped extends nn.Module {
  readonly inner: nn.Module | null;
  readonly #run: (...inputs: Tensor[]) => unknown;

  constructor(run: (...inputs: Tensor[]) => unknown, inner: nn.Module | null = null) {
    super();
    this.#run = run;
    this.inner = inner;
  }

  override forward(...inputs: Tensor[]): Tensor {
    return this.#run(...inputs) as Tensor;
  }
}
