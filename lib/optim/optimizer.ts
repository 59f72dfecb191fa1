import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { assign, checkAssignable } from "../graph/apply.js";
import { copyOf } from "../graph/copy.js";
import { allocate } from "../graph/dtype.js";
import { noGrad } from "../graph/grad-mode.js";
import { dropGradient } from "../graph/scratch.js";
import { format, sameShape } from "../graph/shape.js";
import { Tensor } from "../graph/tensor.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { ParameterGroup, type ParameterList, readGroups } from "./group.js";

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** Learning rate η ≥ 0. */
  readonly lr?: number;
}

/** Tensors and numbers of one parameter, by PyTorch's names. */
export type ParameterState = Record<string, Tensor | null>;

/** As PyTorch writes it: states by the parameter's number, and the groups' settings with the numbers. */
export interface OptimizerStateDict {
  readonly state: Readonly<Record<number, Readonly<Record<string, Tensor>>>>;
  readonly paramGroups: readonly Readonly<Record<string, unknown>>[];
}

export function zerosLike(parameter: Tensor): Tensor {
  return new Tensor(allocate(parameter.dtype, parameter.size), parameter.shape, parameter.dtype);
}

/** How an optimizer reads its options: which there are, the standard learning rate, and the settings. */
export interface Reader<Options, Settings> {
  readonly known: readonly string[];
  readonly lr: number;
  read(options: Options): Settings;
}

/** The `update` of optimizers that keep no gradient: its memory may be used again once it is dropped. */
const letGo = new WeakSet<object>();

/** Says that an `update` keeps no gradient. */
export function keepsNoGradient(update: object): void {
  letGo.add(update);
}

/**
 * Gradient descent of some kind: moves each parameter w by what its gradient ∂L/∂w and its state say.
 * State is made when a parameter first has a gradient. Parameters may come in groups with options of their own.
 * @example
 * new optim.SGD([{ parameters: model.m0.parameters(), lr: 0.01 }, { parameters: model.m1.parameters() }], { lr: 0.1 });
 */
export abstract class Optimizer<State extends object = object, Settings = unknown> {
  readonly parameters: readonly Tensor[];
  readonly groups: readonly ParameterGroup<Settings>[];
  readonly #name: string;
  readonly #states = new Map<Tensor, State>();

  constructor(
    name: string,
    parameters: ParameterList<OptimizerOptions>,
    options: OptimizerOptions,
    reader: Reader<never, Settings>,
  ) {
    this.#name = name;
    checkOptions(name, options, ["lr", ...reader.known]);
    if (options === null || typeof options !== "object") {
      throw new ArgumentError(`${name}: expected an object of options, got ${describe(options)}`);
    }
    this.groups = readGroups(name, parameters).map((group) => {
      checkOptions(name, group.options, ["lr", ...reader.known]);
      const own = { ...options, ...group.options };
      return new ParameterGroup(name, group.parameters, own.lr ?? reader.lr, reader.read(own as never));
    });
    this.parameters = this.groups.flatMap((group) => group.parameters);
  }

  /** The learning rate η of the first group. To set it, between steps, sets that of all. */
  get lr(): number {
    return (this.groups[0] as ParameterGroup).lr;
  }

