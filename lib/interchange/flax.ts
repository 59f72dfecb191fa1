import { ArgumentError } from "../errors.js";
import type { Module } from "../nn/module.js";
import { checkOptions, describe, isPlainObject } from "../options.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { checkArray, fill, type Place, placesOf, titleOf } from "./fill.js";
import type { LayerDifference } from "./layers.js";

/** Arrays in objects in objects, as Flax nests them. A name with slashes stands for as many objects. */
export interface FlaxTree {
  readonly [name: string]: Tensor | FlaxTree;
}

export interface FromFlaxOptions {
  /** For modules here, by name, where their arrays are in the tree: `{ m0: "encoder/Dense_0" }`. Default: none. */
  readonly names?: Readonly<Record<string, string>>;
}

/**
 * Fills a model with the parameters of a Flax model, of Linen (`{ params, batch_stats }`) or of NNX. In Python:
 *
 *     flat = flax.traverse_util.flatten_dict(variables, sep="/")
 *     numpy.savez("weights.npz", **flat)
 *
 * A module is found by its own name in the tree, in which `layers_0` is the module 0 of a list; or else by its class:
 * `Dense_0`, `Dense_1`, … go in order to the `Linear` modules that have no name there. Dense has its kernel [in, out]
 * transposed. Also BatchNorm, LayerNorm, GroupNorm, RMSNorm, Embed, PReLU and GRUCell are known.
 *
 * Parameters do not say which options a layer had. What is returned lists the options of the modules here that are not
 * Flax's defaults: its LayerNorm has ε 1e-6.
 * @throws ArgumentError, ShapeError, DTypeError, OptionError that name the layer, what was expected and what came;
 *   nothing is changed
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * const differences = fromFlax(model, await readNpz("weights.npz"));
 */
export function fromFlax(
  model: Module,
  tree: Readonly<FlaxTree>,
  options: FromFlaxOptions = {},
): LayerDifference[] {
  checkOptions("fromFlax", options, ["names"]);
  const names = readNames(options.names ?? {});
  const places = placesOf("fromFlax", model, "flax");
  const left = flatten(tree);
  const arrays = new Map<Place, Readonly<Record<string, Tensor>>>();
  const claim = (place: Place, node: string): void => {
    arrays.set(place, take(place, node, left));
  };
  for (const name of Object.keys(names)) {
    if (places.some((place) => place.name === name)) continue;
    throw new ArgumentError(`fromFlax: names: there is no module ${JSON.stringify(name)} with parameters`);
  }
  for (const place of places) {
    const node = names[place.name] ?? namesakes(place.name).find((path) => holds(left, path, place));
    if (node !== undefined) claim(place, node);
  }
  // A gate of a GRUCell looks like a Dense: what has most arrays first.
  const open = places.filter((place) => !arrays.has(place));
  const most = (place: Place): number => Object.keys(place.held.shapes).length;
  const layers = [...new Set([...open].sort((a, b) => most(b) - most(a)).map(({ layer }) => layer))];
  for (const layer of layers) {
    const own = open.filter((place) => place.layer === layer);
    nodesFor(own, left).forEach((node, i) => {
      claim(own[i] as Place, node);
    });
  }
  if (left.size > 0) {
    throw new ArgumentError(`fromFlax: no module here takes ${list([...left.keys()])}`);
  }
  return fill(model, inOrder(places, arrays), "flax");
}

const list = (names: readonly string[]): string =>
  names.length > 8 ? `${names.slice(0, 8).join(", ")}, … ${names.length - 8} more` : names.join(", ");

const inOrder = <T>(places: readonly Place[], arrays: ReadonlyMap<Place, T>): Map<Place, T> =>
  new Map(places.map((place) => [place, arrays.get(place) as T]));

function readNames(names: unknown): Readonly<Record<string, string>> {
  if (!isPlainObject(names) || !Object.values(names).every((name) => typeof name === "string")) {
    throw new ArgumentError(`fromFlax: expected names to be texts by name, got ${describe(names)}`);
  }
  return { ...names } as Record<string, string>;
}

const MOST_DEPTH = 64;

