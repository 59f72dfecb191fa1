import { ArgumentError } from "../errors.js";
import type { Tensor } from "../graph/tensor.js";
import { describe } from "../options.js";
import { Module } from "./module.js";

/**
 * Modules one after the other: y = f_n(… f_1(f_0(x))) (torch.nn.Sequential).
 * Its parameters are named by position: `"0.weight"`.
 * @example new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10))
 */
export class Sequential extends Module {
  private readonly list: readonly Module[];

  constructor(...modules: Module[]) {
    super();
    modules.forEach((module, i) => {
      if (!(module instanceof Module)) {
        throw new ArgumentError(`Sequential: expected module ${i} to be a Module, got ${describe(module)}`);
      }
    });
    this.list = modules;
  }

  /** Its modules, in order. */
  get modules(): readonly Module[] {
    return this.list;
  }

  override *namedChildren(): Generator<[name: string, module: Module]> {
    for (const [i, module] of this.list.entries()) yield [String(i), module];
  }

  forward(x: Tensor): Tensor {
    return this.list.reduce((z, module) => module.forward(z), x);
  }
}
