// The nonlinear regression problems of NIST's Statistical Reference Datasets (test/oracle/nist_strd.py): their models.
import { readFileSync } from "node:fs";
import { ops, type Tensor, tensor } from "../../lib/index.js";

export interface Problem {
  readonly name: string;
  readonly level: "lower" | "average" | "higher";
  readonly starts: readonly (readonly number[])[];
  readonly certified: readonly number[];
  /** Certified Σ r². */
  readonly residual: number;
  /** y, and x or x1 and x2. */
  readonly data: readonly (readonly number[])[];
}

const { add, atan, cos, div, exp, log, mul, neg, pow, sin, square, sub } = ops;

/** b(1) to b(9), and x or x1 and x2. */
type Model = (b: (i: number) => Tensor, x: Tensor, x2: Tensor) => Tensor;

const decay = (size: Tensor, rate: Tensor, x: Tensor): Tensor => mul(size, exp(neg(mul(rate, x))));
const bell = (size: Tensor, centre: Tensor, width: Tensor, x: Tensor): Tensor =>
  mul(size, exp(neg(div(square(sub(x, centre)), square(width)))));
const wave = (b: (i: number) => Tensor, i: number, period: Tensor | number, x: Tensor): Tensor => {
  const angle = div(mul(x, 2 * Math.PI), period);
  return add(mul(b(i), cos(angle)), mul(b(i + 1), sin(angle)));
};
/** first + b(i)·x + b(i + 1)·x² + … */
const polynomial = (first: Tensor | number, rest: readonly Tensor[], x: Tensor): Tensor =>
  rest.map((one, i) => mul(one, pow(x, i + 1))).reduce((sum, term) => add(sum, term), add(mul(x, 0), first));
const saturation: Model = (b, x) => mul(b(1), sub(1, exp(neg(mul(b(2), x)))));
const chwirut: Model = (b, x) => div(exp(neg(mul(b(1), x))), add(b(2), mul(b(3), x)));
const decays: Model = (b, x) => add(add(decay(b(1), b(2), x), decay(b(3), b(4), x)), decay(b(5), b(6), x));
const gauss: Model = (b, x) =>
  add(add(decay(b(1), b(2), x), bell(b(3), b(4), b(5), x)), bell(b(6), b(7), b(8), x));
const cubics: Model = (b, x) =>
  div(polynomial(b(1), [b(2), b(3), b(4)], x), polynomial(1, [b(5), b(6), b(7)], x));

const MODELS: Readonly<Record<string, Model>> = {
  Bennett5: (b, x) => mul(b(1), pow(add(b(2), x), div(-1, b(3)))),
  BoxBOD: saturation,
  Chwirut1: chwirut,
  Chwirut2: chwirut,
  DanWood: (b, x) => mul(b(1), pow(x, b(2))),
  ENSO: (b, x) => add(add(add(b(1), wave(b, 2, 12, x)), wave(b, 5, b(4), x)), wave(b, 8, b(7), x)),
  Eckerle4: (b, x) => mul(div(b(1), b(2)), exp(mul(square(div(sub(x, b(3)), b(2))), -0.5))),
  Gauss1: gauss,
  Gauss2: gauss,
  Gauss3: gauss,
  Hahn1: cubics,
  Kirby2: (b, x) => div(polynomial(b(1), [b(2), b(3)], x), polynomial(1, [b(4), b(5)], x)),
  Lanczos1: decays,
  Lanczos2: decays,
  Lanczos3: decays,
  MGH09: (b, x) => div(mul(b(1), add(square(x), mul(x, b(2)))), add(add(square(x), mul(x, b(3))), b(4))),
  MGH10: (b, x) => mul(b(1), exp(div(b(2), add(x, b(3))))),
  MGH17: (b, x) => add(b(1), add(decay(b(2), b(4), x), decay(b(3), b(5), x))),
  Misra1a: saturation,
  Misra1b: (b, x) => mul(b(1), sub(1, pow(add(1, mul(mul(b(2), x), 0.5)), -2))),
  Misra1c: (b, x) => mul(b(1), sub(1, pow(add(1, mul(mul(b(2), x), 2)), -0.5))),
  Misra1d: (b, x) => div(mul(mul(b(1), b(2)), x), add(1, mul(b(2), x))),
  Nelson: (b, x1, x2) => sub(b(1), mul(mul(b(2), x1), exp(neg(mul(b(3), x2))))),
  Rat42: (b, x) => div(b(1), add(1, exp(sub(b(2), mul(b(3), x))))),
  Rat43: (b, x) => div(b(1), pow(add(1, exp(sub(b(2), mul(b(3), x)))), div(1, b(4)))),
  Roszman1: (b, x) => sub(sub(b(1), mul(b(2), x)), mul(atan(div(b(3), sub(x, b(4)))), 1 / Math.PI)),
  Thurber: cubics,
};

export const PROBLEMS = JSON.parse(
  readFileSync(new URL("../oracle/nist-strd.json", import.meta.url), "utf8"),
) as readonly Problem[];

/** The residuals of a problem as a function of its parameters b [n]. */
export function residualsOf({ name, data }: Problem): (b: Tensor) => Tensor {
  const [y, x, x2] = data.map((column) => tensor([...column], { dtype: "float64" })) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const model = MODELS[name] as Model;
  const observed = name === "Nelson" ? log(y) : y;
  return (b) =>
    sub(
      model((i) => ops.slice(b, 0, { start: i - 1, end: i }), x, x2),
      observed,
    );
}

/** The least number of digits that b shares with the certified values. */
export function digitsOf(b: Tensor, { certified }: Problem): number {
  return Math.min(
    ...certified.map((value, i) => -Math.log10(Math.abs(((b.data[i] as number) - value) / value) + 1e-16)),
  );
}
