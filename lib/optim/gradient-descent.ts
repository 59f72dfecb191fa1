import { noGrad } from "../context/grad-mode.js";
import { currentTrace } from "../context/trace.js";
import { write } from "../eager/apply.js";
import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { amax } from "../ops/amax.js";
import { amin } from "../ops/amin.js";
import { cholesky } from "../ops/cholesky.js";
import { concat } from "../ops/concat.js";
import { diagonalMatrix } from "../ops/diagonal.js";
import { dot } from "../ops/dot.js";
import { expand } from "../ops/expand.js";
import { matmul } from "../ops/matmul.js";
import { mul } from "../ops/mul.js";
import { scalar } from "../ops/operand.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sub } from "../ops/sub.js";
import { to } from "../ops/to.js";
import { trace } from "../ops/trace.js";
import { transpose } from "../ops/transpose.js";
import { describe } from "../options.js";
import { Generator } from "../random/generator.js";
import { copyOf, zerosLike } from "../tensor/copy.js";
import { tensor } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import type { ParameterGroup, ParameterList } from "./group.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";
import { type OptimizerStateDict, parsed, type TorchOptimizerStateDict } from "./state-dict.js";
import { assignAll, checkWritable } from "./writable.js";

/** A function P with the tensors that it reads: another one with tensors of the same shapes can take its place. */
export type StatefulPreconditioner = ((gradient: Tensor) => Tensor) & { readonly state: readonly Tensor[] };

/**
 * P of a descent along −P·∂L/∂w over all n numbers of a group's parameters, one after the other: a diagonal [n], a
 * matrix [n, n], or a linear function of vectors [n].
 */
export type Preconditioner = Tensor | ((gradient: Tensor) => Tensor);

export interface GradientDescentOptions extends OptimizerOptions {
  /** Learning rate η ≥ 0. Default: 0.001. */
  readonly lr?: number;
  /** Symmetric and positive semi-definite, which is checked. Default: none, the steepest descent. */
  readonly preconditioner?: Preconditioner;
}

interface Settings {
  readonly preconditioner: Preconditioner | null;
}

/**
 * The lecture's descent, with a learning rate that may be a matrix:
 *
 *     w ← w − η·P·∂L/∂w
 *
 * For a symmetric positive semi-definite P the step does not go uphill, since ∂L/∂w·P·∂L/∂w ≥ 0, though it is
 * not the steepest. With P = H⁻¹ it is Newton's method: see `newton` and `gaussNewton`. Full-batch, stochastic or
 * mini-batch is a matter of the batches it is given.
 * @example
 * const opt = new optim.GradientDescent(model.parameters(), { lr: 0.1, preconditioner: tensor([1, 0.5, 0.1]) });
 * @throws ArgumentError for a P that is not symmetric positive semi-definite; ShapeError, DTypeError, OptionError
 */
export class GradientDescent extends Optimizer<object, Settings> {
  constructor(parameters: ParameterList<GradientDescentOptions>, options: GradientDescentOptions = {}) {
    super("GradientDescent", parameters, options, {
      lr: 0.001,
      read: ({ preconditioner = null }: { readonly preconditioner?: Preconditioner | null }) => ({
        preconditioner,
      }),
    });
    for (const group of this.groups) {
      const { preconditioner } = group.settings;
      if (preconditioner === null) continue;
      checkPreconditioner(group.parameters, preconditioner);
      group.put({ ...group.all, settings: { preconditioner: owned(preconditioner) } });
    }
  }

  /** P of the first group; null for none. To set it, between steps, sets that of the first group. */
  get preconditioner(): Preconditioner | null {
    return this.#first.settings.preconditioner;
  }

  // TypeScript before 5.1 wants a setter to take all that the getter gives. This one refuses null.
  set preconditioner(value: Preconditioner | null) {
    const group = this.#first;
    checkPreconditioner(group.parameters, value);
    // In place, so that a compiled step reads the new values.
    const [old, next] = [stateOf(this.preconditioner), stateOf(value)];
    if (old.length > 0 && likeness(old) === likeness(next)) assignAll(old, next);
    else group.put({ ...group.all, settings: { preconditioner: owned(value) } });
  }

