import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { assign, checkAssignable } from "../graph/apply.js";
import { checkDType, type DType, isFloat } from "../graph/dtype.js";
import { noGrad } from "../graph/grad-mode.js";
import { dropGradient } from "../graph/scratch.js";
import { checkTensor, Tensor } from "../graph/tensor.js";
import { assume, overrule } from "../graph/trace.js";
import { type HasParts, type Parts, partsOf } from "../graph/tree.js";
import { to as convertTo } from "../ops/to.js";
import { checkFlag, checkOptions, describe } from "../options.js";
import { Buffer } from "./buffer.js";
import { type Copyable, copyWith, deepCopy } from "./deep-copy.js";
import { type BackwardHook, type ForwardHook, type ForwardPreHook, Hooks } from "./hooks.js";
import { Parameter } from "./parameter.js";

/** Parameters and buffers by name, in PyTorch's naming: `"m0.weight"`. */
export type StateDict = Record<string, Tensor>;

/**
 * A parametrised model y = G(x, w): `forward` is G, and its fields of type `Parameter` and `Module`
 * are w.
 *
 * @example
 * class MyNet extends nn.Module {
 *   m0 = new nn.Linear(600, 60);
 *   m1 = new nn.Linear(60, 10);
 *   forward(x: Tensor): Tensor {
 *     return this.m1.forward(ops.relu(this.m0.forward(x.flatten(1))));
 *   }
 * }
 */
export abstract class Module implements HasParts, Copyable {
  #training = true;

  /**
   * Whether it is being trained; `train()` and `eval()` set it here and in all modules below. A compiled
   * function has a version for each.
   */
  get training(): boolean {
    assume(this, () => this.#training);
    return this.#training;
  }

  set training(mode: boolean) {
    overrule(this);
    this.#training = checkFlag("Module", "training", mode);
  }

  /** The model's function: from inputs to output. */
  abstract forward(...inputs: Tensor[]): Tensor;

  #hooks: Hooks | null = null;

  /** From the first hook on, `forward` of this module goes through its hooks. */
  #hooked(): Hooks {
    if (this.#hooks !== null) return this.#hooks;
    const hooks = new Hooks();
    const forward = this.forward.bind(this);
    const value = (...inputs: Tensor[]): Tensor => hooks.run(this, forward, inputs);
    Object.defineProperty(this, "forward", { value, configurable: true, writable: true });
    this.#hooks = hooks;
    return hooks;
  }

  /**
   * Has `hook` see the inputs before each `forward`; a list that it gives takes their place
   * (torch.nn.Module.register_forward_pre_hook).
   * @returns what removes the hook.
   * @throws ArgumentError
   */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    return this.#hooked().addBefore(hook);
  }

  /**
   * Has `hook` see inputs and output of each `forward`; a tensor that it gives takes the output's place
   * (torch.nn.Module.register_forward_hook).
   * @returns what removes the hook.
   * @throws ArgumentError
   * @example const remove = model.m0.registerForwardHook((_, __, z1) => console.log(z1.shape));
   */
  registerForwardHook(hook: ForwardHook): () => void {
    return this.#hooked().addAfter(hook);
  }

  /**
   * Has `hook` see ∂c/∂x of the module's first input and ∂c/∂y of its output whenever they are computed; a
   * tensor that it gives takes the place of ∂c/∂x (torch.nn.Module.register_full_backward_hook). It is not
   * called where the input requires no gradient.
   * @returns what removes the hook.
   * @throws ArgumentError
   */
  registerBackwardHook(hook: BackwardHook): () => void {
    return this.#hooked().addBackward(hook);
  }

  /** The modules that are fields of this one, by field. */
  *namedChildren(): Generator<[name: string, module: Module]> {
    for (const [name, value] of Object.entries(this)) if (value instanceof Module) yield [name, value];
  }

