// A tensor as text: its values as NumPy prints them, then its shape, dtype and gradient.
import { BusyError, DetachedError, ThalwegError, TraceError } from "../errors.js";
import { formatterOf } from "./format-numbers.js";
import { format, sizeOf } from "./shape.js";
import type { Tensor } from "./tensor.js";

/** Characters in a line at most. */
const WIDTH = 75;
/** From more elements on, the middle of each axis is left out. */
const THRESHOLD = 1000;
/** Elements that are shown at each end of an axis then. */
const EDGE = 3;

/** Changes the look of a text, not its width. */
export type Style = (text: string) => string;

/**
 * `Tensor([1., 2.], shape=[2], dtype=float32)`. Values that cannot be read now, since a run writes them for instance,
 * are left out with the reason.
 */
export function showTensor(tensor: Tensor, style: Style = (text) => text): string {
  const name = tensor.constructor.name;
  const { text, width } = valuesOf(tensor, name.length + 1, style);
  const extras = [`shape=${format(tensor.shape)}`, `dtype=${tensor.dtype}`, ...gradientOf(tensor)].join(", ");
  const isLong = width + ",".length + extras.length + ") ".length > WIDTH;
  return `${name}(${text},${isLong ? `\n${" ".repeat(name.length + 1)}` : " "}${extras})`;
}

function gradientOf({ producer, requiresGrad }: Tensor): string[] {
  if (!requiresGrad) return [];
  return [producer === null ? "requiresGrad=true" : `gradFn=<${producer.op.name}>`];
}

/** The values, and the width of their last line. */
function valuesOf(tensor: Tensor, indent: number, style: Style): { text: string; width: number } {
  try {
    return new Printer(tensor, indent, style).print();
  } catch (error) {
    if (!(error instanceof ThalwegError)) throw error;
    const text = reason(error);
    return { text, width: indent + text.length };
  }
}

function reason(error: ThalwegError): string {
  if (error instanceof BusyError) return "in use by a run";
  if (error instanceof TraceError) return "not known while a function is traced";
  return error instanceof DetachedError ? "its memory was transferred" : "no values";
}

/** A text with its width on the screen. */
class Line {
  text: string;
  width: number;
  constructor(indent: number) {
    this.text = " ".repeat(indent);
    this.width = indent;
  }
  add(text: string, width = text.length): void {
    this.text += text;
    this.width += width;
  }
}

/** One print of a tensor, by the rules of numpy.array2string. */
class Printer {
  readonly #shape: readonly number[];
  readonly #data: ArrayLike<number>;
  readonly #isShort: boolean;
  readonly #indent: number;
  readonly #style: Style;
  readonly #format: (value: number) => string;

  constructor({ shape, dtype, size, storage }: Tensor, indent: number, style: Style) {
    this.#shape = shape;
    this.#data = storage.forReading();
    this.#isShort = size > THRESHOLD;
    this.#indent = indent;
    this.#style = style;
    const shown: number[] = [];
    if (size > 0) this.#collect(0, 0, shown);
    this.#format = formatterOf(dtype, shown, shape.length === 0);
  }

  print(): { text: string; width: number } {
    const line = new Line(this.#indent);
    if (this.#shape.includes(0)) line.add("[]");
    else if (this.#shape.length === 0) this.#element(line, 0);
    else this.#axis(line, 0, 0, this.#indent + 1, WIDTH - ")".length);
    return { text: line.text.slice(this.#indent), width: line.width };
  }

  /** The positions of an axis that are shown; null where others are left out. */
  #positions(dim: number): (number | null)[] {
    const length = this.#shape[dim] as number;
    if (!this.#isShort || length <= 2 * EDGE) return Array.from({ length }, (_, i) => i);
    const ends = Array.from({ length: EDGE }, (_, i) => i);
    return [...ends, null, ...ends.map((i) => length - EDGE + i)];
  }

  #stepOf(dim: number): number {
    return sizeOf(this.#shape.slice(dim + 1));
  }

  #collect(dim: number, start: number, shown: number[]): void {
    if (dim === this.#shape.length) {
      shown.push(this.#data[start] as number);
      return;
    }
    const step = this.#stepOf(dim);
    for (const i of this.#positions(dim)) if (i !== null) this.#collect(dim + 1, start + i * step, shown);
  }

  #element(line: Line, at: number): void {
    const text = this.#format(this.#data[at] as number);
    line.add(this.#style(text), text.length);
  }

  /** Adds `[…]`. Its rows begin at this indent, and its lines end before this width. */
  #axis(line: Line, dim: number, start: number, indent: number, width: number): void {
    line.add("[");
    const last = this.#shape.length - 1;
    const positions = this.#positions(dim);
    const step = this.#stepOf(dim);
    for (const [n, i] of positions.entries()) {
      const isLast = n === positions.length - 1;
      if (dim < last) {
        if (n > 0) this.#wrap(line, indent, last - dim);
        if (i === null) line.add("...");
        else this.#axis(line, dim + 1, start + i * step, indent + 1, width - 1);
        if (!isLast) line.add(",");
        continue;
      }
      const text = i === null ? "..." : this.#format(this.#data[start + i] as number);
      if (line.width + text.length > width - 1 && line.width > indent) this.#wrap(line, indent, 1);
      line.add(i === null ? text : this.#style(text), text.length);
      if (!isLast) line.add(", ");
    }
    line.add("]");
  }

  #wrap(line: Line, indent: number, lines: number): void {
    line.text = `${line.text.replace(/ +$/, "")}${"\n".repeat(lines)}${" ".repeat(indent)}`;
    line.width = indent;
  }
}