  set lr(value: number) {
    checkNumber(this.#name, "lr", value, { min: 0 });
    for (const group of this.groups) group.lr = value;
  }

  /** Forgets the gradients of all its parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters) dropGradient(parameter);
  }

  /**
   * Moves every parameter that has a gradient, all or none.
   * @throws ShapeError, DTypeError where a gradient does not have its parameter's shape and dtype;
   *   DetachedError where the memory of one is gone.
   */
  step(): void {
    for (const parameter of this.parameters) {
      if (parameter.heldGrad !== null) checkGradient(this.#name, parameter, parameter.heldGrad);
    }
    noGrad(() => {
      for (const group of this.groups) this.updateGroup(group);
    });
  }

  /** Moves the parameters of a group that have a gradient. */
  protected updateGroup({ parameters, rate, settings, momentumRate }: ParameterGroup<Settings>): void {
    for (const parameter of parameters) {
      const gradient = letGo.has(this.update) ? parameter.heldGrad : parameter.grad;
      if (gradient === null) continue;
      const state = this.stateOf(parameter, settings, rate);
      this.update(parameter, gradient, rate, state, settings, momentumRate);
    }
  }

  /**
   * The states of all parameters and the settings of all groups, in PyTorch's form and by its names: state
   * dicts move between the two. Its tensors are over the same memory.
   */
  stateDict(): OptimizerStateDict {
    const state: Record<number, Record<string, Tensor>> = {};
    this.parameters.forEach((parameter, i) => {
      const own = this.#states.get(parameter);
      if (own === undefined) return;
      state[i] = {};
      for (const [name, tensor] of Object.entries(own as ParameterState)) {
        if (tensor === null) continue;
        state[i][snake(name)] = new Tensor(tensor.storage, tensor.shape, tensor.dtype);
      }
    });
    let next = 0;
    const paramGroups = this.groups.map((group) => {
      const settings = Object.entries(group.settingsNow).map(([name, value]) => [snake(name), value]);
      return { lr: group.lr, ...Object.fromEntries(settings), params: group.parameters.map(() => next++) };
    });
    return { state, paramGroups };
  }

  /**
   * Takes over states and learning rates, all or none; other settings are those of the constructor.
   * @throws ArgumentError where there are other parameters or states; ShapeError, DTypeError
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const where = `${this.#name}.loadStateDict`;
    if (dict === null || typeof dict !== "object" || !Array.isArray(dict.paramGroups)) {
      throw new ArgumentError(`${where}: expected a state dict, got ${describe(dict)}`);
    }
    const sizes = dict.paramGroups.map(({ params }) => (Array.isArray(params) ? params.length : 0));
    if (String(sizes) !== String(this.groups.map((group) => group.parameters.length))) {
      throw new ArgumentError(
        `${where}: expected groups of ${this.groups.map((group) => group.parameters.length).join(", ")} parameters, got ${sizes.join(", ")}`,
      );
    }
    const pairs: [Tensor, Tensor][] = [];
    const made: [Tensor, State][] = [];
    let at = 0;
    for (const { parameters, settings, rate } of this.groups) {
      for (const parameter of parameters) {
        const given = dict.state[at++];
        if (given === undefined) continue;
        const state = this.#states.get(parameter) ?? this.initialState(parameter, settings, rate);
        made.push([parameter, state]);
        for (const [name, tensor] of Object.entries(state as ParameterState)) {
          if (tensor === null) continue;
          const source = given[snake(name)];
          if (!(source instanceof Tensor)) {
            throw new ArgumentError(
              `${where}: expected ${snake(name)} of parameter ${at - 1} to be a tensor, got ${describe(source)}`,
            );
          }
          checkAssignable(`${where}: ${snake(name)} of parameter ${at - 1}`, tensor, source);
          pairs.push([tensor, source]);
        }
      }
    }
    const rates = dict.paramGroups.map(({ lr }, i) => checkNumber(where, `lr of group ${i}`, lr, { min: 0 }));
    for (const [tensor, source] of pairs) assign(tensor, source);
    for (const [parameter, state] of made) this.#states.set(parameter, state);
    this.groups.forEach((group, i) => {
      group.lr = rates[i] as number;
    });
  }

  /**
   * Remembers parameters, states and learning rates, and gives what puts them back.
   * @internal
   */
  snapshot(): () => void {
    const weights = this.parameters.map(copyOf);
    const rates = this.groups.map(({ lr }) => lr);
    const states = new Map(
      Array.from(this.#states, ([parameter, state]) => {
        const entries = Object.entries(state as ParameterState);
        return [parameter, entries.map(([name, own]) => [name, own === null ? null : copyOf(own)] as const)];
      }),
    );
    return () => {
      this.parameters.forEach((parameter, i) => {
        assign(parameter, weights[i] as Tensor);
      });
      this.groups.forEach((group, i) => {
        group.lr = rates[i] as number;
        for (const parameter of group.parameters) {
          const state = this.#states.get(parameter) as ParameterState | undefined;
          if (state === undefined) continue;
          // What came in between begins anew: a compiled step may hold it.
          const before =
            states.get(parameter) ??
            Object.entries(this.initialState(parameter, group.settings, group.rate) as ParameterState);
          for (const [name, own] of before) if (own !== null) assign(state[name] as Tensor, own);
        }
      });
    };
  }

  /** The state of one parameter, made if there is none yet. */
  protected stateOf(parameter: Tensor, settings: Settings, rate: Tensor): State {
    let state = this.#states.get(parameter);
    if (state === undefined) {
      state = this.initialState(parameter, settings, rate);
      this.#states.set(parameter, state);
    }
    return state;
  }

  /** By PyTorch's names in camelCase. */
  protected abstract initialState(parameter: Tensor, settings: Settings, lr: Tensor): State;
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    lr: Tensor,
    state: State,
    settings: Settings,
    momentum: number | Tensor,
  ): void;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function checkGradient(name: string, parameter: Tensor, gradient: Tensor): void {
  if (!(gradient instanceof Tensor)) {
    throw new ArgumentError(`${name}: expected .grad to be a tensor or null, got ${describe(gradient)}`);
  }
  if (!sameShape(gradient.shape, parameter.shape)) {
    throw new ShapeError(
      `${name}: expected a gradient of ${format(parameter.shape)}, got ${format(gradient.shape)}`,
    );
  }
  if (gradient.dtype !== parameter.dtype) {
    throw new DTypeError(`${name}: expected a gradient of ${parameter.dtype}, got ${gradient.dtype}`);
  }
  // Asking for the memory refuses a buffer that is gone, before any other parameter has moved.
  for (const { storage } of [parameter, gradient]) if (!storage.isSymbolic) storage.forReading();
}
