// What holds for every distribution that the package exports, by the cases of its file; and for every registered pair.
import { describe, expect, test } from "vitest";
import { simplex } from "../../lib/distributions/constraints.js";
import type { Distribution } from "../../lib/distributions/index.js";
import { klDivergence } from "../../lib/distributions/index.js";
import {
  arange,
  checkGradients,
  compile,
  Generator,
  GraphError,
  ops,
  ShapeError,
  type Tensor,
  vjp,
  vmap,
} from "../../lib/index.js";
import { expectClose, expectSame, fromOracle } from "../oracle/compare.js";
import { type Answer, answersTo, answersToPair } from "./answers.js";
import {
  type DrawnCase,
  fixedInCdf,
  isResultOf,
  made,
  PAIRS,
  RESULTS,
  type Result,
  TITLED,
  tensorsOf,
} from "./cases.js";

const NAMES = Object.keys(RESULTS) as Result[];
// Of these the last tensor to differentiate by is the value or the probability.
const TAKES: Partial<Record<Result, "value" | "probability">> = {
  logProb: "value",
  cdf: "value",
  icdf: "probability",
};

// Differences move parameters out of their range: a symmetric matrix is no longer one.
const UNCHECKED = { validateArgs: false };

interface Setting {
  readonly parameters: Tensor[];
  readonly of: Distribution;
  readonly value: Tensor;
  readonly probability: Tensor;
}

function settingOf(one: DrawnCase): Setting {
  const parameters = tensorsOf(one);
  const [value, probability] = [fromOracle(one.value), fromOracle(one.probability)];
  return { parameters, of: made(one, parameters), value, probability };
}

interface Function {
  readonly f: (...at: Tensor[]) => Tensor;
  readonly at: Tensor[];
  /** The first parameters that are held, because the result has no derivative by them. */
  readonly fixed: number;
}

/** A result as a function of the parameters and, if it takes one and the support is continuous, a value. */
function functionOf(one: DrawnCase, result: Result, options: object = {}): Function {
  const { parameters, of, value, probability } = settingOf(one);
  const taken = TAKES[result];
  // A step leaves a simplex.
  const isClosed = of.support.isDiscrete || ("validateArgs" in options && of.support === simplex);
  const moves = taken !== undefined && !isClosed;
  const fixed = result === "cdf" ? fixedInCdf(one) : 0;
  const held = parameters.slice(0, fixed);
  const f = (...at: Tensor[]): Tensor => {
    const last = at[parameters.length - fixed] as Tensor;
    const x = moves && taken === "value" ? last : value;
    const p = moves && taken === "probability" ? last : probability;
    const own = [...held, ...at.slice(0, parameters.length - fixed)];
    return RESULTS[result](made(one, own, options), x, p);
  };
  const rest = parameters.slice(fixed);
  return { f, at: moves ? [...rest, taken === "value" ? value : probability] : rest, fixed };
}

const resultsOf = (one: DrawnCase): Result[] => {
  const { of, value, probability } = settingOf(one);
  return NAMES.filter((result) => isResultOf(of, result, value, probability));
};

/** Compares a result and its gradients with PyTorch's. */
function compare({ f, at, fixed }: Function, answer: Answer, what: string): void {
  expectClose(f(...at), answer.y, undefined, what);
  if (answer.gradients === undefined || answer.dy === undefined || at.length === 0) return;
  const gradients = vjp(f, ...at)[1](fromOracle(answer.dy));
  answer.gradients.slice(fixed).forEach((expected, i) => {
    expectClose(gradients[i], expected, undefined, `gradient of ${what} by tensor ${i}`);
  });
}

