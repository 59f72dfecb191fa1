import { noGrad } from "../context/grad-mode.js";
import { assign, checkAssignable } from "../eager/apply.js";
import { ArgumentError } from "../errors.js";
import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { amax } from "../ops/amax.js";
import { concat } from "../ops/concat.js";
import { dot } from "../ops/dot.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { reshape } from "../ops/reshape.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { checkChoice, checkNumber, describe } from "../options.js";
import { copyOf, zerosLike } from "../tensor/copy.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { Optimizer, type OptimizerOptions } from "./optimizer.js";
import { registerOptimizer } from "./registry.js";
import { type OptimizerStateDict, parsed, type TorchOptimizerStateDict } from "./state-dict.js";
import { type Along, findStep } from "./strong-wolfe.js";
import { partsOf } from "./vector.js";
import { checkWritable } from "./writable.js";

export interface LBFGSOptions extends OptimizerOptions {
  /** The step along each direction, or with a line search the first that is tried. Default: 1. */
  readonly lr?: number;
  /** Directions in one `step()`. Default: 20. */
  readonly maxIter?: number;
  /** It ends after this many evaluations of the loss; a line search may need one more. Default: maxIter · 5/4. */
  readonly maxEval?: number;
  /** It ends where no entry of the gradient is larger. Default: 1e-7. */
  readonly toleranceGrad?: number;
  /** It ends where weights or loss change by less. Default: 1e-9. */
  readonly toleranceChange?: number;
  /** Steps that are remembered. Default: 100. */
  readonly historySize?: number;
  /** A step that satisfies the strong Wolfe conditions, or one of fixed length. Default: null. */
  readonly lineSearchFn?: "strong_wolfe" | null;
}

type Settings = Required<Omit<LBFGSOptions, "lr">>;

/** Where the last direction began and how far it was gone. */
interface Last {
  readonly direction: Tensor;
  readonly gradient: Tensor;
  readonly loss: number;
  length: number;
}

/** A step s and how the gradient changed along it, y. */
interface Pair {
  readonly s: Tensor;
  readonly y: Tensor;
  readonly ys: number;
}

function read(options: LBFGSOptions): Settings {
  const whole = { min: 1, integer: true };
  const maxIter = checkNumber("LBFGS", "maxIter", options.maxIter ?? 20, whole);
  const { lineSearchFn = null } = options;
  return {
    maxIter,
    maxEval: checkNumber("LBFGS", "maxEval", options.maxEval ?? Math.floor((maxIter * 5) / 4), whole),
    toleranceGrad: checkNumber("LBFGS", "toleranceGrad", options.toleranceGrad ?? 1e-7, { min: 0 }),
    toleranceChange: checkNumber("LBFGS", "toleranceChange", options.toleranceChange ?? 1e-9, { min: 0 }),
    historySize: checkNumber("LBFGS", "historySize", options.historySize ?? 100, whole),
    lineSearchFn:
      lineSearchFn === null
        ? null
        : checkChoice("LBFGS", "lineSearchFn", lineSearchFn, ["strong_wolfe"] as const),
  };
}

/**
 * Quasi-Newton descent with limited memory, for full batches (Liu and Nocedal, 1989; torch.optim.LBFGS): the
 * direction is −H·g with an H built from the last steps s and changes of the gradient y. `step()` does several
 * directions and so needs a function that computes the loss and its gradients. With `lineSearchFn: "strong_wolfe"`
 * each step satisfies (Nocedal and Wright, 2006, algorithms 3.5 and 3.6)
 *
 *     L(w + t·d) ≤ L(w) + c₁·t·g·d and |g(w + t·d)·d| ≤ c₂·|g·d|, c₁ = 1e-4, c₂ = 0.9
 *
 * It runs op by op; the function may be compiled in its parts.
 * @example
 * const opt = new optim.LBFGS(model.parameters(), { lineSearchFn: "strong_wolfe" });
 * opt.step(() => {
 *   opt.zeroGrad();
 *   const loss = cost.mse(model.forward(x), y);
 *   loss.backward();
 *   return loss;
 * });
 * @throws ArgumentError, OptionError, DTypeError
 */
export class LBFGS extends Optimizer<object, Settings> {
  #history: readonly Pair[] = [];
  #last: Last | null = null;
  #iterations = 0;
  #evaluations = 0;

  constructor(parameters: Iterable<Tensor>, options: LBFGSOptions = {}) {
    super("LBFGS", parameters, options, { lr: 1, read });
    if (this.groups.length > 1) throw new ArgumentError("LBFGS: expected one group of parameters");
  }

