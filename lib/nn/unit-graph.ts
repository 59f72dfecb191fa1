// The graph of nn.Units: its lists, read and checked, and the levels in which its units are computed.
import { ArgumentError, IndexError } from "../errors.js";
import { newPattern, type SparsePattern } from "../ops/sparse-pattern.js";
import { checkList, checkNumber, describe } from "../options.js";
import { allocate } from "../tensor/dtype.js";

/** Units are numbered by int32. */
const MOST_UNITS = 2 ** 31 - 2;

/** Units 0, 1, … are the inputs; the others are computed, each from those that its list UP names. */
export interface UnitGraph {
  readonly inputs: number;
  /** Number of all units. */
  readonly units: number;
  /** UP(i) of unit i = inputs + k at k. */
  readonly up: readonly (readonly number[])[];
  /** By unit: 0 for inputs, else one more than the deepest unit of UP(i). */
  readonly depths: ArrayLike<number>;
}

/** Units of one depth with one activation: computed together. */
export interface LevelPlan {
  readonly depth: number;
  /** The place of its activation in a list. */
  readonly activation: number;
  readonly units: readonly number[];
  readonly reads: Reading;
  /** The weights: a row for each of its units, a column for each of the units that `reads` gives. */
  readonly pattern: SparsePattern;
}

/** Where units are found: the states of these levels side by side, and in them these columns. −1: the inputs. */
export interface Reading {
  readonly levels: readonly number[];
  readonly width: number;
  readonly columns: readonly number[];
}

/** @throws ArgumentError, IndexError that name the unit */
export function readGraph(where: string, inputs: unknown, up: unknown): UnitGraph {
  const count = checkNumber(where, "inputs", inputs, { min: 1, max: MOST_UNITS, integer: true });
  const lists = checkList(where, "up to be a list of lists", up);
  const units = checkNumber(where, "the number of units", count + lists.length, { max: MOST_UNITS });
  if (lists.length === 0) throw new ArgumentError(`${where}: expected up to have a list, got none`);
  const read = lists.map((list, k) => readUp(where, count + k, list, units));
  return { inputs: count, units, up: read, depths: depthsOf(where, count, read) };
}

function readUp(where: string, unit: number, given: unknown, units: number): number[] {
  const list = checkList(where, `UP of unit ${unit} to be a list of units`, given);
  if (list.length === 0)
    throw new ArgumentError(`${where}: unit ${unit}: expected UP to name a unit, got none`);
  const read = list.map((one) => readUnit(where, `unit ${unit}: UP`, one, units));
  if (read.includes(unit)) throw new ArgumentError(`${where}: unit ${unit} reads itself`);
  const seen = new Set<number>();
  for (const one of read) {
    if (seen.has(one)) throw new ArgumentError(`${where}: unit ${unit} reads unit ${one} twice`);
    seen.add(one);
  }
  return read;
}

/** The number of a unit. */
export function readUnit(where: string, what: string, given: unknown, units: number): number {
  if (typeof given !== "number" || !Number.isSafeInteger(given)) {
    throw new ArgumentError(`${where}: ${what}: expected the number of a unit, got ${describe(given)}`);
  }
  if (given < 0 || given >= units) {
    throw new IndexError(`${where}: ${what}: unit ${given} is outside [0, ${units})`);
  }
  return given;
}

/** Units are taken in turn once all that they read have a depth (Kahn, 1962). */
function depthsOf(where: string, inputs: number, up: readonly (readonly number[])[]): ArrayLike<number> {
  const units = inputs + up.length;
  const depths = allocate("int32", units, where);
  const waiting = up.map((list) => list.filter((one) => one >= inputs).length);
  const readers: number[][] = up.map(() => []);
  for (const [k, list] of up.entries()) for (const one of list) readers[one - inputs]?.push(k);
  const ready = [...waiting.keys()].filter((k) => waiting[k] === 0);
  for (let at = 0; at < ready.length; at++) {
    const k = ready[at] as number;
    let deepest = 0;
    for (const one of up[k] as readonly number[]) deepest = Math.max(deepest, depths[one] as number);
    depths[inputs + k] = deepest + 1;
    for (const reader of readers[k] as number[]) if (--(waiting[reader] as number) === 0) ready.push(reader);
  }
  if (ready.length < up.length) throw new ArgumentError(`${where}: ${circle(inputs, up, waiting)}`);
  return depths;
}

