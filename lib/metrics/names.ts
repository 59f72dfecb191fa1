import { ArgumentError } from "../errors.js";
import { checkList, describe } from "../options.js";
import type { Circumstances } from "./metric.js";

/** The names of classes, one for each label. */
export type ClassNames = readonly string[] | undefined;

/**
 * The names that were asked for; without them, those that are known of all classes.
 * @throws ArgumentError unless they are texts, as many as the labels that were asked for.
 */
export function readNames(
  name: string,
  { classNames, classes }: { readonly classNames?: ClassNames } & Circumstances,
  labels: readonly number[] | null,
): ClassNames {
  if (classNames === undefined) {
    return labels === null ? classes : classes && labels.map((label) => classes[label] ?? String(label));
  }
  const list = checkList(name, "classNames to be an array of texts", classNames);
  const isFine = list.length > 0 && list.every((one) => typeof one === "string");
  if (!isFine)
    throw new ArgumentError(`${name}: expected classNames to be texts, got ${describe(classNames)}`);
  if (labels !== null && labels.length !== list.length) {
    throw new ArgumentError(
      `${name}: expected a name for each of ${labels.length} labels, got ${list.length}`,
    );
  }
  return list as string[];
}

/** The labels to count: those that were asked for; with names alone, 0 … C − 1; null: all that occur. */
export const labelsToCount = (
  labels: readonly number[] | null,
  names: ClassNames,
): readonly number[] | null => labels ?? names?.map((_, label) => label) ?? null;

export const nameOf = (names: ClassNames, label: number, at: number): string => names?.[at] ?? String(label);