  /**
   * Goes several directions, and gives the loss at the start.
   * @param closure Forgets the gradients, computes the loss and calls `backward()`.
   */
  override step(closure?: () => Tensor): Tensor {
    if (typeof closure !== "function") {
      throw new ArgumentError(`LBFGS: expected a function that computes the loss, got ${describe(closure)}`);
    }
    checkWritable(this.parameters);
    const { maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = this.#settings();
    const evaluate = (): { value: Tensor; loss: number; g: Tensor } => {
      const value = checkTensor("LBFGS", "the loss", closure());
      this.#evaluations++;
      return { value, loss: value.item(), g: noGrad(() => this.#gradients()) };
    };
    const first = evaluate();
    let { loss, g } = first;
    let evaluations = 1;
    const isFlat = (): boolean => amax(abs(g)).item() <= toleranceGrad;
    if (isFlat()) return first.value;
    for (let i = 0; i < maxIter; i++) {
      const first = this.#last === null ? Math.min(1, 1 / sum(abs(g)).item()) : 1;
      const d = noGrad(() => this.#next(g));
      const last: Last = { direction: d, gradient: g, loss, length: first * this.lr };
      this.#last = last;
      this.#iterations++;
      const before = loss;
      const derivative = dot(g, d).item();
      if (derivative > -toleranceChange) break;
      const isLast = i === maxIter - 1;
      if (lineSearchFn === null) {
        this.#move(d, last.length);
        if (isLast) break;
        ({ loss, g } = evaluate());
        evaluations++;
      } else {
        const start = this.parameters.map(copyOf);
        const at = (t: number): Along & { readonly g: Tensor } => {
          this.#put(start);
          this.#move(d, t);
          const found = evaluate();
          return { t, value: found.loss, derivative: dot(found.g, d).item(), g: found.g };
        };
        const origin = { t: 0, value: loss, derivative, g };
        const width = amax(abs(d)).item();
        const { best, tried } = findStep(at, origin, last.length, {
          most: maxEval - evaluations + 1,
          least: toleranceChange / width,
        });
        this.#put(start);
        this.#move(d, best.t);
        last.length = best.t;
        loss = best.value;
        g = best.g;
        evaluations += tried;
      }
      const moved = amax(abs(d)).item() * last.length;
      if (isLast || evaluations >= maxEval || isFlat()) break;
      if (moved <= toleranceChange || Math.abs(loss - before) < toleranceChange) break;
    }
    return first.value;
  }

  /** −H·g: takes the last step into the history, and goes through it there and back. */
  #next(g: Tensor): Tensor {
    const { historySize } = this.#settings();
    if (this.#last === null) return neg(g);
    const pair = pairOf(mul(this.#last.direction, this.#last.length), sub(g, this.#last.gradient));
    if (pair.ys > 1e-10) this.#history = [...this.#history, pair].slice(-historySize);
    let q = neg(g);
    const shares = this.#history.map(() => 0);
    for (let i = this.#history.length - 1; i >= 0; i--) {
      const pair = this.#history[i] as Pair;
      shares[i] = dot(pair.s, q).item() / pair.ys;
      q = sub(q, mul(pair.y, shares[i] as number));
    }
    const last = this.#history.at(-1);
    if (last !== undefined) q = mul(q, last.ys / dot(last.y, last.y).item());
    this.#history.forEach((pair, i) => {
      q = add(q, mul(pair.s, (shares[i] as number) - dot(pair.y, q).item() / pair.ys));
    });
    return q;
  }

  /** With the history and the last direction, as PyTorch has them, in the state of parameter 0. */
  override stateDict(): OptimizerStateDict {
    const dict = super.stateDict();
    if (this.#iterations + this.#evaluations === 0) return dict;
    const counts = { func_evals: this.#evaluations, n_iter: this.#iterations };
    if (this.#last === null) return { ...dict, state: { 0: counts } };
    const { direction, gradient, loss, length } = this.#last;
    const last = this.#history.at(-1);
    const own = {
      ...counts,
      d: direction,
      t: length,
      old_dirs: this.#history.map(({ y }) => y),
      old_stps: this.#history.map(({ s }) => s),
      ro: this.#history.map(({ ys }) => 1 / ys),
      H_diag: last === undefined ? 1 : last.ys / dot(last.y, last.y).item(),
      prev_flat_grad: gradient,
      prev_loss: loss,
    };
    return { ...dict, state: { 0: own } };
  }

  override loadStateDict(dict: OptimizerStateDict | TorchOptimizerStateDict): void {
    const where = "LBFGS.loadStateDict";
    const { states } = parsed(where, dict, [this.parameters.length]);
    const memory = this.#read(where, states);
    super.loadStateDict({ ...dict, state: {} });
    memory();
  }

  /** Checks what a state dict holds of a history, and gives what takes it over. */
  #read(
    where: string,
    [own, ...others]: readonly (Readonly<Record<string, unknown>> | undefined)[],
  ): () => void {
    if (others.some((other) => other !== undefined)) {
      throw new ArgumentError(`${where}: expected a state of parameter 0 alone`);
    }
    if (own === undefined) return () => this.#take([], null, 0, 0);
    const count = (name: string): number => checkNumber(where, name, own[name], { min: 0, integer: true });
    const [iterations, evaluations] = [count("n_iter"), count("func_evals")];
    if (iterations === 0) return () => this.#take([], null, 0, evaluations);
    const number = (name: string): number => {
      const value = own[name];
      return checkNumber(where, name, isTensor(value) && value.rank === 0 ? value.item() : value);
    };
    const like = this.#gradients(() => null);
    const vector = (name: string, value: unknown): Tensor => {
      const checked = checkTensor(where, name, value);
      checkAssignable(`${where}: ${name}`, like, checked);
      return copyOf(checked);
    };
    const list = (name: string): Tensor[] => {
      const value = own[name];
      if (Array.isArray(value)) return value.map((one, i) => vector(`${name}[${i}]`, one));
      throw new ArgumentError(`${where}: expected ${name} to be a list of tensors, got ${describe(value)}`);
    };
    const [ys, ss] = [list("old_dirs"), list("old_stps")];
    if (ys.length !== ss.length) {
      throw new ArgumentError(
        `${where}: expected ${ys.length} old_stps as there are old_dirs, got ${ss.length}`,
      );
    }
    const history = noGrad(() => ys.map((y, i) => pairOf(ss[i] as Tensor, y)));
    const [direction, gradient] = [vector("d", own["d"]), vector("prev_flat_grad", own["prev_flat_grad"])];
    const last = { direction, gradient, length: number("t"), loss: number("prev_loss") };
    return () => this.#take(history, last, iterations, evaluations);
  }

  #take(history: readonly Pair[], last: Last | null, iterations: number, evaluations: number): void {
    this.#history = history;
    this.#last = last;
    this.#iterations = iterations;
    this.#evaluations = evaluations;
  }

  /** @internal */
  override snapshot(): () => void {
    const restore = super.snapshot();
    const [history, last] = [this.#history, this.#last === null ? null : { ...this.#last }];
    const [iterations, evaluations] = [this.#iterations, this.#evaluations];
    return () => {
      restore();
      this.#take(history, last, iterations, evaluations);
    };
  }

  #settings(): Settings {
    const [group] = this.groups as [(typeof this.groups)[0]];
    return group.settings;
  }

  /** The gradients of all parameters as one vector. */
  #gradients(of: (parameter: Tensor) => Tensor | null = ({ grad }) => grad): Tensor {
    // A gradient of another size is refused by its reshape.
    return concat(this.parameters.map((w) => reshape(of(w) ?? zerosLike(w), [w.size])));
  }

  #put(weights: readonly Tensor[]): void {
    this.parameters.forEach((w, i) => {
      assign(w, weights[i] as Tensor);
    });
  }

  /** w ← w + t·d */
  #move(d: Tensor, t: number): void {
    noGrad(() => {
      const parts = partsOf(d, this.parameters);
      this.parameters.forEach((w, i) => {
        assign(w, add(w, mul(parts[i] as Tensor, t)));
      });
    });
  }

  protected initialState(): object {
    return {};
  }

  protected update(): void {}
}

const pairOf = (s: Tensor, y: Tensor): Pair => ({ s, y, ys: dot(y, s).item() });

registerOptimizer(LBFGS, {
  cases: () => [
    { lr: 0.1, maxIter: 1 },
    { lr: 0.2, maxIter: 3, historySize: 2 },
    { lineSearchFn: "strong_wolfe", maxIter: 2, toleranceGrad: 0.01, toleranceChange: 1e-4 },
    { lr: 5, lineSearchFn: "strong_wolfe", maxIter: 20, maxEval: 4, toleranceGrad: 1e-3 },
  ],
  resumed: { lr: 0.3, maxIter: 2, historySize: 3 },
  asks: { closure: true },
  isSensitive: true,
});
