// Screenshots as pixels, and what stands behind a text.
import { type DecodedPng, decode } from "fast-png";
import type { Session } from "./browser.js";

export type Point = readonly [number, number];
export type Colour = readonly [number, number, number];

/** Pixels of the whole page: `scale` of them for each CSS pixel. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  readonly channels: number;
  readonly data: DecodedPng["data"];
}

/** The whole page as it looks now, also what lies below the window. */
export async function takeScreen(
  session: Session,
  size: { readonly width: number; readonly height: number },
  scale: number,
): Promise<Screen> {
  const { data } = await session.send<{ data: string }>("Page.captureScreenshot", {
    format: "png",
    optimizeForSpeed: true,
    captureBeyondViewport: true,
    clip: { x: 0, y: 0, ...size, scale },
  });
  const png = decode(Buffer.from(data, "base64"));
  return { width: png.width, height: png.height, scale, channels: png.channels, data: png.data };
}

const colourAt = ({ data, channels }: Screen, pixel: number): Colour => [
  data[pixel * channels] as number,
  data[pixel * channels + 1] as number,
  data[pixel * channels + 2] as number,
];

const distance = (a: Colour, b: Colour): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Whether a point lies in a convex figure, wherever its corners turn. */
function isInside(corners: readonly Point[], x: number, y: number): boolean {
  let turns = 0;
  for (const [index, [ax, ay]] of corners.entries()) {
    const [bx, by] = corners[(index + 1) % corners.length] as Point;
    turns += Math.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax));
  }
  return Math.abs(turns) === corners.length;
}

/** The pixels in a figure whose corners are given in CSS pixels. */
export function pixelsIn(screen: Screen, corners: readonly Point[]): number[] {
  const scaled = corners.map(([x, y]) => [x * screen.scale, y * screen.scale] as const);
  const xs = scaled.map(([x]) => x);
  const ys = scaled.map(([, y]) => y);
  const right = Math.min(screen.width, Math.ceil(Math.max(...xs)));
  const bottom = Math.min(screen.height, Math.ceil(Math.max(...ys)));
  const pixels: number[] = [];
  for (let y = Math.max(0, Math.floor(Math.min(...ys))); y < bottom; y++) {
    for (let x = Math.max(0, Math.floor(Math.min(...xs))); x < right; x++) {
      if (isInside(scaled, x + 0.5, y + 0.5)) pixels.push(y * screen.width + x);
    }
  }
  return pixels;
}

/** The colour of most of these pixels. */
export function mainColour(screen: Screen, pixels: readonly number[]): Colour {
  const counts = new Map<number, number>();
  let best = 0xffffff;
  for (const pixel of pixels) {
    const [r, g, b] = colourAt(screen, pixel);
    const colour = (r << 16) | (g << 8) | b;
    const count = (counts.get(colour) ?? 0) + 1;
    counts.set(colour, count);
    if (count > (counts.get(best) ?? 0)) best = colour;
  }
  return [best >> 16, (best >> 8) & 255, best & 255];
}

/** Those of these pixels that look clearly other than a colour. */
export const differing = (screen: Screen, pixels: readonly number[], from: Colour): number[] =>
  pixels.filter((pixel) => distance(colourAt(screen, pixel), from) > 32);

/** How many of these pixels differ between two screens. */
export const changed = (a: Screen, b: Screen, pixels: readonly number[]): number =>
  pixels.filter((pixel) => distance(colourAt(a, pixel), colourAt(b, pixel)) > 16).length;

/** Where a pixel lies, in CSS pixels. */
export const whereIs = ({ width, scale }: Screen, pixel: number): Point => [
  ((pixel % width) + 0.5) / scale,
  (Math.floor(pixel / width) + 0.5) / scale,
];

/** A colour with its opacity over another. */
export const over = ([r, g, b, a]: readonly [number, number, number, number], below: Colour): Colour => [
  r * a + below[0] * (1 - a),
  g * a + below[1] * (1 - a),
  b * a + below[2] * (1 - a),
];

/** WCAG 2's relative luminance of an sRGB colour. */
function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG 2's contrast ratio, 1 to 21. */
export function contrast(a: Colour, b: Colour): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const alongAxis = (corners: readonly Point[], [x, y]: Point): Point => {
  const places = corners.map(([px, py]) => px * x + py * y);
  return [Math.min(...places), Math.max(...places)];
};

/** By how many pixels two rectangles, turned in any way, lie in each other; 0 or less where they do not. */
export function depth(a: readonly Point[], b: readonly Point[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const corners of [a, b]) {
    for (const index of [0, 1]) {
      const [ax, ay] = corners[index] as Point;
      const [bx, by] = corners[index + 1] as Point;
      const length = Math.hypot(bx - ax, by - ay) || 1;
      const axis: Point = [(ay - by) / length, (bx - ax) / length];
      const [aLow, aHigh] = alongAxis(a, axis);
      const [bLow, bHigh] = alongAxis(b, axis);
      least = Math.min(least, Math.min(aHigh, bHigh) - Math.max(aLow, bLow));
    }
  }
  return least;
}
