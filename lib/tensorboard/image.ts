import { ArgumentError, DataError, ShapeError, ThalwegError } from "../errors.js";
import { optionalPackage } from "../optional-package.js";
import { describe } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ImageMessage } from "./schema.js";

type Png = typeof import("fast-png");

/** The order of an image's axes: channels, height, width; several images have their number N first. */
export const IMAGE_FORMATS = ["CHW", "HWC", "HW", "NCHW", "NHWC"] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** Pixels of 8 bits, row by row, the channels of a pixel side by side. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

const PER_ROW = 8;
const LONGEST = 2 ** 15;

/**
 * The tensor as a PNG. Floats are brightness in [0, 1], integers in [0, 255]; what lies outside is cut off. Several
 * images become a grid of rows of eight.
 * @throws ShapeError unless the tensor has these axes, and 1 to 4 channels; DataError where a value is not a number;
 *   PackageError without the package fast-png.
 */
export function imageOf(where: string, tensor: Tensor, axes: ImageFormat): ImageMessage {
  const pixels = pixelsOf(where, tensor, axes);
  const encodedImageString = optionalPackage<Png>(where, "fast-png").encode({ ...pixels, depth: 8 });
  return { height: pixels.height, width: pixels.width, colorspace: pixels.channels, encodedImageString };
}

function pixelsOf(where: string, { shape, dtype, storage }: Tensor, axes: ImageFormat): Pixels {
  const size = (axis: string): number => (axes.includes(axis) ? (shape[axes.indexOf(axis)] as number) : 1);
  const [n, channels, h, w] = [size("N"), size("C"), size("H"), size("W")];
  const columns = Math.min(n, PER_ROW);
  const [width, height] = [columns * w, Math.ceil(n / PER_ROW) * h];
  const fits =
    shape.length === axes.length &&
    [n, channels, h, w].every((length) => length > 0) &&
    channels <= 4 &&
    Math.max(width, height) <= LONGEST;
  if (!fits) {
    throw new ShapeError(
      `${where}: expected an image ${axes} with 1 to 4 channels and sides of 1 to ${LONGEST}, got ${format(shape)}`,
    );
  }
  const stride = (axis: string): number =>
    axes.includes(axis) ? shape.slice(axes.indexOf(axis) + 1).reduce((a, b) => a * b, 1) : 0;
  const strides = { n: stride("N"), c: stride("C"), h: stride("H"), w: stride("W") };
  const scale = dtype === "int32" ? 1 : 255;
  const values = storage.forReading();
  const data = new Uint8Array(width * height * channels);
  for (let image = 0; image < n; image++) {
    const left = (image % PER_ROW) * w;
    const top = Math.floor(image / PER_ROW) * h;
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let channel = 0; channel < channels; channel++) {
          const at = image * strides.n + channel * strides.c + y * strides.h + x * strides.w;
          const value = scale * (values[at] as number);
          if (isFloat(dtype) && Number.isNaN(value)) {
            throw new DataError(`${where}: expected numbers, got NaN at index ${at}`);
          }
          data[((top + y) * width + left + x) * channels + channel] = Math.min(Math.max(value, 0), 255);
        }
      }
    }
  }
  return { width, height, channels, data };
}

/**
 * An image that is a PNG already.
 * @throws ArgumentError unless the bytes are one; PackageError.
 */
export function pngOf(where: string, bytes: Uint8Array): ImageMessage {
  try {
    const { width, height, channels } = optionalPackage<Png>(where, "fast-png").decode(bytes);
    return { height, width, colorspace: channels, encodedImageString: bytes.slice() };
  } catch (cause) {
    if (cause instanceof ThalwegError) throw cause;
    throw new ArgumentError(`${where}: expected a tensor or the bytes of a PNG, got ${describe(bytes)}`);
  }
}
