// Initial values: each function fills a tensor in place and gives it back. Random ones are drawn from the generator
// that `manualSeed` starts.

import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { argsort } from "../ops/argsort.js";
import { cholesky } from "../ops/cholesky.js";
import { erfc } from "../ops/erfc.js";
import { less } from "../ops/less.js";
import { matmul } from "../ops/matmul.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { solveTriangular } from "../ops/solve-triangular.js";
import { to } from "../ops/to.js";
import { transpose } from "../ops/transpose.js";
import { where } from "../ops/where.js";
import { checkChoice, checkNumber, checkOptions } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { full } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

/** Fills w with what `make` gives. */
function fill(name: string, w: Tensor, make: () => Tensor): Tensor {
  checkTensor(name, "w", w);
  if (!isFloat(w.dtype))
    throw new ArgumentError(`${name}: expected w to be float32 or float64, got ${w.dtype}`);
  // Refused, if at all, before anything is drawn.
  const array = w.storage.forWriting();
  array.set(noGrad(() => to(make(), w.dtype)).storage.forReading());
  w.storage.version++;
  return w;
}

/**
 * w ~ U[low, high) (torch.nn.init.uniform_).
 * @example nn.init.uniform(layer.weight, -0.1, 0.1)
 * @throws ArgumentError
 */
export function uniform(w: Tensor, low = 0, high = 1): Tensor {
  return fill("uniform", w, () => defaultGenerator.uniform(w.shape, { low, high, dtype: w.dtype }));
}

/**
 * w ~ N(mean, std²) (torch.nn.init.normal_).
 * @example nn.init.normal(layer.weight, 0, 0.02)
 * @throws ArgumentError
 */
export function normal(w: Tensor, mean = 0, std = 1): Tensor {
  return fill("normal", w, () => defaultGenerator.normal(w.shape, { mean, std, dtype: w.dtype }));
}

/**
 * Every element is that value (torch.nn.init.constant_).
 * @example nn.init.constant(layer.bias, 0.1)
 * @throws ArgumentError
 */
export function constant(w: Tensor, value: number): Tensor {
  checkNumber("constant", "value", value);
  return fill("constant", w, () => full(w.shape, value, { dtype: w.dtype }));
}

/** Zeros (torch.nn.init.zeros_). @throws ArgumentError */
export function zeros(w: Tensor): Tensor {
  return constant(w, 0);
}

/** Ones (torch.nn.init.ones_). @throws ArgumentError */
export function ones(w: Tensor): Tensor {
  return constant(w, 1);
}

/** The identity matrix, or what of it fits (torch.nn.init.eye_). @throws ShapeError, ArgumentError */
export function eye(w: Tensor): Tensor {
  return fill("eye", w, () => {
    const [rows, columns] = checkMatrix("eye", w);
    const values = full([rows, columns], 0, { dtype: w.dtype });
    for (let i = 0; i < Math.min(rows, columns); i++) values.storage.forWriting()[i * columns + i] = 1;
    return values;
  });
}

function checkMatrix(name: string, w: Tensor): [rows: number, columns: number] {
  if (w.rank !== 2) throw new ShapeError(`${name}: expected a matrix, got ${format(w.shape)}`);
  return w.shape as [number, number];
}

/** Inputs and outputs of weights [out, in, ...]. */
function fans(name: string, w: Tensor): { readonly fanIn: number; readonly fanOut: number } {
  checkTensor(name, "w", w);
  if (w.rank < 2) throw new ShapeError(`${name}: expected weights [out, in, ...], got ${format(w.shape)}`);
  const [out, inputs, ...field] = w.shape as [number, number, ...number[]];
  const size = field.reduce((product, n) => product * n, 1);
  return { fanIn: inputs * size, fanOut: out * size };
}

/** What follows a layer, for `calculateGain`. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leaky_relu" | "selu";

/**
 * By how much weights are to be larger because of what follows (torch.nn.init.calculate_gain): 1 for linear and
 * sigmoid, 5/3 for tanh, √2 for relu, √(2/(1 + a²)) for leaky_relu with the slope a, 3/4 for selu.
 * @example nn.init.calculateGain("relu")   // 1.414…
 * @throws ArgumentError
 */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  checkNumber("calculateGain", "slope", slope);
  const gains = {
    linear: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leaky_relu: Math.sqrt(2 / (1 + slope * slope)),
    selu: 3 / 4,
  };
  const names = Object.keys(gains) as Nonlinearity[];
  return gains[checkChoice("calculateGain", "nonlinearity", nonlinearity, names)];
}

/**
 * w ~ U(−a, a), a = gain·√(6/(in + out)) (Glorot and Bengio, 2010; torch.nn.init.xavier_uniform_).
 * @example nn.init.xavierUniform(layer.weight, nn.init.calculateGain("tanh"))
 * @throws ShapeError, ArgumentError
 */
export function xavierUniform(w: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans("xavierUniform", w);
  const a = checkNumber("xavierUniform", "gain", gain) * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(w, -a, a);
}

/**
 * w ~ N(0, σ²), σ = gain·√(2/(in + out)) (Glorot and Bengio, 2010; torch.nn.init.xavier_normal_).
 * @throws ShapeError, ArgumentError
 */
export function xavierNormal(w: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fans("xavierNormal", w);
  return normal(w, 0, checkNumber("xavierNormal", "gain", gain) * Math.sqrt(2 / (fanIn + fanOut)));
}

