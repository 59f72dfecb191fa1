import { nn, ops, type Tensor } from "../../../lib/index.js";

/** A critic of observations and actions side by side. */
export class Pair extends nn.Module {
  constructor(readonly network: nn.Module) {
    super();
  }

  forward(observation: Tensor, action: Tensor): Tensor {
    return this.network.forward(ops.concat([observation, action], 1));
  }
}
