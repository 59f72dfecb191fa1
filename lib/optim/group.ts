import { assume, settingChanged } from "../context/trace.js";
import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { checkList, checkNumber, describe } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { isTensor, Tensor } from "../tensor/tensor.js";

/** One scalar that the updates read, float64. */
export function scalarState(value: number): Tensor {
  return new Tensor(Float64Array.of(value), [], "float64");
}

/** Parameters with options of their own, which take the place of the optimizer's. */
export type ParameterGroupOptions<Options> = Options & { readonly parameters: Iterable<Tensor> };

/** A list of parameters, or of groups of them. */
export type ParameterList<Options> = Iterable<Tensor> | Iterable<ParameterGroupOptions<Options>>;

/** All that a group is set to. */
export interface GroupSettings<Settings> {
  readonly lr: number;
  readonly initialLr: number | null;
  readonly settings: Settings;
  /** The momentum, where it is a scalar that updates read instead of the settings' number. */
  readonly movingMomentum: number | null;
}

/** Parameters that are trained with the same settings. */
export class ParameterGroup<Settings = unknown> {
  readonly parameters: readonly Tensor[];
  /** The learning rate η as the updates read it. @internal */
  readonly rate: Tensor;
  /** The learning rate that schedules start from, PyTorch's `initial_lr`; null until there is one. */
  initialLr: number | null = null;
  readonly #name: string;
  #settings: Settings;
  #momentum: Tensor | null = null;
  #version = 0;

  constructor(name: string, parameters: readonly Tensor[], lr: number, settings: Settings) {
    this.#name = name;
    this.parameters = parameters;
    this.#settings = settings;
    this.rate = scalarState(checkNumber(name, "lr", lr, { min: 0 }));
  }

  /** The learning rate η. May be set between steps. */
  get lr(): number {
    // A traced function that asks for the number is traced again for another; updates read the scalar.
    assume(this.rate, () => this.#lr);
    return this.#lr;
  }

  get #lr(): number {
    return this.rate.storage.forReading()[0] as number;
  }

