import { ArgumentError } from "../errors.js";
import { assign } from "../graph/apply.js";
import { copyOf } from "../graph/copy.js";
import { noGrad } from "../graph/grad-mode.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
import { abs } from "../ops/abs.js";
import { add } from "../ops/add.js";
import { amax } from "../ops/amax.js";
import { concat } from "../ops/concat.js";
import { dot } from "../ops/dot.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { checkChoice, checkNumber, describe } from "../options.js";
import { Optimizer, type OptimizerOptions, zerosLike } from "./optimizer.js";
import { type Along, findStep } from "./strong-wolfe.js";

export interface LBFGSOptions extends OptimizerOptions {
  /** The step along each direction, or with a line search the first that is tried. Default: 1. */
  readonly lr?: number;
  /** Directions in one `step()`. Default: 20. */
  readonly maxIter?: number;
  /** It ends behind this many evaluations of the loss; a line search may need one more. Default: maxIter · 5/4. */
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
 * It runs op by op; the function may be compiled in its parts. Its state dict holds no history: that begins anew.
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
  #history: Pair[] = [];
  #direction: Tensor | null = null;
  #length = 0;
  #gradient: Tensor | null = null;

  constructor(parameters: Iterable<Tensor>, options: LBFGSOptions = {}) {
    const known = ["maxIter", "maxEval", "toleranceGrad", "toleranceChange", "historySize", "lineSearchFn"];
    super("LBFGS", parameters, options, { known, lr: 1, read });
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
    const { maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = this.#settings();
    const evaluate = (): { value: Tensor; loss: number; g: Tensor } => {
      const value = checkTensor("LBFGS", "the loss", closure());
      return { value, loss: value.item(), g: noGrad(() => this.#gradients()) };
    };
    const first = evaluate();
    let { loss, g } = first;
    let evaluations = 1;
    const isFlat = (): boolean => amax(abs(g)).item() <= toleranceGrad;
    if (isFlat()) return first.value;
    for (let i = 0; i < maxIter; i++) {
      const isStart = this.#gradient === null;
      const d = noGrad(() => this.#next(g));
      this.#direction = d;
      this.#gradient = g;
      const before = loss;
      const slope = dot(g, d).item();
      this.#length = isStart ? Math.min(1, 1 / sum(abs(g)).item()) * this.lr : this.lr;
      if (slope > -toleranceChange) break;
      const isLast = i === maxIter - 1;
      if (lineSearchFn === null) {
        this.#move(d, this.#length);
        if (isLast) break;
        ({ loss, g } = evaluate());
        evaluations++;
      } else {
        const start = this.parameters.map(copyOf);
        const at = (t: number): Along & { readonly g: Tensor } => {
          this.#put(start);
          this.#move(d, t);
          const found = evaluate();
          return { t, value: found.loss, slope: dot(found.g, d).item(), g: found.g };
        };
        const origin = { t: 0, value: loss, slope, g };
        const width = amax(abs(d)).item();
        const { best, tried } = findStep(at, origin, this.#length, {
          most: maxEval - evaluations + 1,
          least: toleranceChange / width,
        });
        this.#put(start);
        this.#move(d, best.t);
        this.#length = best.t;
        loss = best.value;
        g = best.g;
        evaluations += tried;
      }
      const moved = amax(abs(d)).item() * this.#length;
      if (isLast || evaluations >= maxEval || isFlat()) break;
      if (moved <= toleranceChange || Math.abs(loss - before) < toleranceChange) break;
    }
    return first.value;
  }

  /** −H·g: takes the last step into the history, and goes through it there and back. */
  #next(g: Tensor): Tensor {
    const { historySize } = this.#settings();
    if (this.#gradient === null || this.#direction === null) return neg(g);
    const y = sub(g, this.#gradient);
    const s = mul(this.#direction, this.#length);
    const ys = dot(y, s).item();
    if (ys > 1e-10) {
      if (this.#history.length === historySize) this.#history.shift();
      this.#history.push({ s, y, ys });
    }
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

  #settings(): Settings {
    const [group] = this.groups as [(typeof this.groups)[0]];
    return group.settings;
  }

  #gradients(): Tensor {
    return concat(this.parameters.map((w) => reshape(w.grad ?? zerosLike(w), [w.size])));
  }

  #put(weights: readonly Tensor[]): void {
    this.parameters.forEach((w, i) => {
      assign(w, weights[i] as Tensor);
    });
  }

  /** w ← w + t·d */
  #move(d: Tensor, t: number): void {
    noGrad(() => {
      let at = 0;
      for (const w of this.parameters) {
        const part = reshape(slice(d, 0, { start: at, end: at + w.size }), w.shape);
        at += w.size;
        assign(w, add(w, mul(part, t)));
      }
    });
  }

  protected initialState(): object {
    return {};
  }

  protected update(): void {}
}
