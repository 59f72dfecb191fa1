// Options that all plots have.
import { ArgumentError } from "../errors.js";
import { describe } from "../options.js";

export interface TitleOptions {
  /** The headline. Default: what the plot shows. */
  readonly title?: string;
}

/** @throws ArgumentError unless the title is a text */
export function checkTitle(where: string, { title }: TitleOptions, usual: string): string {
  if (title === undefined) return usual;
  if (typeof title === "string" && title.trim() !== "") return title;
  throw new ArgumentError(`${where}: expected title to be a text, got ${describe(title)}`);
}