  set lr(value: number) {
    this.rate.storage.forWriting()[0] = checkNumber(this.#name, "lr", value, { min: 0 });
    settingChanged();
  }

  /** The momentum μ, or β₁ of `betas`; null where there is none. May be set between steps, in [0, 1). */
  get momentum(): number | null {
    if (this.#momentum !== null) return this.#momentum.storage.forReading()[0] as number;
    return momentumOf(this.#settings);
  }

  // TypeScript before 5.1 wants a setter to take all that the getter gives. This one refuses null.
  set momentum(value: number | null) {
    const checked = checkNumber(this.#name, "momentum", value, { min: 0, below: 1 });
    if (!this.canMoveMomentum) {
      throw new ArgumentError(`${this.#name}: has no momentum that could be set to ${checked}`);
    }
    this.put({ ...this.all, movingMomentum: checked });
  }

  /** Whether the momentum may be set: it is there, and the states hold what it needs. @internal */
  get canMoveMomentum(): boolean {
    const { betas } = this.#settings as WithMomentum;
    return this.#momentum !== null || betas !== undefined || (momentumOf(this.#settings) ?? 0) !== 0;
  }

  /** The options besides the learning rate; the momentum as it was before it was first set. */
  get settings(): Settings {
    return this.#settings;
  }

  /** The settings, with the momentum as it is now. @internal */
  get settingsNow(): Settings {
    return this.#momentum === null ? this.#settings : withMomentum(this.#settings, this.momentum as number);
  }

  /** The momentum as the updates take it: a number, or from when it was first set a scalar. @internal */
  get momentumRate(): number | Tensor {
    return this.#momentum ?? momentumOf(this.#settings) ?? 0;
  }

  /** @internal */
  get all(): GroupSettings<Settings> {
    const movingMomentum = this.#momentum === null ? null : (this.momentum as number);
    return { lr: this.lr, initialLr: this.initialLr, settings: this.#settings, movingMomentum };
  }

  /** The scalars that updates read. @internal */
  get scalars(): readonly Tensor[] {
    return this.#momentum === null ? [this.rate] : [this.rate, this.#momentum];
  }

  /** Sets all; the values are checked before. @internal */
  put({ lr, initialLr, settings, movingMomentum }: GroupSettings<Settings>): void {
    this.rate.storage.forWriting()[0] = lr;
    settingChanged();
    this.initialLr = initialLr;
    const isScalar = this.#momentum !== null;
    if (movingMomentum === null) this.#momentum = null;
    else if (this.#momentum === null) this.#momentum = scalarState(movingMomentum);
    else this.#momentum.storage.forWriting()[0] = movingMomentum;
    if (isScalar !== (movingMomentum !== null) || !isSame(settings, this.#settings)) this.renew();
    this.#settings = settings;
  }

  /** Has compiled steps traced again: what they took from here has changed. @internal */
  renew(): void {
    this.#version++;
    settingChanged();
  }

  /** Tells a trace that it depends on the settings and on which tensors the states are. @internal */
  assumeUnchanged(): void {
    assume(this, () => this.#version);
  }
}

interface WithMomentum {
  readonly momentum?: number;
  readonly betas?: readonly number[];
}

/** The momentum μ, or β₁; null where settings have neither. */
export function momentumOf(settings: unknown): number | null {
  const { momentum, betas } = settings as WithMomentum;
  return momentum ?? betas?.[0] ?? null;
}

/** The settings with another momentum μ, or β₁. */
export function withMomentum<Settings>(settings: Settings, value: number): Settings {
  const { momentum, betas = [] } = settings as WithMomentum;
  return momentum === undefined
    ? { ...settings, betas: [value, ...betas.slice(1)] }
    : { ...settings, momentum: value };
}

/** Whether two settings hold the same: numbers and words, lists of them, and the same objects. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (isTensor(a) || isTensor(b)) return false;
  const [own, other] = [Object.entries(a), b as Readonly<Record<string, unknown>>];
  return own.length === Object.keys(b).length && own.every(([name, value]) => isSame(value, other[name]));
}

/** The groups of a list: one, unless it is of groups. @throws ArgumentError, DTypeError, GraphError */
export function readGroups<Options>(
  name: string,
  parameters: ParameterList<Options>,
): { readonly parameters: readonly Tensor[]; readonly options: Partial<Options> }[] {
  const list = checkList(name, "a list of parameters", parameters);
  const isGroups = list.length > 0 && list.every(isGroup);
  const groups = isGroups
    ? list.map(({ parameters: own, ...options }) => ({
        parameters: checkList(name, "a group's parameters to be a list", own),
        options: options as Partial<Options>,
      }))
    : [{ parameters: list, options: {} }];
  const all = groups.flatMap((group) => group.parameters);
  if (groups.some((group) => group.parameters.length === 0))
    throw new ArgumentError(`${name}: expected at least one parameter, got an empty list`);
  if (new Set(all).size !== all.length) throw new ArgumentError(`${name}: a parameter is listed twice`);
  all.forEach((parameter, i) => {
    checkParameter(name, parameter, i);
  });
  return groups as { parameters: Tensor[]; options: Partial<Options> }[];
}

function isGroup(value: unknown): value is { readonly parameters: Iterable<unknown> } {
  return typeof value === "object" && value !== null && !isTensor(value) && "parameters" in value;
}

function checkParameter(name: string, parameter: unknown, i: number): void {
  if (!isTensor(parameter)) {
    throw new ArgumentError(`${name}: expected parameter ${i} to be a tensor, got ${describe(parameter)}`);
  }
  if (!isFloat(parameter.dtype)) {
    throw new DTypeError(`${name}: expected parameter ${i} to be float32 or float64, got ${parameter.dtype}`);
  }
  if (!parameter.isLeaf) {
    throw new GraphError(`${name}: parameter ${i} is the result of an op; only leaves can be trained`);
  }
}
