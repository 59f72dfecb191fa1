// Tables of figures as text.

// What is used of Node's InspectOptionsStylized: a user's program type-checks without Node's types too.
interface Stylized {
  stylize(text: string, kind: "special"): string;
}

/** Columns to the right, with two spaces between them. Lines have no spaces at their ends. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padStart(widths[at] as number))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Whole numbers as they are, others with that many digits. */
export const figure = (value: number, digits: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(digits);

/** What `console.log` shows of a value of this name with a text. */
export function inspected(name: string, text: () => string, depth: number, options?: Stylized): string {
  if (depth >= 0) return text();
  return options?.stylize(`[${name}]`, "special") ?? `[${name}]`;
}

/** A value whose `console.log` is its text. */
export abstract class Printed {
  abstract toString(): string;

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](depth: number, options?: Stylized): string {
    return inspected(this.constructor.name, () => this.toString(), depth, options);
  }
}
