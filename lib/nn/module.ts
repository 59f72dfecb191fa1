import type { InspectOptionsStylized } from "node:util";
import { assume, overrule, settingChanged } from "../context/trace.js";
import { checkAssignable } from "../eager/apply.js";
import { ArgumentError, GraphError } from "../errors.js";
import { checkFlag, checkFunction, describe } from "../options.js";
import type { DType } from "../tensor/dtype.js";
import { dropGradient } from "../tensor/scratch.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { type HasParts, type Parts, partsOf } from "../tensor/tree.js";
import type { Buffer } from "./buffer.js";
import { convertModule } from "./convert.js";
import { type Copies, type Copyable, copyFields, copyWith, deepCopy } from "./deep-copy.js";
import { type ModelJSON, modelToJSON } from "./describe.js";
import { emptyCopy } from "./empty-copy.js";
import { type BackwardHook, type ForwardHook, type ForwardPreHook, Hooks } from "./hooks.js";
import { buffersOf, heldAt, modulesOf, namedState, slotsOf } from "./named.js";
import type { Parameter } from "./parameter.js";
import { placed, placingForward } from "./place.js";
import { kindOf, showArguments, showModule } from "./show.js";
import { isStandIn, withStandIns } from "./stand-ins.js";
import { type LoadReport, type LoadStateDictOptions, loadState, type StateDict } from "./state-dict.js";

// structuredClone and postMessage cannot clone a symbol, and the error shows its description. Without it, they would
// silently give an object without class and mode.
const NOT_CLONEABLE = Symbol("a Module; send the bytes of serialize() and make it anew with deserialize()");

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
 * @typeParam I the arguments of `forward`, where they are not all tensors: `[inputs: { user: Tensor; item: Tensor }]`.
 * @typeParam O what `forward` gives: a tensor, or for several outputs a list or an object of tensors.
 * @example
 * class Two extends nn.Module<[inputs: { a: Tensor; b: Tensor }], { sum: Tensor; product: Tensor }> {
 *   forward({ a, b }: { a: Tensor; b: Tensor }) {
 *     return { sum: ops.add(a, b), product: ops.mul(a, b) };
 *   }
 * }
 */
