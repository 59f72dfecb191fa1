// Elementwise instructions: one operator of ONNX where there is one, else parts.

import { isSameList } from "../../context/trace.js";
import { broadcastParams } from "../../ops/broadcast.js";
import { allocate, type DType } from "../../tensor/dtype.js";
import { sameShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { GraphBuilder, Ref } from "../graph.js";
import { POINTWISE } from "../pointwise.js";
import { dataTypeOf } from "../tensor-proto.js";
import { type Call, OTHER_AXES, type Writer } from "./call.js";

/** Writes an instruction as a formula of its inputs. */
type Parts = (f: Formula, ...inputs: Ref[]) => Ref;

/** Writes formulas over values of one dtype. */
export class Formula {
  readonly graph: GraphBuilder;
  readonly dtype: DType;

  constructor(graph: GraphBuilder, dtype: DType) {
    this.graph = graph;
    this.dtype = dtype;
  }

  number(value: number): Ref {
    const values = allocate(this.dtype, 1);
    values[0] = value;
    return this.graph.constant(values, [], this.dtype);
  }

  /** An operator of values and of numbers. */
  of(operator: string, ...inputs: readonly (Ref | number)[]): Ref {
    return this.graph.node(
      operator,
      inputs.map((input) => (typeof input === "number" ? this.number(input) : input)),
    );
  }

  cast(x: Ref, dtype: DType): Ref {
    return castTo(this.graph, x, dtype);
  }
}

export const castTo = (graph: GraphBuilder, x: Ref, dtype: DType): Ref =>
  graph.node("Cast", [x], { to: { int: dataTypeOf(dtype) } });

const square = (f: Formula, x: Ref): Ref => f.of("Mul", x, x);

/** e^x − 1 without cancellation (Kahan): (u − 1)·x/ln u for u = e^x, where u is neither 1 nor next to 0. */
function expm1(f: Formula, x: Ref): Ref {
  const u = f.of("Exp", x);
  const less = f.of("Sub", u, 1);
  const quotient = f.of("Div", f.of("Mul", less, x), f.of("Log", u));
  const isFar = f.of("Or", f.of("Less", less, -0.999), f.of("Greater", x, 80));
  return f.of("Where", f.of("Equal", u, 1), x, f.of("Where", isFar, less, quotient));
}

/** ln(1 + x) without cancellation (Kahan): x·ln(u)/(u − 1) for u = 1 + x, where u is neither 1 nor infinite. */
function log1p(f: Formula, x: Ref): Ref {
  const u = f.of("Add", x, 1);
  const logarithm = f.of("Log", u);
  const quotient = f.of("Div", f.of("Mul", logarithm, x), f.of("Sub", u, 1));
  const infinite = f.of("Where", f.of("Greater", u, LARGE), logarithm, quotient);
  return f.of("Where", f.of("Equal", u, 1), x, infinite);
}

// Beyond it 1 + x is x, and the products above may be infinite.
const LARGE = 1e30;

/** arctan x: a first value of 24 bits, and one step by tan's addition formula with sin and cos in float64. */
function atan(f: Formula, x: Ref): Ref {
  const first = f.cast(f.graph.node("Atan", [f.cast(x, "float32")]), "float64");
  const [sin, cos] = [f.of("Sin", first), f.of("Cos", first)];
  const step = f.of("Div", f.of("Sub", f.of("Mul", x, cos), sin), f.of("Add", cos, f.of("Mul", x, sin)));
  const refined = f.of("Add", first, step);
  // So large that arctan is π/2 to the last bit.
  const limit = f.of("Mul", f.of("Sign", x), Math.PI / 2);
  return f.of("Where", f.of("Greater", f.of("Abs", x), LARGE), limit, refined);
}

const TERMS = 14;

/**
 * erf x = tanh(2πx) − x/π·e^(−x²)·Σ_k e^(−a_k)/(a_k + x²) for a_k = (k − ½)²/4, k = 1 … 14: the trapezoidal rule with
 * steps of ½ and its correction (Hunter and Regan, 1972), to 10⁻¹⁶.
 */
function erf(f: Formula, x: Ref): Ref {
  const { graph } = f;
  const places = Float64Array.from({ length: TERMS }, (_, k) => (k + 0.5) ** 2 / 4);
  const weights = places.map((place) => Math.exp(-place));
  const squared = square(f, x);
  const last = graph.sizes([-1]);
  const distances = f.of(
    "Add",
    graph.node("Unsqueeze", [squared, last]),
    graph.constant(places, [TERMS], f.dtype),
  );
  const terms = f.of("Div", graph.constant(weights, [TERMS], f.dtype), distances);
  const sum = graph.node("ReduceSum", [terms, last], { keepdims: { int: 0 } });
  const density = f.of("Mul", f.of("Exp", f.of("Neg", squared)), f.of("Mul", x, 1 / Math.PI));
  const near = f.of("Sub", f.of("Tanh", f.of("Mul", x, 2 * Math.PI)), f.of("Mul", density, sum));
  // An infinite x has no density.
  return f.of("Where", f.of("Greater", f.of("Abs", x), 7), f.of("Sign", x), near);
}

/** arcsin x = arctan(x/√(1 − x²)). */
const asin = (f: Formula, x: Ref): Ref => atan(f, f.of("Div", x, rootOfRest(f, x)));

/** √(1 − x²) as √((1 − x)·(1 + x)), which is exact next to 1. */
const rootOfRest = (f: Formula, x: Ref): Ref =>
  f.of("Sqrt", f.of("Mul", f.of("Sub", 1, x), f.of("Add", 1, x)));

/** Where the first is negative or −0: a number's sign, as 1/x has it for 0. */
const isNegative = (f: Formula, x: Ref): Ref =>
  f.of("Or", f.of("Less", x, 0), f.of("Less", f.of("Reciprocal", x), 0));

/** What is written as parts for float64 alone: the operators that onnxruntime lacks. */
const PARTS_OF_FLOAT64: Readonly<Record<string, Parts>> = {
  // It has Sigmoid, but makes x·Sigmoid(x) an operator that it lacks.
  sigmoid: (f, x) => f.of("Reciprocal", f.of("Add", f.of("Exp", f.of("Neg", x)), 1)),
  erf,
  tan: (f, x) => f.of("Div", f.of("Sin", x), f.of("Cos", x)),
  atan,
  asin,
  // arccos x = 2·arctan(√((1 − x)/(1 + x)))
  acos: (f, x) => f.of("Mul", atan(f, f.of("Sqrt", f.of("Div", f.of("Sub", 1, x), f.of("Add", 1, x)))), 2),
  // (e + e/(e + 1))/2 for e = e^|x| − 1, with x's sign
  sinh: (f, x) => {
    const e = expm1(f, f.of("Abs", x));
    const rest = f.of("Where", f.of("Greater", e, LARGE), 1, f.of("Div", e, f.of("Add", e, 1)));
    return f.of("Mul", f.of("Sign", x), f.of("Mul", f.of("Add", e, rest), 0.5));
  },
  cosh: (f, x) => f.of("Mul", f.of("Add", f.of("Exp", x), f.of("Exp", f.of("Neg", x))), 0.5),
  // sign(x)·ln(1 + |x| + x²/(1 + √(x² + 1))), and for a large x sign(x)·ln(1 + 2|x|)
  asinh: (f, x) => {
    const [size, squared] = [f.of("Abs", x), square(f, x)];
    const root = f.of("Sqrt", f.of("Add", squared, 1));
    const rest = f.of("Div", squared, f.of("Add", root, 1));
    const sum = f.of("Add", size, f.of("Where", f.of("Greater", size, 1e9), size, rest));
    return f.of("Mul", f.of("Sign", x), log1p(f, sum));
  },
  // ln(1 + t + √t·√(t + 2)) for t = x − 1
  acosh: (f, x) => {
    const t = f.of("Sub", x, 1);
    const root = f.of("Mul", f.of("Sqrt", t), f.of("Sqrt", f.of("Add", t, 2)));
    return log1p(f, f.of("Add", t, root));
  },
  // ln(1 + 2x/(1 − x))/2
  atanh: (f, x) => f.of("Mul", log1p(f, f.of("Div", f.of("Mul", x, 2), f.of("Sub", 1, x))), 0.5),
};

/** Instructions that are no one operator of ONNX. */
const PARTS: Readonly<Record<string, Parts>> = {
  square,
  expm1,
  log1p,
  rsqrt: (f, x) => f.of("Reciprocal", f.of("Sqrt", x)),
  heaviside: (f, x) => f.cast(f.of("Greater", x, 0), f.dtype),
  trunc: (f, x) => f.of("Where", f.of("Less", x, 0), f.of("Ceil", x), f.of("Floor", x)),
  exp2: (f, x) => f.of("Pow", 2, x),
  log2: (f, x) => f.of("Mul", f.of("Log", x), Math.LOG2E),
  log10: (f, x) => f.of("Mul", f.of("Log", x), Math.LOG10E),
  erfc: (f, x) => f.of("Sub", 1, written(f, "erf", x)),
  not_equal: (f, a, b) => f.of("Not", f.of("Equal", a, b)),
  is_finite: (f, x) =>
    f.dtype === "float32" || f.dtype === "float64"
      ? f.of("Not", f.of("Or", f.of("IsInf", x), f.of("IsNaN", x)))
      : f.of("Equal", x, x),
  // The longer side times √(1 + (shorter/longer)²), which does not overflow; with an infinite side it is infinite.
  hypot: (f, a, b) => {
    const [p, q] = [f.of("Abs", a), f.of("Abs", b)];
    const isLonger = f.of("Greater", p, q);
    const [longer, shorter] = [f.of("Where", isLonger, p, q), f.of("Where", isLonger, q, p)];
    const ratio = f.of("Div", shorter, longer);
    const root = f.of("Mul", longer, f.of("Sqrt", f.of("Add", square(f, ratio), 1)));
    const isPlain = f.of("Or", f.of("Equal", longer, 0), f.of("IsInf", longer));
    return f.of("Where", isPlain, longer, root);
  },
  // The rest of a / b with b's sign
  remainder: (f, a, b) => {
    if (f.dtype === "int32") return f.of("Mod", a, b);
    const rest = f.graph.node("Mod", [a, b], { fmod: { int: 1 } });
    const isOther = f.of("Less", f.of("Mul", f.of("Sign", rest), f.of("Sign", b)), 0);
    return f.of("Where", isOther, f.of("Add", rest, b), rest);
  },
  // arctan(a/b), and for b < 0 half a turn more, with a's sign
  atan2: (f, a, b) => {
    const quotient = f.of("Div", a, b);
    const isZero = f.of("And", f.of("Equal", a, 0), f.of("Equal", b, 0));
    const areInfinite = f.of("And", f.of("IsInf", a), f.of("IsInf", b));
    const [signA, signB] = [signOf(f, a), signOf(f, b)];
    const eighth = f.of("Where", areInfinite, f.of("Mul", signA, signB), f.of("Mul", signA, 0));
    const inRight = written(f, "atan", f.of("Where", f.of("Or", isZero, areInfinite), eighth, quotient));
    return f.of("Where", isNegative(f, b), f.of("Add", inRight, f.of("Mul", signA, Math.PI)), inRight);
  },
};

/** 1, or −1 where x is negative or −0. */
const signOf = (f: Formula, x: Ref): Ref => f.of("Where", isNegative(f, x), -1, 1);

/** Writes an instruction as an operator or as parts; null if there are none for the dtype. */
function writerOf(name: string, dtype: DType): Parts | null {
  const parts = dtype === "float64" ? inTable(PARTS_OF_FLOAT64, name) : undefined;
  if (parts !== undefined) return parts;
  const known = inTable(POINTWISE, name);
  if (known === undefined) return inTable(PARTS, name) ?? null;
  return dtype === "float64" && known.float64 === false
    ? null
    : (f, ...inputs) => f.of(known.operator, ...inputs);
}

const inTable = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** An instruction that can be written in every dtype of floats. */
const written = (f: Formula, name: string, x: Ref): Ref => (writerOf(name, f.dtype) as Parts)(f, x);

const CAST = /^to_(.*)$/;

/** The comparisons by order, which ONNX has for numbers only. */
const BY_ORDER = new Set(["less", "less_equal", "greater", "greater_equal"]);

export const elementwise: Writer<"elementwise"> = (call) => {
  const { name, graph, y, inputs, recorded } = call;
  if (recorded.applied?.op.isCustom && !broadcasts(inputs, y, recorded.params))
    return call.refuse(OTHER_AXES);
  if (CAST.test(name)) return castTo(graph, call.read("x"), y.dtype);
  const dtype = (inputs.at(-1) as Tensor).dtype;
  const f = new Formula(graph, dtype);
  if (dtype === "bool" && name === "where") return whereOfBools(f, call);
  const write = writerOf(name, dtype);
  if (write === null) {
    const operator = inTable(POINTWISE, name)?.operator;
    return call.refuse(
      operator === undefined ? "ONNX has no such operator" : `onnxruntime has no ${operator} for ${dtype}`,
    );
  }
  const refs = call.readAll(inputs);
  const areNumbers = dtype !== "bool" || !BY_ORDER.has(name);
  return write(f, ...(areNumbers ? refs : refs.map((ref) => castTo(graph, ref, "int32"))));
};

/** Whether a user's op broadcasts its inputs as ONNX does. */
function broadcasts(inputs: readonly Tensor[], y: Tensor, params: readonly number[]): boolean {
  const sizes = y.shape.map((_, d) =>
    Math.max(...inputs.map(({ shape, rank }) => shape[d - y.rank + rank] ?? 1)),
  );
  const fits = inputs.every(({ rank }) => rank <= y.rank) && sameShape(sizes, y.shape);
  return fits && isSameList(broadcastParams([...inputs], y.shape, y.size), params);
}

/** onnxruntime has Where for all dtypes but bool. */
function whereOfBools(f: Formula, call: Call<"elementwise">): Ref {
  const condition = call.read("condition");
  const chosen = f.of("And", condition, call.read("a"));
  return f.of("Or", chosen, f.of("And", f.of("Not", condition), call.read("b")));
}
