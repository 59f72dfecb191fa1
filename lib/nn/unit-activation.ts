// The functions f of nn.Units, by name or as functions.
import { ArgumentError, ShapeError } from "../errors.js";
import "../ops/index.js";
import { registry } from "../ops/registry.js";
import { checkChoice, checkList, checkNumber, checkRequired, describe } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { readUnit, type UnitGraph } from "./unit-graph.js";

/** The name of an op that works element by element on floats, "identity", or a function of the sums s [B, units]. */
export type UnitActivation = string | ((s: Tensor) => Tensor);

/** Units that have an activation of their own: these, or all of that depth. */
export interface UnitGroup {
  readonly units?: readonly number[];
  /** 1 for the units that read inputs alone. */
  readonly depth?: number;
  readonly activation: UnitActivation;
}

/** Activations, and which of them each unit has. */
export interface UnitActivations {
  readonly all: readonly UnitActivation[];
  of(unit: number): number;
}

/** The names of the activations: elementwise ops of one float that need no further arguments. */
function names(): string[] {
  const found = [...registry.values()].filter(
    ({ elementwise, rest, gives }) =>
      elementwise?.length === 1 &&
      elementwise[0] !== "truths" &&
      gives === undefined &&
      (rest === undefined || rest.some((args) => args.length === 0)),
  );
  return ["identity", ...found.map(({ name }) => name)];
}

/** By its name where it has one. */
export function readActivation(where: string, given: unknown): UnitActivation {
  if (typeof given !== "function") return checkChoice(where, "activation", given, names());
  const known = names().find((name) => registry.get(name)?.op === given);
  return known ?? (given as (s: Tensor) => Tensor);
}

/** f(s). @throws ShapeError, ArgumentError where a function gives no tensor of the shape of s */
export function activate(activation: UnitActivation, s: Tensor): Tensor {
  if (activation === "identity") return s;
  const f = typeof activation === "function" ? activation : registry.get(activation)?.op;
  const z = checkTensor("Units", "the activation's result", (f as (s: Tensor) => Tensor)(s));
  if (sameShape(z.shape, s.shape) && z.dtype === s.dtype) return z;
  throw new ShapeError(
    `Units: expected the activation to give ${s.dtype} ${format(s.shape)} as it took, got ${z.dtype} ${format(z.shape)}`,
  );
}

/** @throws ArgumentError, IndexError, OptionError; ArgumentError also for a unit of two groups */
export function readActivations(
  where: string,
  graph: UnitGraph,
  activation: UnitActivation,
  groups: readonly UnitGroup[],
): UnitActivations {
  const all: UnitActivation[] = [activation];
  const own = new Map<number, number>();
  for (const [k, group] of groups.entries()) {
    const place = all.includes(group.activation)
      ? all.indexOf(group.activation)
      : all.push(group.activation) - 1;
    for (const unit of unitsOf(where, `groups[${k}]`, graph, group)) {
      if (own.has(unit)) throw new ArgumentError(`${where}: unit ${unit} is in two groups`);
      own.set(unit, place);
    }
  }
  return { all, of: (unit) => own.get(unit) ?? 0 };
}

/** Groups as they were given, with activations by name where they have one. */
export function readGroups(where: string, groups: unknown): UnitGroup[] {
  return checkList(where, "groups to be a list", groups).map((given, k) => {
    const what = `${where}: groups[${k}]`;
    checkRequired(what, given, ["units", "depth", "activation"]);
    const { units, depth, activation } = given as { readonly [name: string]: unknown };
    if ((units === undefined) === (depth === undefined)) {
      throw new ArgumentError(`${what}: expected either units or depth, got ${describe(units ?? depth)}`);
    }
    const f = readActivation(what, activation);
    return depth === undefined
      ? { units: checkList(what, "units to be a list", units) as number[], activation: f }
      : { depth: checkNumber(what, "depth", depth, { min: 1, integer: true }), activation: f };
  });
}

function unitsOf(where: string, what: string, graph: UnitGraph, { units, depth }: UnitGroup): number[] {
  const { inputs, units: count, depths } = graph;
  if (units === undefined) {
    const found: number[] = [];
    for (let unit = inputs; unit < count; unit++) if (depths[unit] === depth) found.push(unit);
    if (found.length === 0) throw new ArgumentError(`${where}: ${what}: no unit has depth ${depth}`);
    return found;
  }
  return units.map((given) => {
    const unit = readUnit(where, what, given, count);
    if (unit >= inputs) return unit;
    throw new ArgumentError(`${where}: ${what}: unit ${unit} is an input, which has no activation`);
  });
}