export abstract class Module<I extends readonly unknown[] = Tensor[], O = Tensor>
  implements HasParts, Copyable
{
  /** @internal */
  readonly notCloneable = NOT_CLONEABLE;
  #training = true;

  constructor() {
    placingForward(new.target.prototype);
  }

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
    const before = this.#training;
    this.#training = checkFlag("Module", "training", mode);
    if (mode !== before) settingChanged();
  }

  /** The model's function: from inputs to output. */
  abstract forward(...inputs: I): O;

  #hooks: Hooks | null = null;

  /** The hooks, through which `forward` of this module goes from the first one on until the last is removed. */
  #hooked(): Hooks {
    return this.#hooks ?? this.#through(new Hooks(this));
  }

  /** Restores the `forward` from before the first hook. */
  #unhook(): void {
    if (this.#hooks === null) return;
    const own = this.#hooks.ownForward;
    if (own === undefined) Reflect.deleteProperty(this, "forward");
    else Object.defineProperty(this, "forward", own);
    this.#hooks = null;
  }

  /** Replaces `forward` with one that calls these hooks. */
  #through(hooks: Hooks): Hooks {
    checkFunction(this.constructor.name, "forward", this.forward);
    const own = this.forward;
    const forward = (...inputs: Tensor[]): Tensor => Reflect.apply(own, this, inputs);
    const value = (...inputs: Tensor[]): Tensor => {
      try {
        return hooks.run(this, forward, inputs);
      } catch (error) {
        throw placed(error, this);
      }
    };
    Object.defineProperty(this, "forward", { value, configurable: true, writable: true });
    this.#hooks = hooks;
    hooks.onEmpty = () => {
      if (this.#hooks !== hooks) return;
      // Another `forward` that was set since then stays.
      if (Object.is(this.forward, value)) this.#unhook();
      else this.#hooks = null;
    };
    return hooks;
  }

  /**
   * Calls `hook` with the inputs before each `forward`; a list that it returns replaces them
   * (torch.nn.Module.register_forward_pre_hook).
   * @returns what removes the hook.
   * @throws ArgumentError
   */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    return this.#hooked().addBefore(hook);
  }

  /**
   * Calls `hook` with inputs and output after each `forward`; a tensor that it returns replaces the output
   * (torch.nn.Module.register_forward_hook). Of a module of several outputs it sees their list or object.
   * @returns what removes the hook.
   * @throws ArgumentError
   * @example const remove = model.m0.registerForwardHook((_, __, z1) => console.log(z1.shape));
   */
  registerForwardHook(hook: ForwardHook): () => void {
    return this.#hooked().addAfter(hook);
  }

  /**
   * Calls `hook` with ∂c/∂x of the module's first input and ∂c/∂y of its output whenever they are computed; a
   * tensor that it returns replaces ∂c/∂x (torch.nn.Module.register_full_backward_hook). It is not called where
   * the input requires no gradient. The module has to give one tensor.
   * @returns what removes the hook.
   * @throws ArgumentError
   */
  registerBackwardHook(hook: BackwardHook): () => void {
    return this.#hooked().addBackward(hook);
  }

  /** The modules that are fields of this one, by field. */
  *namedChildren(): Generator<[name: string, module: AnyModule]> {
    for (const [name, value] of Object.entries(this)) if (value instanceof Module) yield [name, value];
  }

  /** This module and all below it, each once, by dotted name. */
  *namedModules(): Generator<[name: string, module: AnyModule]> {
    yield* modulesOf(this);
  }

  /** All parameters here and below, each once, by dotted name as in PyTorch. */
  *namedParameters(): Generator<[name: string, parameter: Parameter]> {
    const seen = new Set<Parameter>();
    for (const { name, parameter } of slotsOf(this)) {
      if (seen.has(parameter)) continue;
      seen.add(parameter);
      yield [name, parameter];
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
        return withStandIns([...slotsOf(this)], replacing, run);
      },
    };
  }

  /**
   * Calls `run` with other tensors in place of parameters: G(x, w) as a function of w too
   * (torch.func.functional_call).
   * @example
   * const y = model.withParameters({ "m0.weight": w }, () => model.forward(x));
   * @throws ArgumentError for an unknown name; ShapeError, DTypeError for another shape or dtype.
   */
  withParameters<T>(parameters: Readonly<Record<string, Tensor>>, run: () => T): T {
    if (typeof parameters !== "object" || parameters === null) {
      throw new ArgumentError(`withParameters: expected tensors by name, got ${describe(parameters)}`);
    }
    checkFunction("withParameters", "run", run);
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
    return withStandIns([...slotsOf(this)], replacing, run);
  }

  /** All parameters here and below, each once. */
  parameters(): Parameter[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /**
   * The parameters and buffers by name, as tensors over the same memory and without gradients.
   * @throws ArgumentError where two of them have one name, as buffers in the fields `runMean` and `run_mean`.
   */
  stateDict(): StateDict {
    const state: StateDict = {};
    for (const [name, { storage, shape, dtype }] of namedState("stateDict", this)) {
      state[name] = new Tensor(storage, shape, dtype);
    }
    return state;
  }

  /** All buffers here and below, each once, by dotted name as in PyTorch: `"m0.running_mean"`. */
  *namedBuffers(): Generator<[name: string, buffer: Buffer]> {
    yield* buffersOf(this);
  }

  /**
   * Copies values into the parameters and buffers, all or none: after an error each is what it was. What is shared
   * within the module may stand in the state under any of its names, or under several with equal values.
   * @param options `strict`: refuse names that are missing or unknown, and other shapes; default: true. `rename`:
   *   the module's name for each name of the state, or null to leave the entry out.
   * @returns what was not loaded: missing, unexpected and misshapen entries (torch.nn.Module.load_state_dict).
   * @throws ArgumentError naming what is missing and what is unknown, or two entries or two tensors of the module of
   *   one name; ShapeError, DTypeError; DetachedError, BusyError for a tensor whose memory cannot be read or written now.
   * @example
   * const rename = (name: string) => (name.startsWith("head.") ? null : name.replace(/^module\./, ""));
   * const { missingKeys } = model.loadStateDict(state, { strict: false, rename });
   */
  loadStateDict(state: StateDict, options: LoadStateDictOptions = {}): LoadReport {
    const named = namedState("loadStateDict", this);
    return loadState({ named, at: (name) => heldAt(this, name) }, state, options);
  }

  /**
   * Converts parameters and buffers of floats to another dtype, here and below, all or none. They become other
   * tensors: make the optimizer after it.
   * @returns this
   * @throws DTypeError unless it is float32 or float64.
   * @example model.to("float64")
   */
  to(dtype: DType): this {
    convertModule(this, dtype);
    return this;
  }

  /**
   * A model of its own with the same values: parameters, buffers, modules, hooks, and what lists, maps, plain objects
   * and typed arrays hold are copied, each once, so that tied weights stay tied (copy.deepcopy of a torch.nn.Module).
   * Gradients are not copied. Functions are shared, and so are objects of other classes that hold no tensors; what
   * such a function captured stays the original's.
   *
   * Members that begin with # cannot be copied from outside: make them private by TypeScript's `private`, or give
   * the class a method `cloneWith`.
   * @throws ArgumentError for a class with members that begin with # and no `cloneWith`, and for a field with a
   *   function that is tied to the original; GraphError for a tensor that is the result of an op and requires a
   *   gradient, and within `withParameters`; DetachedError, BusyError
   * @example const target = model.clone();
   */
  clone(): this {
    return deepCopy(this, new Map(), "the model");
  }

  /**
   * What `clone()` begins with where a class has members that begin with #: another module of this class, whose #
   * members the class itself fills. `clone()` then gives it copies of all other fields.
   * @param copy gives the copy of a value, the same as the fields have of it.
   * @example
   * class Scaled extends nn.Module {
   *   #factor: number;
   *   constructor(factor: number) {
   *     super();
   *     this.#factor = factor;
   *   }
   *   protected override cloneWith(): Module {
   *     return new Scaled(this.#factor);
   *   }
   *   forward(input: Tensor): Tensor {
   *     return ops.mul(input, this.#factor);
   *   }
   * }
   * new Scaled(2).clone().forward(x);
   */
  protected cloneWith?(copy: <T>(value: T) => T): Module;

  /** @internal */
  [copyWith](copies: Copies): this {
    if (Object.values(this).some(isStandIn)) {
      throw new GraphError("clone: other tensors stand in the places of the model's parameters now");
    }
    const { cloneWith } = this;
    const copy = emptyCopy(this, copies, { cloneWith, blank: () => new Blank(), base: Module.prototype });
    copies.set(this, copy);
    copy.#training = this.#training;
    copy.#unhook();
    for (const key of Reflect.ownKeys(copy)) if (!Object.hasOwn(this, key)) Reflect.deleteProperty(copy, key);
    // Functions that its constructor made are the copy's already.
    const made = new Set(Reflect.ownKeys(copy).filter((key) => typeof Reflect.get(copy, key) === "function"));
    const where = (key: string | symbol): string => `the field ${String(key)} of a ${this.constructor.name}`;
    const hooks = this.#hooks;
    const own = hooks?.ownForward;
    copyFields(this, copy, copies, where, (key) => made.has(key) || (hooks !== null && key === "forward"));
    if (own !== undefined && !made.has("forward")) {
      Object.defineProperty(copy, "forward", {
        ...own,
        value: deepCopy(own.value, copies, where("forward")),
      });
    }
    if (hooks !== null && !hooks.isEmpty) copy.#through(hooks.copyFor(copy));
    return copy;
  }

  /**
   * What `JSON.stringify` writes: what the model is made of, and the values of its parameters and buffers. For small
   * models; `fromJSON` reads it.
   * @throws ArgumentError for an option of a registered class that JSON cannot hold; BusyError, DetachedError
   * @example const copy = fromJSON(JSON.parse(JSON.stringify(new nn.Linear(2, 3))));
   */
  toJSON(): ModelJSON {
    return modelToJSON(this);
  }

  /**
   * What `toString()` shows between the brackets: for modules of nn and registered classes the arguments of the
   * constructor, `"inFeatures=3, outFeatures=5, bias=true"`. Own classes may give another text
   * (torch.nn.Module.extra_repr).
   */
  extraRepr(): string {
    return showArguments(this);
  }

  /**
   * The modules that it is made of, as PyTorch prints them, with our names of arguments.
   * @example
   * String(new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU()));
   * // Sequential(
   * //   (0): Linear(inFeatures=2, outFeatures=3, bias=true)
   * //   (1): ReLU()
   * // )
   */
  toString(): string {
    return #training in this ? showModule(this) : `[${kindOf(this)}]`;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](depth: number, options?: InspectOptionsStylized): string {
    // What `Object.create` made of a class has not the fields of a module.
    if (depth >= 0 && #training in this) return showModule(this);
    const text = `[${kindOf(this)}]`;
    return options?.stylize(text, "special") ?? text;
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

/** A module before it has its class and its fields. */
class Blank extends Module {
  override forward(): never {
    throw new GraphError("a copy of a module is used before it is made");
  }
}

/** A module of any inputs and outputs. */
export type AnyModule = Module<never, unknown>;
