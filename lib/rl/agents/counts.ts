import { types } from "node:util";
import { ArgumentError } from "../../errors.js";
import { isRecord } from "../../keeping/run-state.js";
import { describe } from "../../options.js";
import { sameShape } from "../../tensor/shape.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Space } from "../space.js";
import type { Environments } from "./environments.js";

export interface Spaces {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
}

/** Where an agent is. */
export interface Counts {
  readonly name: string;
  /** What it observes and how it acts, in words. */
  readonly spaces: string;
  readonly steps: number;
  readonly episodes: number;
  readonly returns: Float64Array;
  readonly lengths: Float64Array;
  /** Their states and steps; null where new episodes begin. */
  readonly environments: readonly Tensor[] | null;
}

/** As one reads them: "Box(-1, 1, [3]) → Discrete(2)". */
export const textOfSpaces = ({ observationSpace, actionSpace }: Spaces): string =>
  `${observationSpace} → ${actionSpace}`;

/** @throws ArgumentError */
export function readCounts(where: string, value: unknown, name: string, environments: Environments): Counts {
  const own = environments.kind === "tensor" ? environments.environment : null;
  const isList = (list: unknown): boolean => types.isFloat64Array(list) && list.length === environments.n;
  const isCount = (count: unknown): boolean => Number.isSafeInteger(count) && (count as number) >= 0;
  if (isRecord(value) && value["name"] !== name) {
    throw new ArgumentError(
      `${where}: expected the state of a ${name}, got that of ${describe(value["name"])}`,
    );
  }
  const spaces = textOfSpaces(environments);
  if (isRecord(value) && typeof value["spaces"] === "string" && value["spaces"] !== spaces) {
    throw new ArgumentError(`${where}: expected the state of an agent ${spaces}, got ${value["spaces"]}`);
  }
  const isCounts =
    isRecord(value) &&
    typeof value["spaces"] === "string" &&
    [value["steps"], value["episodes"]].every(isCount) &&
    [value["returns"], value["lengths"]].every(isList) &&
    (value["environments"] === null ||
      (own !== null && isAlike(value["environments"], [...own.state, own.steps])));
  if (!isCounts) {
    throw new ArgumentError(`${where}: the state is not of ${environments.n} such environments`);
  }
  return value as object as Counts;
}

const isAlike = (given: unknown, own: readonly Tensor[]): boolean =>
  Array.isArray(given) &&
  given.length === own.length &&
  own.every(({ dtype, shape }, i) => {
    const one: unknown = given[i];
    return isTensor(one) && one.dtype === dtype && sameShape(one.shape, shape);
  });