describe.each(TITLED)("%s", (_, one) => {
  test("has PyTorch's values and gradients", () => {
    const row = answersTo(one);
    const { of } = settingOf(one);
    expect([of.batchShape, of.eventShape]).toEqual([row.batchShape, row.eventShape]);
    const available = resultsOf(one);
    for (const result of NAMES) {
      const answer = row[result];
      if (answer === undefined) continue;
      expect(available, "what PyTorch has").toContain(result);
      compare(functionOf(one, result), answer, result);
    }
  });

  test("gives the same bits compiled", () => {
    const results = resultsOf(one);
    const { parameters, value, probability } = settingOf(one);
    const all = (x: Tensor, p: Tensor, ...at: Tensor[]): Tensor[] =>
      results.map((result) => RESULTS[result](made(one, at), x, p));
    const eager = all(value, probability, ...parameters);
    const compiled = compile(all)(value, probability, ...parameters);
    results.forEach((result, i) => {
      expect([...(compiled[i] as Tensor).data], result).toEqual([...(eager[i] as Tensor).data]);
    });
  });

  test("computes in float32 from parameters of float32", () => {
    const row = answersTo(one);
    const { of: wide } = settingOf(one);
    const narrow = (x: Tensor): Tensor => ops.to(x, "float32");
    const parameters = tensorsOf(one).map(narrow);
    if (parameters.length === 0) return;
    const of = made(one, parameters);
    const value = narrow(fromOracle(one.value));
    expect(of.dtype).toBe("float32");
    expect(of.sample().dtype).toBe(wide.sample().dtype === "int32" ? "int32" : "float32");
    const logProb = of.logProb(value);
    expect(logProb.dtype).toBe("float32");
    expectClose(logProb, (row.logProb as Answer).y, { rtol: 1e-4, atol: 1e-4 }, "logProb");
  });

  test("draws the same bits compiled, and from a seed", () => {
    const { parameters, of } = settingOf(one);
    const draw =
      (generator: Generator) =>
      (...at: Tensor[]) =>
        made(one, at).sample([2, 3], { generator });
    const eager = draw(new Generator(7))(...parameters);
    expect(eager.shape).toEqual([2, 3, ...of.batchShape, ...of.eventShape]);
    expect(compile(draw(new Generator(7)))(...parameters).data).toEqual(eager.data);
    expect(eager.requiresGrad).toBe(false);
    const all = of.support.check(ops.to(eager, of.dtype));
    expect([...all.data].every(Boolean), "in the support").toBe(true);
  });

  test("has the derivatives that differences give", () => {
    for (const result of resultsOf(one)) {
      const { f, at } = functionOf(one, result, UNCHECKED);
      if (result === "mode" || at.length === 0 || !isFiniteAt(f, at)) continue;
      checkGradients(f, at, { rtol: 1e-4, atol: 1e-6 });
    }
  });

  test("is one distribution of a batch under vmap", () => {
    const { parameters } = settingOf(one);
    if (parameters.length === 0) return;
    for (const result of resultsOf(one)) {
      const { f, at } = functionOf(one, result);
      const twice = at.map((x) => ops.stack([x, x]));
      expectSame(vmap(f)(...twice), ops.stack([f(...at), f(...at)]), result);
    }
    const draw = (...at: Tensor[]): Tensor => made(one, at).sample([5]);
    const draws = vmap(draw, { randomness: "different" })(...parameters.map((x) => ops.stack([x, x])));
    expect(draws.shape).toEqual([2, ...draw(...parameters).shape]);
  });

  test("expands to a larger batch", () => {
    const { of, value, probability } = settingOf(one);
    const larger = of.expand([2, ...of.batchShape]);
    expect(larger.batchShape).toEqual([2, ...of.batchShape]);
    expect(larger.eventShape).toEqual(of.eventShape);
    expect(larger.sample().shape).toEqual([2, ...of.batchShape, ...of.eventShape]);
    for (const result of resultsOf(one)) {
      if (TAKES[result] !== undefined) continue;
      const own = RESULTS[result](of, value, probability);
      expectSame(RESULTS[result](larger, value, probability), ops.stack([own, own]), result);
    }
    const [size = 1] = of.batchShape;
    if (size !== 1) expect(() => of.expand([size + 1, ...of.batchShape.slice(1)])).toThrow(ShapeError);
  });

  test("gives gradients through rsample, or says that it cannot", () => {
    const { parameters, of } = settingOf(one);
    if (!of.hasRsample) {
      expect(() => of.rsample()).toThrow(GraphError);
      expect(() => of.rsample()).toThrow(`${one.family}.rsample: `);
      return;
    }
    const noisy =
      (generator: () => Generator) =>
      (...at: Tensor[]): Tensor =>
        made(one, at).rsample([2], { generator: generator() });
    const f = noisy(() => new Generator(3));
    const own = f(...parameters);
    expect(own.data).toEqual(of.sample([2], { generator: new Generator(3) }).data);
    if (parameters.length === 0) return;
    const weights = ops.reshape(ops.sin(arange(own.size, { dtype: "float64" })), own.shape);
    for (const gradient of vjp(f, ...parameters)[1](weights)) {
      expect([...gradient.data].every(Number.isFinite)).toBe(true);
      expect([...gradient.data].some((slope) => slope !== 0)).toBe(true);
    }
  });
});

const isFiniteAt = (f: (...at: Tensor[]) => Tensor, at: readonly Tensor[]): boolean =>
  [...f(...at).data].every(Number.isFinite);

describe("klDivergence", () => {
  test.each(PAIRS.map((pair) => [pair.note, pair] as const))(
    "%s: PyTorch's value and gradients",
    (_, pair) => {
      const [ofP, ofQ] = [tensorsOf(pair.p), tensorsOf(pair.q)];
      const f = (...at: Tensor[]): Tensor =>
        klDivergence(
          made(pair.p, at.slice(0, ofP.length), UNCHECKED),
          made(pair.q, at.slice(ofP.length), UNCHECKED),
        );
      const at = [...ofP, ...ofQ];
      compare({ f, at, fixed: 0 }, answersToPair(pair), "divergence");
      expect([...compile(f)(...at).data]).toEqual([...f(...at).data]);
      if (isFiniteAt(f, at)) checkGradients(f, at, { rtol: 1e-4, atol: 1e-6 });
    },
  );
});
