import { isGradEnabled } from "../context/grad-mode.js";
import { ArgumentError } from "../errors.js";
import { describe, isInstance } from "../options.js";
import { giveBack, withScratch } from "../tensor/scratch.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { isDiscreet } from "./discreet.js";
import { Module } from "./module.js";
import { type ModulePart, registerModule } from "./registry.js";

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
      if (!isInstance(module, Module)) {
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
    let z = checkTensor("Sequential", "x", x);
    for (let i = 0; i < this.list.length; i++) z = through(this.list[i] as Module, z, i);
    z.storage.isPrivate = false;
    return z;
  }
}

/** One layer's result. The layer before may have made z for this one alone. */
function through(module: Module, z: Tensor, i: number): Tensor {
  if (!isDiscreet(module)) {
    z.storage.isPrivate = false;
    return checkTensor("Sequential", `the output of module ${i}`, module.forward(z));
  }
  const y = withScratch(() => module.forward(z));
  if (!isGradEnabled() && y.storage !== z.storage) giveBack(z.storage);
  return y;
}

registerModule("Sequential", Sequential, {
  rest: "modules",

  cases: () => {
    const linear = (inFeatures: number, outFeatures: number): ModulePart => ({
      module: "Linear",
      arguments: [inFeatures, outFeatures],
    });
    const [relu, tanh, sigmoid] = [{ module: "ReLU" }, { module: "Tanh" }, { module: "Sigmoid" }];
    const small = [linear(3, 4), tanh, linear(4, 2), sigmoid];
    // The lecture's network of 3×10×20 → 60 → 40 → 10, made small.
    const lecture = [{ module: "Flatten" }, linear(24, 6), relu, linear(6, 4), relu, linear(4, 3)];
    const inner = [linear(3, 4), { module: "BatchNorm1d", arguments: [4] }];
    return [
      { note: "4 modules", arguments: small, inputs: { x: [5, 3] } },
      { note: "4 modules, a 1-D sample", arguments: small, inputs: { x: [3] } },
      { note: "the lecture's network", arguments: lecture, inputs: { x: [3, 3, 2, 4] } },
      { note: "the lecture's, one sample", arguments: lecture, inputs: { x: [1, 3, 2, 4] } },
      {
        note: "state and modes within",
        arguments: [
          { module: "Sequential", arguments: inner },
          { module: "Dropout", arguments: [0] },
        ],
        inputs: { x: [5, 3] },
        calls: 2,
      },
    ];
  },
});