/** Units that read each other in a circle, among those that still wait for others. */
function circle(inputs: number, up: readonly (readonly number[])[], waiting: readonly number[]): string {
  const way: number[] = [];
  const places = new Map<number, number>();
  let unit = inputs + waiting.findIndex((count) => count > 0);
  while (!places.has(unit)) {
    places.set(unit, way.length);
    way.push(unit);
    unit = (up[unit - inputs] as readonly number[]).find((one) => (waiting[one - inputs] ?? 0) > 0) as number;
  }
  const units = [...way.slice(places.get(unit)), unit];
  const shown = units.length <= MOST_SHOWN ? units : [...units.slice(0, MOST_SHOWN - 1), "…", unit];
  return `expected a graph without circles, but unit ${shown.join(" reads ")}`;
}

const MOST_SHOWN = 12;

/**
 * The levels in the order in which they are computed.
 * @param activationOf The place of a unit's activation in a list.
 */
export function levelsOf(
  graph: UnitGraph,
  activationOf: (unit: number) => number,
): { readonly levels: readonly LevelPlan[]; find(units: readonly number[]): Reading } {
  const { inputs, units, up, depths } = graph;
  const grouped = new Map<string, { depth: number; activation: number; units: number[] }>();
  for (let unit = inputs; unit < units; unit++) {
    const [depth, activation] = [depths[unit] as number, activationOf(unit)];
    const key = `${depth} ${activation}`;
    const group = grouped.get(key) ?? { depth, activation, units: [] };
    group.units.push(unit);
    grouped.set(key, group);
  }
  const groups = [...grouped.values()].sort((a, b) => a.depth - b.depth || a.activation - b.activation);
  const places = new Places(inputs, units, groups);
  const levels = groups.map((group): LevelPlan => {
    const lists = group.units.map((unit) => up[unit - inputs] as readonly number[]);
    const reads = places.find(lists.flat());
    const rows = lists.flatMap((list, row) => list.map(() => row));
    const shape = [lists.length, reads.width] as const;
    return { ...group, reads, pattern: newPattern("Units", { rows, columns: reads.columns, shape }) };
  });
  return { levels, find: (wanted) => places.find(wanted) };
}

/** Where the state of each unit stands. */
class Places {
  readonly #levels: ArrayLike<number>;
  readonly #places: ArrayLike<number>;
  readonly #widths: readonly number[];

  constructor(inputs: number, units: number, groups: readonly { readonly units: readonly number[] }[]) {
    const levels = allocate("int32", units, "Units");
    const places = allocate("int32", units, "Units");
    for (let unit = 0; unit < inputs; unit++) [levels[unit], places[unit]] = [-1, unit];
    for (const [level, group] of groups.entries()) {
      for (const [place, unit] of group.units.entries()) [levels[unit], places[unit]] = [level, place];
    }
    this.#levels = levels;
    this.#places = places;
    this.#widths = [inputs, ...groups.map((group) => group.units.length)];
  }

  find(wanted: readonly number[]): Reading {
    const levels = [...new Set(wanted.map((unit) => this.#levels[unit] as number))].sort((a, b) => a - b);
    const begins = new Map<number, number>();
    let width = 0;
    for (const level of levels) {
      begins.set(level, width);
      width += this.#widths[level + 1] as number;
    }
    const columns = wanted.map(
      (unit) => (begins.get(this.#levels[unit] as number) as number) + (this.#places[unit] as number),
    );
    return { levels, width, columns };
  }
}