  get #first(): ParameterGroup<Settings> {
    return this.groups[0] as ParameterGroup<Settings>;
  }

  /** A matrix or diagonal is in it as a tensor, a function by the list of its state; of other functions there is nothing. */
  override stateDict(): OptimizerStateDict {
    const { state, paramGroups } = super.stateDict();
    return {
      state,
      paramGroups: paramGroups.map(({ preconditioner, ...rest }, i) => {
        const own = (this.groups[i] as ParameterGroup<Settings>).settings.preconditioner;
        if (typeof own !== "function") return { ...rest, preconditioner: preconditioner ?? null };
        return "state" in own ? { ...rest, preconditioner: [...stateOf(own)] } : rest;
      }),
    };
  }

  override loadStateDict(dict: OptimizerStateDict | TorchOptimizerStateDict): void {
    const where = "GradientDescent.loadStateDict";
    const sizes = this.groups.map(({ parameters }) => parameters.length);
    const { groups, state, numbers } = parsed(where, dict, sizes);
    const [targets, values]: [Tensor[], Tensor[]] = [[], []];
    const paramGroups = groups.map((given, i) => {
      const params = numbers[i];
      if (!("preconditioner" in given)) return { ...given, params };
      const { settings, parameters } = this.groups[i] as ParameterGroup<Settings>;
      const next = readPreconditioner(where, parameters, given["preconditioner"], settings.preconditioner);
      targets.push(...next.targets);
      values.push(...next.values);
      return { ...given, params, preconditioner: next.preconditioner };
    });
    checkWritable(targets);
    super.loadStateDict({ state, paramGroups } as OptimizerStateDict);
    assignAll(targets, values);
  }

  /** @internal */
  override snapshot(): () => void {
    const restore = super.snapshot();
    const targets = this.groups.flatMap(({ settings }) => stateOf(settings.preconditioner));
    const values = targets.map(copyOf);
    return () => {
      checkWritable(targets);
      restore();
      assignAll(targets, values);
    };
  }

  override step(): void {
    // P moves parameters without a gradient too.
    const moved = this.groups.filter(({ settings }) => settings.preconditioner !== null);
    if (currentTrace() === null) checkWritable(moved.flatMap(({ parameters }) => parameters));
    super.step();
  }

  protected initialState(): object {
    return {};
  }

  protected override updateGroup(group: ParameterGroup<Settings>): void {
    const { preconditioner } = group.settings;
    if (preconditioner === null) {
      super.updateGroup(group);
      return;
    }
    const { parameters, rate } = group;
    const gradient = concat(parameters.map((w) => reshape(w.grad ?? zerosLike(w), [w.size])));
    const move = mul(applied(preconditioner, gradient), to(rate, gradient.dtype));
    let at = 0;
    const pieces = parameters.map((w) => {
      const piece = slice(move, 0, { start: at, end: at + w.size });
      at += w.size;
      return reshape(piece, w.shape);
    });
    parameters.forEach((w, i) => {
      write("GradientDescent", w, sub(w, pieces[i] as Tensor));
    });
  }

  protected update(parameter: Tensor, gradient: Tensor, lr: Tensor): void {
    write("GradientDescent", parameter, sub(parameter, mul(gradient, to(lr, parameter.dtype))));
  }
}

/** The tensors that a preconditioner is known to read. */
function stateOf(preconditioner: Preconditioner | null): readonly Tensor[] {
  if (isTensor(preconditioner)) return [preconditioner];
  return preconditioner !== null && "state" in preconditioner
    ? (preconditioner as StatefulPreconditioner).state
    : [];
}

/** A matrix is copied: another's may be written in place, and this one is. */
const owned = (preconditioner: Preconditioner): Preconditioner =>
  isTensor(preconditioner) ? copyOf(preconditioner) : preconditioner;

const likeness = (tensors: readonly Tensor[]): string =>
  tensors.map(({ shape, dtype }) => `${dtype}${format(shape)}`).join(" ");

/**
 * The preconditioner that a state dict tells of, and where it is the one that is there, the tensors of its state with
 * the values they are to have.
 */
function readPreconditioner(
  where: string,
  parameters: readonly Tensor[],
  given: unknown,
  own: Preconditioner | null,
): { preconditioner: Preconditioner | null; targets: readonly Tensor[]; values: readonly Tensor[] } {
  const targets = stateOf(own);
  if (given === null) return { preconditioner: null, targets: [], values: [] };
  if (isTensor(given)) {
    checkPreconditioner(parameters, given);
    // In place where it can be: a compiled step reads it there.
    const fits = isTensor(own) && likeness([own]) === likeness([given]);
    return fits
      ? { preconditioner: own, targets, values: [copyOf(given)] }
      : { preconditioner: copyOf(given), targets: [], values: [] };
  }
  const isState = Array.isArray(given) && given.every((one) => isTensor(one));
  if (typeof own === "function" && isState && targets.length > 0 && likeness(targets) === likeness(given)) {
    return { preconditioner: own, targets, values: given.map(copyOf) };
  }
  const wanted = typeof own === "function" ? `its state ${likeness(targets)}` : "a tensor or null";
  throw new ArgumentError(`${where}: expected preconditioner to be ${wanted}, got ${describe(given)}`);
}