/** The arrays by path, `Dense_0/kernel`, without the collection that they are in. */
function flatten(tree: unknown): Map<string, Tensor> {
  const flat = new Map<string, Tensor>();
  const walk = (value: unknown, path: readonly string[]): void => {
    if (path.length > MOST_DEPTH) throw new ArgumentError("fromFlax: the tree is nested too deep");
    if (isTensor(value)) {
      const name = path.join("/");
      if (flat.has(name)) throw new ArgumentError(`fromFlax: ${name} is there twice`);
      flat.set(name, value);
    } else if (isPlainObject(value)) {
      for (const [name, inner] of Object.entries(value)) walk(inner, [...path, ...name.split("/")]);
    } else {
      const place = path.length === 0 ? "tree" : path.join("/");
      throw new ArgumentError(
        `fromFlax: expected ${place} to be a tensor or an object, got ${describe(value)}`,
      );
    }
  };
  walk(tree, []);
  return withoutCollections(flat);
}

const COLLECTIONS = ["params", "batch_stats"];

/** Linen keeps parameters and statistics apart, NNX together. */
function withoutCollections(flat: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const heads = new Set(Array.from(flat.keys(), (name) => name.split("/")[0] as string));
  if (!heads.has("params")) return new Map(flat);
  const other = [...heads].find((head) => !COLLECTIONS.includes(head));
  if (other !== undefined) {
    throw new ArgumentError(`fromFlax: expected the collections params and batch_stats, got ${other} too`);
  }
  return new Map(Array.from(flat, ([name, array]) => [name.slice(name.indexOf("/") + 1), array]));
}

/** Where a module `m.0` may be by its own name: `m/0`, `m/layers_0`, `m_0`. */
function namesakes(name: string): string[] {
  const parts = name === "" ? [] : name.split(".");
  return [
    parts.join("/"),
    parts.map((part) => (/^\d+$/.test(part) ? `layers_${part}` : part)).join("/"),
    parts.map((part) => (/^\d+$/.test(part) ? `layers/${part}` : part)).join("/"),
    parts.join("/").replace(/\/(?=\d)/g, "_"),
  ];
}

const at = (node: string, part: string): string => (node === "" ? part : `${node}/${part}`);

/** Whether there are all arrays of the layer, and at their place no others. */
function holds(left: ReadonlyMap<string, Tensor>, node: string, { held }: Place): boolean {
  const parts = Object.keys(held.shapes);
  if (!parts.every((part) => left.has(at(node, part)))) return false;
  const inside = [...left.keys()].filter((name) => node === "" || name.startsWith(`${node}/`));
  return inside.length === parts.length;
}

/** Takes the arrays of a layer out of those that are left. */
function take(place: Place, node: string, left: Map<string, Tensor>): Readonly<Record<string, Tensor>> {
  const own = Object.keys(place.held.shapes).map((part) => {
    const array = left.get(at(node, part));
    if (array === undefined) {
      throw new ArgumentError(`fromFlax: ${titleOf(place)}: there is no ${at(node, part)} in the tree`);
    }
    checkArray("fromFlax", place, part, array);
    return [part, array] as const;
  });
  for (const [part] of own) left.delete(at(node, part));
  return Object.fromEntries(own);
}

/** Names that differ in numbers alone have the same. */
const withoutNumbers = (name: string): string => name.replace(/\d+/g, "#");

const byNumber = new Intl.Collator("en", { numeric: true });

/** Where the layers of one class are, in the order of their numbers. */
function nodesFor(places: readonly Place[], left: ReadonlyMap<string, Tensor>): string[] {
  const [first] = places as [Place];
  const [part] = Object.keys(first.held.shapes) as [string];
  const found = [...left.keys()]
    .filter((name) => name === part || name.endsWith(`/${part}`))
    .map((name) => name.slice(0, -part.length).replace(/\/$/, ""))
    .filter((node) => places.some((place) => holds(left, node, place)) && isNamedFor(node, first.layer))
    .sort(byNumber.compare);
  const kinds = new Set(found.map(withoutNumbers));
  if (found.length === places.length && kinds.size === 1) return found;
  throw new ArgumentError(
    `fromFlax: expected ${places.length} ${first.layer} for ${list(places.map(({ name }) => name || "the model"))}, found ${list(found) || `none among ${list([...left.keys()])}`}; say with names which is which`,
  );
}

/** Whether a name such as `LayerNorm_0`, which Flax gives by itself, is of that class. Any other name may be. */
function isNamedFor(node: string, layer: string): boolean {
  const [, given] = /([A-Z]\w*)_\d+$/.exec(node) ?? [];
  return given === undefined || given === layer;
}
