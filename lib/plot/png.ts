// SVG as PNG, by @napi-rs/canvas.
import { optionalPackage } from "../optional-package.js";

interface Canvas {
  getContext(kind: "2d"): Context;
  toBuffer(type: "image/png"): Uint8Array;
}

interface Context {
  fillStyle: string;
  fillRect(x: number, y: number, width: number, height: number): void;
  drawImage(image: object, x: number, y: number, width: number, height: number): void;
}

interface CanvasPackage {
  createCanvas(width: number, height: number): Canvas;
  loadImage(source: Uint8Array): Promise<object>;
}

/** A picture to be painted. */
export interface Painted {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  /** The colour of the ground. */
  readonly ground: string;
}

/** @throws PackageError */
export async function pngOf(
  where: string,
  { svg, width, height, scale, ground }: Painted,
): Promise<Uint8Array> {
  const { createCanvas, loadImage } = optionalPackage<CanvasPackage>(where, "@napi-rs/canvas");
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  // The size stands in the SVG, so that it is drawn at that size and not enlarged afterwards.
  const sized = svg.replace(/ width="[\d.]+" height="[\d.]+"/, ` width="${w}" height="${h}"`);
  const image = await loadImage(Buffer.from(sized));
  const canvas = createCanvas(w, h);
  const context = canvas.getContext("2d");
  context.fillStyle = ground;
  context.fillRect(0, 0, w, h);
  context.drawImage(image, 0, 0, w, h);
  return new Uint8Array(canvas.toBuffer("image/png"));
}
