// Samples as images: where a part of x is one, and as PNG.

import { Buffer } from "node:buffer";
import { optionalPackage } from "../optional-package.js";
import { isFloat } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** How the numbers of a sample lie as an image. */
export interface ImageLayout {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Whether the channels come before the rows. */
  readonly channelsFirst: boolean;
}

const LEAST_SIDE = 4;
const LEAST_FLAT_SIDE = 16;
const MOST_SIDE = 512;

/**
 * The image that a sample of that shape is; null if it is none. [h, w], [1 or 3, h, w] and [h, w, 1 or 3] are images;
 * numbers in a row are one if they are s · s or 3 · s · s, as bytes or from 16 · 16 on.
 */
export function imageLayout(shape: Shape, isBytes: boolean): ImageLayout | null {
  const [a = 0, b = 0, c = 0] = shape;
  const isSide = (side: number): boolean => side >= LEAST_SIDE && side <= MOST_SIDE;
  if (shape.length === 2 && isSide(a) && isSide(b)) {
    return { height: a, width: b, channels: 1, channelsFirst: true };
  }
  if (shape.length === 3 && (a === 1 || a === 3) && isSide(b) && isSide(c)) {
    return { height: b, width: c, channels: a, channelsFirst: true };
  }
  if (shape.length === 3 && (c === 1 || c === 3) && isSide(a) && isSide(b)) {
    return { height: a, width: b, channels: c, channelsFirst: false };
  }
  if (shape.length !== 1) return null;
  for (const channels of [1, 3] as const) {
    const side = Math.round(Math.sqrt(a / channels));
    const least = isBytes ? LEAST_SIDE : LEAST_FLAT_SIDE;
    if (side * side * channels === a && side >= least && side <= MOST_SIDE) {
      return { height: side, width: side, channels, channelsFirst: true };
    }
  }
  return null;
}

/** The part of x that shows a sample as an image. */
export function imagesOf(part: Tensor, isBytes: boolean): ImageLayout | null {
  return isFloat(part.dtype) ? imageLayout(part.shape.slice(1), isBytes) : null;
}

/**
 * A sample as a PNG in a URL. The least number of all samples is black, the greatest white.
 * @throws PackageError without fast-png
 */
export function imageUrl(
  part: Tensor,
  sample: number,
  layout: ImageLayout,
  range: readonly [number, number],
): string {
  const { width, height, channels, channelsFirst } = layout;
  const [least, greatest] = range;
  const values = part.storage.forReading();
  const area = width * height;
  const begin = sample * area * channels;
  const data = new Uint8Array(area * channels);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const at = channelsFirst ? channel * area + pixel : pixel * channels + channel;
      const share = ((values[begin + at] as number) - least) / (greatest - least || 1);
      data[pixel * channels + channel] = Math.round(255 * share);
    }
  }
  const { encode } = optionalPackage<typeof import("fast-png")>("report", "fast-png");
  const png = encode({ width, height, channels, depth: 8, data });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

/** The least and the greatest number. */
export function rangeOf({ storage }: Tensor): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of storage.forReading()) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}
