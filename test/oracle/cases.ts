// What PyTorch is asked of each op: the cases of its family and of its file, with their tensors drawn.
import type { Draw } from "../../lib/ops/cases.js";
import type { Order, Registered } from "../../lib/ops/registry.js";
import { isPlainObject } from "../../lib/options.js";
import { DRAWS, draw, Source } from "./draw.js";
import { familyOf } from "./families.js";
import type { Argument, OracleTensor } from "./read.js";

export interface Case {
  readonly note: string;
  /** In the order of the call. */
  readonly args: readonly Argument[];
  /** The numbers of the tensors to differentiate by, among all tensors of the arguments. */
  readonly moving: readonly number[];
  /** The highest order of derivatives to compare. */
  readonly order: 0 | 1 | 2;
  /** Whether all floats are drawn at random: far from kinks and ties. */
  readonly isRandom: boolean;
}

export function casesOf(about: Registered): Case[] {
  const own = Object.entries(about.cases(DRAWS)).map(([note, args]) => ({ note, args, order: undefined }));
  const family = Object.entries(familyOf(about)).map(([note, { args, order }]) => ({ note, args, order }));
  return [...family, ...own].map(({ note, args, order }) => {
    const drawn = args.map((argument, i) => resolve(argument, `${about.name}: ${note}, ${i}`));
    const floats = tensorsIn(drawn).flatMap(({ dtype }, i) => (dtype === "float64" ? [i] : []));
    const isRandom = draws(args).every((one) => one.draw !== "values" || one.dtype !== "float64");
    const said = typeof about.order === "object" ? about.order[note] : about.order;
    return { note, args: drawn, moving: about.moving?.[note] ?? floats, order: lower(said, order), isRandom };
  });
}

/** Where both the op's file and its family say one, the lower: the family's extreme values have no derivatives. */
const lower = (own: Order | undefined, family: Order | undefined): Case["order"] =>
  own === undefined ? (family ?? 2) : family === 0 ? 0 : own;

const isDraw = (value: unknown): value is Draw => isPlainObject(value) && "draw" in value;

/** What the arguments draw their tensors from. */
const draws = (args: readonly unknown[]): Draw[] =>
  args.flatMap((argument) => (Array.isArray(argument) ? (argument as unknown[]) : [argument])).filter(isDraw);

function resolve(argument: unknown, seed: string): Argument {
  if (isDraw(argument)) return draw(argument, new Source(seed));
  if (Array.isArray(argument) && argument.some(isDraw)) {
    return argument.map((one: Draw, i) => draw(one, new Source(`${seed}, ${i}`)));
  }
  return argument as Argument;
}

export const isOracleTensor = (value: unknown): value is OracleTensor =>
  isPlainObject(value) && "data" in value && "shape" in value;

/** All tensors of the arguments, in their order. */
export const tensorsIn = (args: readonly Argument[]): OracleTensor[] =>
  args.flatMap((argument) => (Array.isArray(argument) ? argument : [argument])).filter(isOracleTensor);
