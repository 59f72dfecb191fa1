/** Grey pixels from 0 (black) to 255 (white), row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Pictures of one size in rows of `columns`, as one picture with black lines between them. */
export function arrange(pictures: readonly Picture[], columns: number): Picture {
  const { width = 0, height = 0 } = pictures[0] ?? {};
  const rows = Math.ceil(pictures.length / columns);
  const whole = { width: columns * (width + 2) - 2, height: rows * (height + 2) - 2 };
  const data = new Uint8Array(whole.width * whole.height);
  pictures.forEach((picture, i) => {
    const left = (i % columns) * (width + 2);
    const top = Math.floor(i / columns) * (height + 2);
    for (let y = 0; y < height; y++) {
      data.set(picture.data.subarray(y * width, (y + 1) * width), (top + y) * whole.width + left);
    }
  });
  return { ...whole, data };
}

/** The picture with `factor` × `factor` pixels for each of its pixels. */
export function enlarge({ width, height, data }: Picture, factor: number): Picture {
  const large = { width: width * factor, height: height * factor };
  const pixels = Uint8Array.from({ length: large.width * large.height }, (_, i) => {
    const [x, y] = [i % large.width, Math.floor(i / large.width)];
    return data[Math.floor(y / factor) * width + Math.floor(x / factor)] as number;
  });
  return { ...large, data: pixels };
}

/** The pixels of a column in pairs from top to bottom, since a letter is about twice as high as wide. */
function inPairs({ width, height, data }: Picture, draw: (upper: number, lower: number) => string): string[] {
  return Array.from({ length: Math.ceil(height / 2) }, (_, row) =>
    Array.from({ length: width }, (_, x) =>
      draw(data[2 * row * width + x] as number, data[(2 * row + 1) * width + x] ?? 0),
    ).join(""),
  );
}

const SHADES = " .:-=+*#%@";

/** The picture as lines of letters; a lighter pixel is a letter with more ink. */
export function toLetters(picture: Picture): string[] {
  return inPairs(picture, (upper, lower) => {
    const ink = Math.max(upper, lower);
    return SHADES[Math.min(SHADES.length - 1, Math.floor((ink / 255) * SHADES.length))] as string;
  });
}

/** The picture as lines of half blocks in the terminal's 24 greys. */
export function toBlocks(picture: Picture): string[] {
  const grey = (pixel: number): number => 232 + Math.round((pixel / 255) * 23);
  const lines = inPairs(picture, (upper, lower) => `\x1b[38;5;${grey(upper)};48;5;${grey(lower)}m▀`);
  return lines.map((line) => `${line}\x1b[0m`);
}

/** The picture as text for the standard output: in greys if it is a terminal that shows them, else in letters. */
export function toText(picture: Picture): string {
  const hasGreys = process.stdout.isTTY && process.stdout.hasColors(256);
  return (hasGreys ? toBlocks(picture) : toLetters(picture)).join("\n");
}
