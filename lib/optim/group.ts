import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { isFloat } from "../graph/dtype.js";
import { Tensor } from "../graph/tensor.js";
import { assume } from "../graph/trace.js";
import { checkNumber, describe } from "../options.js";

/** One scalar that the updates read, float64. */
export function scalarState(value: number): Tensor {
  return new Tensor(Float64Array.of(value), [], "float64");
}

/** Parameters with options of their own, which take the place of the optimizer's. */
export type ParameterGroupOptions<Options> = Options & { readonly parameters: Iterable<Tensor> };

/** A list of parameters, or of groups of them. */
export type ParameterList<Options> = Iterable<Tensor> | Iterable<ParameterGroupOptions<Options>>;

/** Parameters that are trained with the same settings. */
export class ParameterGroup<Settings = unknown> {
  readonly parameters: readonly Tensor[];
  readonly settings: Settings;
  /** The learning rate η as the updates read it. @internal */
  readonly rate: Tensor;
  readonly #name: string;
  #momentum: Tensor | null = null;

  constructor(name: string, parameters: readonly Tensor[], lr: number, settings: Settings) {
    this.#name = name;
    this.parameters = parameters;
    this.settings = settings;
    this.rate = scalarState(checkNumber(name, "lr", lr, { min: 0 }));
  }

  /** The learning rate η. May be set between steps. */
  get lr(): number {
    return this.rate.storage.forReading()[0] as number;
  }

  set lr(value: number) {
    this.rate.data[0] = checkNumber(this.#name, "lr", value, { min: 0 });
  }

  /** The momentum μ, or β₁ of `betas`; null where there is none. May be set between steps, in [0, 1). */
  get momentum(): number | null {
    if (this.#momentum !== null) return this.#momentum.storage.forReading()[0] as number;
    return ofSettings(this.settings);
  }

  set momentum(value: number) {
    const checked = checkNumber(this.#name, "momentum", value, { min: 0, below: 1 });
    if (this.momentum === null || (this.momentum === 0 && this.#momentum === null)) {
      throw new ArgumentError(`${this.#name}: has no momentum that could be set to ${checked}`);
    }
    this.#momentum ??= scalarState(checked);
    this.#momentum.data[0] = checked;
  }

  /** The settings, with the momentum as it is now. @internal */
  get settingsNow(): object {
    const { momentum, betas } = this.settings as { momentum?: number; betas?: readonly number[] };
    if (this.#momentum === null) return this.settings as object;
    if (momentum !== undefined) return { ...this.settings, momentum: this.momentum };
    return { ...this.settings, betas: [this.momentum, ...(betas ?? []).slice(1)] };
  }

  /**
   * The momentum as the updates take it: a number, or from when it was first set a scalar that they read. A compiled
   * step is traced again then, and not for other values.
   * @internal
   */
  get momentumRate(): number | Tensor {
    assume(this, () => this.#momentum !== null);
    return this.#momentum ?? ofSettings(this.settings) ?? 0;
  }
}

function ofSettings(settings: unknown): number | null {
  const { momentum, betas } = settings as { readonly momentum?: number; readonly betas?: readonly number[] };
  return momentum ?? betas?.[0] ?? null;
}

/** The groups of a list: one, unless it is of groups. @throws ArgumentError, DTypeError, GraphError */
export function readGroups<Options>(
  name: string,
  parameters: ParameterList<Options>,
): { readonly parameters: readonly Tensor[]; readonly options: Partial<Options> }[] {
  if (parameters === null || typeof parameters !== "object" || !(Symbol.iterator in parameters)) {
    throw new ArgumentError(`${name}: expected a list of parameters, got ${describe(parameters)}`);
  }
  const list: unknown[] = [...parameters];
  const isGroups = list.length > 0 && list.every(isGroup);
  const groups = isGroups
    ? list.map(({ parameters: own, ...options }) => {
        if (own === null || typeof own !== "object" || !(Symbol.iterator in own)) {
          throw new ArgumentError(
            `${name}: expected a group's parameters to be a list, got ${describe(own)}`,
          );
        }
        return { parameters: [...own], options: options as Partial<Options> };
      })
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
  return typeof value === "object" && value !== null && !(value instanceof Tensor) && "parameters" in value;
}

function checkParameter(name: string, parameter: unknown, i: number): void {
  if (!(parameter instanceof Tensor)) {
    throw new ArgumentError(`${name}: expected parameter ${i} to be a tensor, got ${describe(parameter)}`);
  }
  if (!isFloat(parameter.dtype)) {
    throw new DTypeError(`${name}: expected parameter ${i} to be float32 or float64, got ${parameter.dtype}`);
  }
  if (!parameter.isLeaf) {
    throw new GraphError(`${name}: parameter ${i} is the result of an op; only leaves can be trained`);
  }
}
