import { noGrad } from "../context/grad-mode.js";
import { currentTrace } from "../context/trace.js";
import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { checkNumber, checkOptions, describe } from "../options.js";
import { copyOf } from "../tensor/copy.js";
import { dropGradient } from "../tensor/scratch.js";
import { format, sameShape } from "../tensor/shape.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import {
  type GroupSettings,
  momentumOf,
  ParameterGroup,
  type ParameterList,
  readGroups,
  scalarState,
  withMomentum,
} from "./group.js";
import {
  fill,
  isAlike,
  type OptimizerStateDict,
  optionsIn,
  type ParameterState,
  parsed,
  type StateValue,
  type TorchOptimizerStateDict,
  tensorsOf,
  written,
} from "./state-dict.js";
import { assignAll, checkWritable } from "./writable.js";

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** Learning rate η ≥ 0. */
  readonly lr?: number;
}

/** How an optimizer reads its options, and what else PyTorch's state dict of it has. */
export interface Reader<Options, Settings> {
  /** The standard learning rate. */
  readonly lr: number;
  /** The options with their defaults, checked. Their names in snake_case are PyTorch's. */
  read(options: Options): Settings;
  /** What else PyTorch writes in a group, with the values that are the same as this optimizer. */
  readonly fixed?: Readonly<Record<string, StateValue>>;
  /** PyTorch's state of a parameter with what it does not write. */
  complete?(state: Entries): Entries;
}

type Entries = Readonly<Record<string, unknown>>;