  /** This module and all below it, each once, by dotted name. */
  *namedModules(prefix = "", seen = new Set<Module>()): Generator<[name: string, module: Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) yield* child.namedModules(join(prefix, name), seen);
  }

  /** All parameters here and below, each once, by dotted name as in PyTorch. */
  *namedParameters(): Generator<[name: string, parameter: Parameter]> {
    const seen = new Set<Parameter>();
    for (const { name, parameter } of this.#slots()) {
      if (seen.has(parameter)) continue;
      seen.add(parameter);
      yield [name, parameter];
    }
  }

  /** Each field that holds a parameter, or what stands in for one. */
  *#slots(): Generator<{ name: string; module: Module; field: string; parameter: Parameter }> {
    for (const [prefix, module] of this.namedModules()) {
      for (const [field, value] of Object.entries(module)) {
        if (!(value instanceof Parameter) && !standIns.has(value)) continue;
        yield { name: join(prefix, field), module, field, parameter: value };
      }
    }
  }

  /**
   * The parameters that are not frozen, for `grad`, `vjp` and others: what is differentiated where a module
   * is an input.
   * @internal
   */
  [partsOf](): Parts {
    const named = [...this.namedParameters()].filter(([, parameter]) => parameter.requiresGrad);
    return {
      names: named.map(([name]) => name),
      tensors: named.map(([, parameter]) => parameter),
      during: (others, run) => {
        const replacing = new Map<Tensor, Tensor>(named.map(([, own], i) => [own, others[i] as Tensor]));
        return this.#with(replacing, run);
      },
    };
  }

  /** Runs `run` with other tensors in the parameters' fields. */
  #with<T>(replacing: ReadonlyMap<Tensor, Tensor>, run: () => T): T {
    const slots = [...this.#slots()].filter(({ parameter }) => replacing.has(parameter));
    const put = ({ module, field }: (typeof slots)[number], tensor: Tensor): void => {
      (module as unknown as Record<string, Tensor>)[field] = tensor;
    };
    const known = new Set([...replacing.values()].filter((other) => standIns.has(other)));
    try {
      for (const slot of slots) {
        const other = replacing.get(slot.parameter) as Tensor;
        standIns.add(other);
        put(slot, other);
      }
      return run();
    } finally {
      for (const slot of slots) put(slot, slot.parameter);
      for (const other of replacing.values()) if (!known.has(other)) standIns.delete(other);
    }
  }

  /**
   * Calls `run` with other tensors in place of parameters: G(x, w) as a function of w too
   * (torch.func.functional_call).
   * @example
   * const y = model.withParameters({ "m0.weight": w }, () => model.forward(x));
   * @throws ArgumentError for an unknown name; ShapeError, DTypeError for another shape or dtype.
   */
  withParameters<T>(parameters: Readonly<Record<string, Tensor>>, run: () => T): T {
    const own = new Map(this.namedParameters());
    const replacing = new Map<Tensor, Tensor>();
    for (const [name, tensor] of Object.entries(parameters)) {
      const parameter = own.get(name);
      if (parameter === undefined) {
        throw new ArgumentError(
          `withParameters: no parameter "${name}"; there are ${[...own.keys()].join(", ") || "none"}`,
        );
      }
      checkAssignable(`withParameters: ${name}`, parameter, checkTensor("withParameters", name, tensor));
      replacing.set(parameter, tensor);
    }
    return this.#with(replacing, run);
  }

  /** All parameters here and below, each once. */
  parameters(): Parameter[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /** The parameters and buffers by name, as tensors over the same memory and without gradients. */
  stateDict(): StateDict {
    const state: StateDict = {};
    for (const [name, { storage, shape, dtype }] of this.#namedState()) {
      state[name] = new Tensor(storage, shape, dtype);
    }
    return state;
  }

  /** All buffers here and below, each once, by dotted name as in PyTorch: `"m0.running_mean"`. */
  *namedBuffers(): Generator<[name: string, buffer: Buffer]> {
    const seen = new Set<Buffer>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [field, value] of Object.entries(module)) {
        if (!(value instanceof Buffer) || seen.has(value)) continue;
        seen.add(value);
        yield [
          join(
            prefix,
            field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
          ),
          value,
        ];
      }
    }
  }

  /** Parameters and buffers by name. */
  *#namedState(): Generator<[name: string, tensor: Tensor]> {
    yield* this.namedParameters();
    yield* this.namedBuffers();
  }

  /**
   * Copies values into the parameters and buffers, all or none.
   * @param options `strict`: refuse names that are missing or unknown. Default: true.
   * @throws ArgumentError naming what is missing and what is unknown; ShapeError, DTypeError.
   */
  loadStateDict(state: StateDict, options: { readonly strict?: boolean } = {}): void {
    checkOptions("loadStateDict", options, ["strict"]);
    const strict = checkFlag("loadStateDict", "strict", options.strict ?? true);
    if (state === null || typeof state !== "object") {
      throw new ArgumentError(`loadStateDict: expected tensors by name, got ${describe(state)}`);
    }
    const own = new Map(this.#namedState());
    const missing = [...own.keys()].filter((name) => !(name in state));
    const unknown = Object.keys(state).filter((name) => !own.has(name));
    if (strict && missing.length + unknown.length > 0) {
      throw new ArgumentError(
        `loadStateDict: missing: ${missing.join(", ") || "none"}; unknown: ${unknown.join(", ") || "none"}`,
      );
    }
    const pairs = [...own].filter(([name]) => name in state);
    for (const [name, tensor] of pairs) {
      checkAssignable(`loadStateDict: ${name}`, tensor, checkTensor("loadStateDict", name, state[name]));
    }
    for (const [name, tensor] of pairs) assign(tensor, state[name] as Tensor);
  }

  /**
   * Converts parameters and buffers of floats to another dtype, here and below. They become other tensors: make
   * the optimizer behind it.
   * @returns this
   * @throws DTypeError unless it is float32 or float64.
   * @example model.to("float64")
   */
  to(dtype: DType): this {
    const checked = checkDType("to", dtype);
    if (!isFloat(checked)) throw new DTypeError(`to: expected dtype float32 or float64, got ${checked}`);
    const converted = new Map<Tensor, Tensor>();
    for (const [, module] of this.namedModules()) {
      for (const [field, value] of Object.entries(module)) {
        const isOwn = value instanceof Parameter || value instanceof Buffer;
        if (!isOwn || !isFloat(value.dtype) || value.dtype === checked) continue;
        const other = converted.get(value) ?? convert(value, checked);
        converted.set(value, other);
        (module as unknown as Record<string, Tensor>)[field] = other;
      }
    }
    return this;
  }

  /**
   * A model of its own with the same values: parameters, buffers, modules, and what lists, maps and plain objects
   * hold of them are copied, each once, so that tied weights stay tied. Hooks and gradients are not copied.
   * A class of yours keeps what is private with TypeScript's `private`: fields that begin with # cannot be copied.
   * @example const target = model.clone();
   */
  clone(): this {
    return deepCopy(this, new Map());
  }

  /** @internal */
  [copyWith](seen: Map<object, object>): this {
    const copy = Object.setPrototypeOf(new Blank(), Object.getPrototypeOf(this)) as this;
    seen.set(this, copy);
    copy.#training = this.#training;
    for (const [name, field] of Object.entries(Object.getOwnPropertyDescriptors(this))) {
      if (name === "forward" && this.#hooks !== null) continue;
      const value: unknown = "value" in field ? deepCopy(field.value, seen) : undefined;
      Object.defineProperty(copy, name, "value" in field ? { ...field, value } : field);
    }
    return copy;
  }

  /** Sets training mode here and below. @returns this */
  train(mode = true): this {
    checkFlag("train", "mode", mode);
    for (const [, module] of this.namedModules()) module.training = mode;
    return this;
  }

  /** Sets evaluation mode here and below. @returns this */
  eval(): this {
    return this.train(false);
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) dropGradient(parameter);
  }
}

function convert(value: Parameter | Buffer, dtype: DType): Tensor {
  const converted = noGrad(() => convertTo(value, dtype));
  return value instanceof Parameter ? new Parameter(converted, value.requiresGrad) : new Buffer(converted);
}

/** A module before it has its class and its fields. */
class Blank extends Module {
  override forward(): never {
    throw new GraphError("a copy of a module is used before it is made");
  }
}

/** What stands in a parameter's place: a parameter itself to those that look for them then. */
const standIns = new WeakSet<Tensor>();

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}