function applied(preconditioner: Preconditioner, v: Tensor): Tensor {
  if (!isTensor(preconditioner)) {
    const moved = checkTensor("GradientDescent", "what the preconditioner gives", preconditioner(v));
    if (moved.rank === 1 && moved.size === v.size) return moved;
    throw new ShapeError(
      `GradientDescent: expected the preconditioner to give ${format(v.shape)}, got ${format(moved.shape)}`,
    );
  }
  return preconditioner.rank === 1 ? mul(preconditioner, v) : matmul(preconditioner, v);
}

// How asymmetric or indefinite rounding in float32 may make a matrix.
const TOLERANCE = 1e-5;
const PROBES = 4;

function checkPreconditioner(
  parameters: readonly Tensor[],
  preconditioner: unknown,
): asserts preconditioner is Preconditioner {
  const name = "GradientDescent";
  const n = parameters.reduce((sum, { size }) => sum + size, 0);
  const { dtype } = parameters[0] as Tensor;
  if (parameters.some((w) => w.dtype !== dtype)) {
    throw new DTypeError(`${name}: expected parameters of one dtype for a preconditioner`);
  }
  const refuse = (why: string): never => {
    throw new ArgumentError(`${name}: expected a symmetric positive semi-definite preconditioner, ${why}`);
  };
  noGrad(() => {
    if (isTensor(preconditioner)) {
      if (preconditioner.dtype !== dtype) {
        throw new DTypeError(
          `${name}: expected the preconditioner to be ${dtype} as the parameters are, got ${preconditioner.dtype}`,
        );
      }
      const shape = format(preconditioner.shape);
      if (shape === `[${n}]`) {
        const least = amin(preconditioner).item();
        if (!(least >= 0)) refuse(`this diagonal has ${least}`);
      } else if (shape === `[${n}, ${n}]`) {
        checkMatrix(to(preconditioner, "float64"), refuse);
      } else {
        throw new ShapeError(`${name}: expected a preconditioner [${n}] or [${n}, ${n}], got ${shape}`);
      }
    } else if (typeof preconditioner === "function") {
      checkFunction(preconditioner as (v: Tensor) => Tensor, n, dtype, refuse);
    } else {
      throw new ArgumentError(
        `${name}: expected preconditioner to be a tensor or a function, got ${describe(preconditioner)}`,
      );
    }
  });
}

function checkMatrix(matrix: Tensor, refuse: (why: string) => never): void {
  const n = matrix.shape[0] as number;
  const size = amax(abs(matrix)).item();
  const skew = amax(abs(sub(matrix, transpose(matrix, 0, 1)))).item();
  if (!(skew <= TOLERANCE * size)) refuse(`this one differs from its transpose by ${skew}`);
  // A semi-definite matrix becomes definite by any addition to its diagonal.
  const little = TOLERANCE * Math.max(trace(matrix).item() / n, 0) + Number.MIN_VALUE * 2 ** 60;
  const lifted = add(matrix, diagonalMatrix(expand(scalar(little, "float64"), [n])));
  try {
    cholesky(lifted);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    refuse("this one has a negative eigenvalue");
  }
}

/** On a few random vectors. */
function checkFunction(
  f: (v: Tensor) => Tensor,
  n: number,
  dtype: Tensor["dtype"],
  refuse: (why: string) => never,
): void {
  const random = new Generator(0);
  for (let i = 0; i < PROBES; i++) {
    const [u, v] = [random.normal([n], { dtype }), random.normal([n], { dtype })];
    const [pu, pv] = [applied(f, u), applied(f, v)];
    const size =
      Math.sqrt(dot(pu, pu).item() * dot(v, v).item()) + Math.sqrt(dot(pv, pv).item() * dot(u, u).item());
    const skew = dot(u, pv).item() - dot(v, pu).item();
    if (!(Math.abs(skew) <= TOLERANCE * size)) refuse(`u·P(v) and v·P(u) differ by ${skew}`);
    const along = dot(u, pu).item();
    if (!(along >= -TOLERANCE * size)) refuse(`u·P(u) is ${along}`);
  }
}

registerOptimizer(GradientDescent, {
  torch: "references.GradientDescent",
  cases: () => [
    {},
    { lr: 0.05 },
    { lr: 0.05, preconditioner: tensor([1, 0.5, 0.25, 1, 0.5, 0.25, 2, 1], { dtype: "float64" }) },
  ],
  resumed: { lr: 0.05 },
});
