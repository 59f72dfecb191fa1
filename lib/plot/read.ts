// Options that all plots have.
import { ArgumentError } from "../errors.js";
import { checkChoice, checkList, checkRequired, describe } from "../options.js";

export interface TitleOptions {
  /** The headline. Default: what the plot shows. */
  readonly title?: string;
}

/** @throws ArgumentError unless the options are an object and the title is a text */
export function checkTitle(where: string, options: TitleOptions, usual: string): string {
  if (typeof options !== "object" || options === null) checkRequired(where, options, []);
  const { title } = options;
  if (title === undefined) return usual;
  if (typeof title === "string" && title.trim() !== "") return title;
  throw new ArgumentError(`${where}: expected title to be a text, got ${describe(title)}`);
}

export interface NamedClasses {
  /** Names of the classes, by label. Default: their numbers. */
  readonly classNames?: readonly string[];
}

/** The names of labels. @throws ArgumentError unless the names are texts */
export function classNamesFor(
  where: string,
  { classNames }: NamedClasses,
  labels: readonly number[],
): readonly string[] {
  if (classNames === undefined) return labels.map(String);
  const names = checkList(where, "classNames to be an array of texts", classNames);
  const other = names.find((name) => typeof name !== "string");
  if (names.length === 0 || other !== undefined) {
    throw new ArgumentError(
      `${where}: expected classNames to be texts, got ${describe(other ?? classNames)}`,
    );
  }
  return labels.map((label) => (names[label] as string | undefined) ?? String(label));
}

/** The options but for those. */
export function without<O extends object, K extends keyof O>(options: O, names: readonly K[]): Omit<O, K> {
  const rest = { ...options };
  for (const name of names) delete rest[name];
  return rest;
}

/** The scale of an axis. */
export type Scale = "linear" | "log";

/** @throws ArgumentError */
export const readScale = (where: string, scale: unknown): Scale =>
  checkChoice(where, "scale", scale, ["linear", "log"]);
