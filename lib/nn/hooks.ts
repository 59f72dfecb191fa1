import { assume, isSameList, settingChanged } from "../context/trace.js";
import { ArgumentError } from "../errors.js";
import { view } from "../ops/reshape.js";
import { describe } from "../options.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import type { AnyModule } from "./module.js";

// biome-ignore-start lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
/** Sees a module's inputs before `forward`, and may give others. */
export type ForwardPreHook = (module: AnyModule, inputs: readonly Tensor[]) => readonly Tensor[] | void;
/** Sees a module's output, and may give another. */
export type ForwardHook = (module: AnyModule, inputs: readonly Tensor[], output: Tensor) => Tensor | void;
/** Sees the gradients of a module's output and of its first input, and may give another for the input. */
export type BackwardHook = (module: AnyModule, dx: Tensor, dy: Tensor) => Tensor | void;
// biome-ignore-end lint/suspicious/noConfusingVoidType: as above

/** The hooks of one module; `forward` goes through them. */
export class Hooks {
  readonly #before = new Set<{ hook: ForwardPreHook }>();
  readonly #after = new Set<{ hook: ForwardHook }>();
  readonly #backward = new Set<{ hook: BackwardHook }>();
  /** The module's field `forward`, where it had one before its first hook. */
  readonly ownForward: PropertyDescriptor | undefined;
  /** Is called when the last hook is removed. */
  onEmpty: () => void = () => undefined;

  constructor(module: AnyModule) {
    this.ownForward = Object.getOwnPropertyDescriptor(module, "forward");
  }

  get isEmpty(): boolean {
    return this.#before.size + this.#after.size + this.#backward.size === 0;
  }

  /** The same hooks for another module, removed from each by itself. */
  copyFor(module: AnyModule): Hooks {
    const copy = new Hooks(module);
    for (const { hook } of this.#before) copy.addBefore(hook);
    for (const { hook } of this.#after) copy.addAfter(hook);
    for (const { hook } of this.#backward) copy.addBackward(hook);
    return copy;
  }

  addBefore = (hook: ForwardPreHook): (() => void) => this.#add("registerForwardPreHook", this.#before, hook);
  addAfter = (hook: ForwardHook): (() => void) => this.#add("registerForwardHook", this.#after, hook);
  addBackward = (hook: BackwardHook): (() => void) => this.#add("registerBackwardHook", this.#backward, hook);

  #add<H>(name: string, hooks: Set<{ hook: H }>, hook: H): () => void {
    if (typeof hook !== "function") {
      if (this.isEmpty) this.onEmpty();
      throw new ArgumentError(`${name}: expected a function, got ${describe(hook)}`);
    }
    const own = { hook };
    hooks.add(own);
    settingChanged();
    return () => {
      if (!hooks.delete(own)) return;
      settingChanged();
      if (this.isEmpty) this.onEmpty();
    };
  }

  run(module: AnyModule, forward: (...inputs: Tensor[]) => Tensor, given: readonly Tensor[]): Tensor {
    assume(this, () => [...this.#before, ...this.#after, ...this.#backward], isSameList);
    let inputs = given;
    for (const { hook } of this.#before) inputs = checkInputs(hook(module, inputs) ?? inputs);
    if (this.#backward.size > 0) inputs = this.#watchInput(module, inputs);
    let output = forward(...inputs);
    for (const { hook } of this.#after) {
      const other = hook(module, inputs, output) ?? output;
      // A module of several outputs gives a list or an object.
      output = isTensor(output) ? checkTensor("registerForwardHook", "the hook's result", other) : other;
    }
    return this.#backward.size > 0 ? this.#watchOutput(output) : output;
  }

  #dy: Tensor | null = null;

  /** The first input as a tensor of its own in the graph, whose gradient goes through the hooks. */
  #watchInput(module: AnyModule, [first, ...others]: readonly Tensor[]): Tensor[] {
    if (first === undefined || !first.requiresGrad) return first === undefined ? [] : [first, ...others];
    const watched = view(first);
    watched.registerHook((gradient) => {
      let dx = gradient;
      for (const { hook } of this.#backward) dx = hook(module, dx, this.#dy as Tensor) ?? dx;
      return dx;
    });
    return [watched, ...others];
  }

  #watchOutput(output: Tensor): Tensor {
    checkTensor("registerBackwardHook", "the module's output", output);
    if (!output.requiresGrad) return output;
    const watched = view(output);
    watched.registerHook((dy) => {
      this.#dy = dy;
    });
    return watched;
  }
}

function checkInputs(inputs: readonly Tensor[]): readonly Tensor[] {
  if (Array.isArray(inputs)) return inputs;
  throw new ArgumentError(
    `registerForwardPreHook: expected the hook's result to be a list of inputs, got ${describe(inputs)}`,
  );
}
