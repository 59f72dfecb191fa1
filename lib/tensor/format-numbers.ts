// Numbers as NumPy prints them (numpy.array2string with its defaults): as few digits as tell them apart, at most 8 of
// them after the point, all of the same width.
import type { DType, FloatDType } from "./dtype.js";

/** Digits after the point at most. */
const PRECISION = 8;
/** Exponents have no fewer digits. */
const EXPONENT_DIGITS = 2;
/** From these values on, numbers are printed with exponents: 10^min(8, digits that the dtype keeps). */
const LARGE: Readonly<Record<FloatDType, number>> = { float32: 1e6, float64: 1e8 };
const SMALL = 1e-4;
const RANGE = 1000;

/** The text of each element, for elements that are printed together. */
export function formatterOf(
  dtype: DType,
  shown: readonly number[],
  isScalar: boolean,
): (value: number) => string {
  if (dtype === "bool") {
    const yes = isScalar ? "true" : " true";
    return (value) => (value !== 0 ? yes : "false");
  }
  if (dtype === "int32") {
    const width = longest(shown.map(String));
    return (value) => String(value).padStart(width);
  }
  return floats(dtype, shown);
}

function floats(dtype: FloatDType, shown: readonly number[]): (value: number) => string {
  const finite = shown.filter(Number.isFinite);
  const parts = hasExponents(dtype, finite) ? withExponents(dtype, finite) : withoutExponents(dtype, finite);
  const { right, format } = parts;
  const odd = longest(shown.filter((value) => !Number.isFinite(value)).map(nameOf));
  const left = Math.max(parts.left, odd - right - 1);
  return (value) => (Number.isFinite(value) ? format(value, left) : nameOf(value).padStart(left + right + 1));
}

const nameOf = (value: number): string => (Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf");

function hasExponents(dtype: FloatDType, finite: readonly number[]): boolean {
  // NumPy compares in the array's dtype.
  const own = dtype === "float32" ? Math.fround : (value: number) => value;
  const sizes = finite.filter((value) => value !== 0).map(Math.abs);
  if (sizes.length === 0) return false;
  const most = sizes.reduce((a, b) => Math.max(a, b));
  const least = sizes.reduce((a, b) => Math.min(a, b));
  return most >= LARGE[dtype] || least < own(SMALL) || own(most / least) > RANGE;
}

interface Format {
  /** Width before the point, and after it. */
  readonly left: number;
  readonly right: number;
  format(value: number, left: number): string;
}

const longest = (texts: readonly string[]): number =>
  texts.reduce((most, { length }) => Math.max(most, length), 0);

function withoutExponents(dtype: FloatDType, finite: readonly number[]): Format {
  const split = (value: number): [whole: string, fraction: string] => {
    const [whole = "", fraction = ""] = positional(dtype, value).split(".");
    return [whole, fraction];
  };
  const all = finite.map(split);
  const right = longest(all.map(([, fraction]) => fraction));
  return {
    left: longest(all.map(([whole]) => whole)),
    right,
    format: (value, left) => {
      const [whole, fraction] = split(value);
      return `${whole.padStart(left)}.${fraction.padEnd(right)}`;
    },
  };
}

function withExponents(dtype: FloatDType, finite: readonly number[]): Format {
  const fractions = finite.map((value) => fractionOf(dtype, value));
  const precision = longest(fractions);
  const split = (value: number): readonly string[] =>
    /^(-?\d)(?:\.(\d*))?e([+-])(\d+)$/.exec(scientific(value, precision))?.slice(1) ?? [];
  const all = finite.map(split);
  const digits = Math.max(EXPONENT_DIGITS, longest(all.map(([, , , exponent = ""]) => exponent)));
  return {
    left: longest(all.map(([whole = ""]) => whole)),
    right: digits + 2 + precision,
    format: (value, left) => {
      const [whole = "", fraction = "", sign = "", exponent = ""] = split(value);
      return `${whole.padStart(left)}.${fraction}e${sign}${exponent.padStart(digits, "0")}`;
    },
  };
}

/** "1.25", and "1." for a whole number. */
function positional(dtype: FloatDType, value: number): string {
  const sign = Object.is(value, -0) || value < 0 ? "-" : "";
  const size = Math.abs(value);
  const digits = fewestDigits(dtype, size);
  const [mantissa = "", exponent = "0"] = digits.split("e");
  const fractionDigits = Math.max(0, mantissa.replace(".", "").length - 1 - Number(exponent));
  const text =
    fractionDigits > PRECISION
      ? halfToEven(size.toFixed(PRECISION), size.toFixed(100))
      : plain(digits, fractionDigits);
  const [whole = "", fraction = ""] = text.split(".");
  return `${sign}${whole}.${fraction.replace(/0+$/, "")}`;
}

/** Digits in scientific notation without the exponent, with zeros up to the point. */
function plain(digits: string, fractionDigits: number): string {
  const [mantissa = "", exponent = "0"] = digits.split("e");
  const all = mantissa.replace(".", "");
  const point = Number(exponent) + 1;
  if (point <= 0) return `0.${"0".repeat(-point)}${all}`;
  return fractionDigits === 0 ? `${all.padEnd(point, "0")}.` : `${all.slice(0, point)}.${all.slice(point)}`;
}

/** The digits after the point in scientific notation: as few as tell the number apart, and no more than are printed. */
function fractionOf(dtype: FloatDType, value: number): string {
  const digits = fewestDigits(dtype, Math.abs(value));
  const fraction = /^\d\.(\d+)/.exec(digits)?.[1] ?? "";
  if (fraction.length <= PRECISION) return fraction;
  return /^\d\.(\d*?)0*e/.exec(scientific(Math.abs(value), PRECISION))?.[1] ?? "";
}

/** "1.25e+3", with this many digits after the point. */
function scientific(value: number, precision: number): string {
  const sign = Object.is(value, -0) || value < 0 ? "-" : "";
  const size = Math.abs(value);
  return sign + halfToEven(size.toExponential(precision), size.toExponential(100));
}

/** In scientific notation, the fewest digits that are of this number and no other of its dtype. */
function fewestDigits(dtype: FloatDType, size: number): string {
  if (dtype === "float64") return size.toExponential();
  for (let digits = 0; digits < 8; digits++) {
    const text = scientific(size, digits);
    if (Math.fround(Number(text)) === size) return text;
  }
  // Nine digits tell any two of them apart.
  return scientific(size, 8);
}

/** A number rounded by JavaScript, where a half goes up, with the half to the even digit. */
function halfToEven(rounded: string, exact: string): string {
  const [digits = "", exponent] = rounded.split("e");
  const rest = exact.split("e")[0]?.slice(digits.length) ?? "";
  const isHalf = /^50*$/.test(rest);
  const last = Number(digits.at(-1));
  if (!isHalf || last % 2 === 0) return rounded;
  return digits.slice(0, -1) + String(last - 1) + (exponent === undefined ? "" : `e${exponent}`);
}