export interface KaimingOptions {
  /** The slope of leaky_relu. Default: 0. */
  readonly a?: number;
  /** Keep the variance of the states (fan_in) or of the gradients (fan_out). Default: fan_in. */
  readonly mode?: "fan_in" | "fan_out";
  /** Default: leaky_relu. */
  readonly nonlinearity?: Nonlinearity;
}

function kaimingStd(name: string, w: Tensor, options: KaimingOptions): number {
  checkOptions(name, options, ["a", "mode", "nonlinearity"]);
  const mode = checkChoice(name, "mode", options.mode ?? "fan_in", ["fan_in", "fan_out"]);
  const gain = calculateGain(options.nonlinearity ?? "leaky_relu", options.a ?? 0);
  const { fanIn, fanOut } = fans(name, w);
  return gain / Math.sqrt(mode === "fan_in" ? fanIn : fanOut);
}

/**
 * w ~ U(−b, b), b = gain·√(3/fan) (He et al., 2015; torch.nn.init.kaiming_uniform_).
 * @example nn.init.kaimingUniform(layer.weight, { nonlinearity: "relu" })
 * @throws ShapeError, ArgumentError, OptionError
 */
export function kaimingUniform(w: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd("kaimingUniform", w, options);
  return uniform(w, -bound, bound);
}

/**
 * w ~ N(0, σ²), σ = gain/√fan (He et al., 2015; torch.nn.init.kaiming_normal_).
 * @throws ShapeError, ArgumentError, OptionError
 */
export function kaimingNormal(w: Tensor, options: KaimingOptions = {}): Tensor {
  return normal(w, 0, kaimingStd("kaimingNormal", w, options));
}

/**
 * Rows, or columns where there are fewer, that are orthogonal to each other, of length `gain`
 * (Saxe et al., 2014; torch.nn.init.orthogonal_).
 * @throws ShapeError, ArgumentError
 */
export function orthogonal(w: Tensor, gain = 1): Tensor {
  checkNumber("orthogonal", "gain", gain);
  return fill("orthogonal", w, () => {
    if (w.rank < 2)
      throw new ShapeError(`orthogonal: expected weights [out, in, ...], got ${format(w.shape)}`);
    const rows = w.shape[0] as number;
    const columns = rows === 0 ? 0 : w.size / rows;
    const isTall = rows >= columns;
    const [m, n] = isTall ? [rows, columns] : [columns, rows];
    // The factor Q of a random matrix whose R has a positive diagonal. It is done twice, since once is not exact.
    let q = defaultGenerator.normal([m, n], { dtype: "float64" });
    for (let i = 0; i < 2; i++) {
      const l = cholesky(matmul(q, q, { transposeA: true }));
      q = transpose(solveTriangular(l, transpose(q, 0, 1)), 0, 1);
    }
    return mul(reshape(isTall ? q : transpose(q, 0, 1), w.shape), gain);
  });
}

export interface TruncNormalOptions {
  readonly mean?: number;
  readonly std?: number;
  /** No value is less. Default: −2. */
  readonly a?: number;
  /** No value is more. Default: 2. */
  readonly b?: number;
}

/**
 * w ~ N(mean, std²), limited to [a, b] (torch.nn.init.trunc_normal_). Default: mean 0, std 1.
 * @throws ArgumentError, OptionError
 */
export function truncNormal(w: Tensor, options: TruncNormalOptions = {}): Tensor {
  checkOptions("truncNormal", options, ["mean", "std", "a", "b"]);
  const mean = checkNumber("truncNormal", "mean", options.mean ?? 0);
  const std = checkNumber("truncNormal", "std", options.std ?? 1, { above: 0 });
  const a = checkNumber("truncNormal", "a", options.a ?? -2);
  const b = checkNumber("truncNormal", "b", options.b ?? 2, { above: a });
  return fill("truncNormal", w, () => {
    const share = (x: Tensor): Tensor => mul(erfc(mul(x, -Math.SQRT1_2)), 0.5);
    const edge = (x: number): Tensor => full(w.shape, (x - mean) / std, { dtype: "float64" });
    let [low, high] = [edge(a), edge(b)];
    const [from, upTo] = [share(low), share(high)];
    const u = defaultGenerator.uniform(w.shape, { dtype: "float64" });
    const wanted = add(from, mul(u, add(upTo, mul(from, -1))));
    // Where the distribution reaches the share that was drawn, by halves.
    for (let i = 0; i < 60; i++) {
      const middle = mul(add(low, high), 0.5);
      const isBelow = less(share(middle), wanted);
      [low, high] = [where(isBelow, middle, low), where(isBelow, high, middle)];
    }
    return add(mul(low, std), mean);
  });
}

/**
 * w ~ N(0, std²), with that share of each column 0 (Martens, 2010; torch.nn.init.sparse_).
 * @param std Default: 0.01.
 * @example nn.init.sparse(layer.weight, 0.9)
 * @throws ShapeError, ArgumentError
 */
export function sparse(w: Tensor, sparsity: number, std = 0.01): Tensor {
  checkNumber("sparse", "sparsity", sparsity, { min: 0, max: 1 });
  checkNumber("sparse", "std", std, { min: 0 });
  return fill("sparse", w, () => {
    const [rows] = checkMatrix("sparse", w);
    const zeroed = Math.ceil(sparsity * rows);
    const order = argsort(defaultGenerator.uniform(w.shape), { dim: 0 });
    const values = defaultGenerator.normal(w.shape, { std, dtype: w.dtype });
    return where(less(order, zeroed), 0, values);
  });
}
