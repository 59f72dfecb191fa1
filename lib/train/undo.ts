import { assign } from "../eager/apply.js";
import type { AnyModule } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { copyOf } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";

/** Restores what a training changes to its values before the first run. */
export class Undo {
  readonly #model: AnyModule;
  readonly #optimizer: Optimizer<object>;
  #putBack: (() => void) | null = null;
  /** The tensors, and their versions before the first run. */
  #before: (readonly [tensor: Tensor, version: number])[] = [];
  #writes = 0;

  constructor(model: AnyModule, optimizer: Optimizer<object>) {
    this.#model = model;
    this.#optimizer = optimizer;
  }

  /**
   * To be called before each run, when nothing else writes these tensors. The first call copies their values.
   * @param writes by how much the run and what belongs to it raise the version of a tensor, at most.
   */
  noteRun(writes = 1): void {
    this.#writes += writes;
    if (this.#putBack !== null) return;
    const undoOptimizer = this.#optimizer.snapshot();
    const tensors = Object.values(this.#model.stateDict());
    const copies = tensors.map(copyOf);
    this.#before = tensors.map((tensor) => [tensor, tensor.storage.version]);
    this.#putBack = () => {
      undoOptimizer();
      tensors.forEach((tensor, i) => {
        assign(tensor, copies[i] as Tensor);
      });
    };
  }

  /** Restores everything, unless other code has written it since, for instance another training of shared layers. */
  undo(): void {
    const isOwn = this.#before.every(([{ storage }, version]) => storage.version - version <= this.#writes);
    if (isOwn) this.#putBack?.();
  }
}