/** Functions `update` that keep no gradient: its memory may be used again after the gradient is dropped. */
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
  readonly #reader: Reader<never, Settings>;
  readonly #states = new Map<Tensor, State>();

  constructor(
    name: string,
    parameters: ParameterList<OptimizerOptions>,
    options: OptimizerOptions,
    reader: Reader<never, Settings>,
  ) {
    this.#name = name;
    this.#reader = reader;
    const known = ["lr", ...Object.keys(reader.read({} as never) as object)];
    checkOptions(name, options, known);
    if (options === null || typeof options !== "object") {
      throw new ArgumentError(`${name}: expected an object of options, got ${describe(options)}`);
    }
    this.groups = readGroups(name, parameters).map((group) => {
      checkOptions(name, group.options, known);
      const own = { ...options, ...group.options };
      return new ParameterGroup(name, group.parameters, own.lr ?? reader.lr, reader.read(own as never));
    });
    this.parameters = this.groups.flatMap((group) => group.parameters);
  }

  /** The name of its class, which does not change where names of classes are shortened. @internal */
  get kind(): string {
    return this.#name;
  }

  /**
   * The learning rate η of the first group. To set it, between steps, sets that of all, which schedules that are made
   * after that start from.
   */
  get lr(): number {
    return (this.groups[0] as ParameterGroup).lr;
  }

  set lr(value: number) {
    checkNumber(this.#name, "lr", value, { min: 0 });
    checkWritable(this.groups.map(({ rate }) => rate));
    for (const group of this.groups) {
      group.lr = value;
      group.initialLr = null;
    }
  }

  /** Forgets the gradients of all its parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters) dropGradient(parameter);
  }

  /**
   * Moves every parameter that has a gradient, all or none.
   * @throws ShapeError, DTypeError where a gradient does not have its parameter's shape and dtype;
   *   DetachedError where the memory of one is gone; BusyError where another run uses one.
   */
  step(): void {
    for (const parameter of this.parameters) {
      if (parameter.heldGrad === null) continue;
      checkGradient(this.#name, parameter, parameter.heldGrad);
      if (currentTrace() !== null) continue; // a run of the program has to claim them
      parameter.storage.checkWritable();
      const state = this.#states.get(parameter) as ParameterState | undefined;
      for (const name in state) state[name]?.storage.checkWritable();
    }
    noGrad(() => {
      for (const group of this.groups) {
        group.assumeUnchanged();
        this.updateGroup(group);
      }
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
   * The states of all parameters and the options of all groups, in PyTorch's form and by its names: state dicts
   * move between the two. It holds numbers, words, lists of them, and tensors, which are over the same memory: copy
   * them to keep them.
   */
  stateDict(): OptimizerStateDict {
    const state: Record<number, Record<string, StateValue>> = {};
    this.parameters.forEach((parameter, i) => {
      const own = this.#states.get(parameter);
      if (own === undefined) return;
      state[i] = written(Object.fromEntries(Object.entries(own).filter(([, tensor]) => tensor !== null)));
    });
    let next = 0;
    const paramGroups = this.groups.map(({ lr, initialLr, settingsNow, parameters }) => ({
      lr,
      ...(initialLr === null ? {} : { initial_lr: initialLr }),
      ...written(settingsNow as object),
      ...this.#reader.fixed,
      params: parameters.map(() => next++),
    }));
    return { state, paramGroups };
  }

  /**
   * Takes over states and options, all or none, from another one's state dict or from PyTorch's. The state of a
   * parameter that the dict does not name begins anew; an option that it does not name stays as it is.
   * @throws ArgumentError where the dict is of other parameters or another optimizer; OptionError for an option that
   *   there is not; ShapeError, DTypeError; DetachedError, BusyError where a tensor cannot be read or written
   * @example
   * const other = new optim.SGD(model.parameters());
   * other.loadStateDict(optimizer.stateDict());
   * other.lr;   // 0.1
   */
  loadStateDict(dict: OptimizerStateDict | TorchOptimizerStateDict): void {
    const where = `${this.#name}.loadStateDict`;
    const sizes = this.groups.map(({ parameters }) => parameters.length);
    const { groups, states } = parsed(where, dict, sizes);
    const made = new Map<Tensor, State>();
    let at = 0;
    const settings = this.groups.map((group, g) => {
      const given = states.slice(at, at + group.parameters.length);
      const next = this.#settingsIn(where, group, groups[g] as Entries, given);
      for (const parameter of group.parameters) {
        const own = states[at++];
        if (own === undefined) continue;
        const state = this.initialState(parameter, next.settings, scalarState(next.lr));
        fill(where, at - 1, state as ParameterState, this.#reader.complete?.(own) ?? own);
        made.set(parameter, state);
      }
      return next;
    });
    this.#put(settings, made);
  }

  /** What a state dict sets a group to, with what it has for the group's parameters. */
  #settingsIn(
    where: string,
    group: ParameterGroup<Settings>,
    { lr, initial_lr: initial, ...rest }: Entries,
    states: readonly (Entries | undefined)[],
  ): GroupSettings<Settings> {
    const options = optionsIn(where, rest, Object.keys(group.settings as object), this.#reader.fixed ?? {});
    const common = {
      lr: checkNumber(where, "lr", lr, { min: 0 }),
      initialLr: initial === undefined ? null : checkNumber(where, "initial_lr", initial, { min: 0 }),
    };
    const read = (all: object): Settings => this.#reader.read(all as never);
    const { settings: own, movingMomentum } = group.all;
    const momentum = momentumOf(options);
    if (momentum === null) return { ...common, settings: read({ ...own, ...options }), movingMomentum };
    // Of a momentum that schedules move only the scalar changes: compiled steps need not be traced again. One that is
    // 0 for now can be moved again where the states still hold what it needs.
    const before = momentumOf(own) ?? 0;
    const moves =
      momentum === 0
        ? before !== 0 && states.some((state) => isTensor(state?.["momentum_buffer"]))
        : movingMomentum !== null;
    const all = { ...own, ...options };
    return moves
      ? {
          ...common,
          settings: read(withMomentum(all, before)),
          movingMomentum: checkNumber(where, "momentum", momentum, { min: 0 }),
        }
      : { ...common, settings: read(all), movingMomentum: null };
  }

  /** Puts all in its place, or refuses before anything has changed. */
  #put(settings: readonly GroupSettings<Settings>[], states: ReadonlyMap<Tensor, State>): void {
    checkWritable(this.groups.flatMap(({ scalars }) => scalars));
    checkWritable([...this.#states.values()].flatMap(tensorsOf));
    this.groups.forEach((group, i) => {
      group.put(settings[i] as GroupSettings<Settings>);
      for (const parameter of group.parameters) {
        const [old, next] = [this.#states.get(parameter), states.get(parameter)];
        if (
          old !== undefined &&
          next !== undefined &&
          isAlike(old as ParameterState, next as ParameterState)
        ) {
          assignAll(tensorsOf(old), tensorsOf(next));
          continue;
        }
        // A compiled step holds the old tensors.
        if (old !== undefined) group.renew();
        if (next === undefined) this.#states.delete(parameter);
        else this.#states.set(parameter, next);
      }
    });
  }

  /**
   * Remembers parameters, states and options, and gives what puts them back.
   * @internal
   */
  snapshot(): () => void {
    const weights = this.parameters.map(copyOf);
    const settings = this.groups.map(({ all }) => all);
    const states = new Map(
      Array.from(this.#states, ([parameter, state]) => {
        const copies = Object.entries(state as ParameterState).map(([name, own]) => [
          name,
          own === null ? null : copyOf(own),
        ]);
        return [parameter, Object.fromEntries(copies) as State];
      }),
    );
    return () => {
      checkWritable(this.parameters);
      this.#put(settings, states);
      assignAll(this.parameters, weights);
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

function checkGradient(name: string, parameter: Tensor, gradient: Tensor): void {
  if (!isTensor(gradient)) {
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
  // Asking for the memory refuses a buffer that is gone, before any other parameter has moved. In a trace a run of the
  // program will: another run may have the memory now.
  if (currentTrace() === null) for (const { storage } of [parameter, gradient]) storage.forReading();
}
