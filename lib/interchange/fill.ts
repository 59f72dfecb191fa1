// Fills a model with the weights of another library, all or none.
import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { Buffer } from "../nn/buffer.js";
import { type AnyModule, Module } from "../nn/module.js";
import { Parameter } from "../nn/parameter.js";
import { to } from "../ops/to.js";
import { describe, isInstance } from "../options.js";
import { format, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { differencesOf, type Held, LAYERS, type LayerDifference, type Library } from "./layers.js";

/** A module of ours that takes arrays, and how the other library holds them. */
export interface Place {
  /** In the model, such as `"m0.norm"`. */
  readonly name: string;
  readonly module: AnyModule;
  /** The other library's class. */
  readonly layer: string;
  readonly held: Held;
}

/** @throws ArgumentError unless it is a module whose parameters and buffers are all in layers that both have */
export function placesOf(where: string, model: unknown, library: Library): Place[] {
  if (!isInstance(model, Module)) {
    throw new ArgumentError(`${where}: expected model to be a module, got ${describe(model)}`);
  }
  const places: Place[] = [];
  for (const [name, module] of model.namedModules()) {
    if (!Object.values(module).some((value) => value instanceof Parameter || value instanceof Buffer))
      continue;
    const row = LAYERS.find((one) => one.held(module, library) !== null);
    const held = row?.held(module, library) ?? null;
    if (row === undefined || held === null) {
      throw new ArgumentError(
        `${where}: ${name || "the model"} is a ${module.constructor.name}, which has no twin there; known: ${LAYERS.map(({ kind }) => kind).join(", ")}`,
      );
    }
    if (Object.keys(held.shapes).length > 0) places.push({ name, module, layer: row.names[library], held });
  }
  return places;
}

/** `0 (Dense)`, for error messages. */
export const titleOf = ({ name, layer }: Place): string => `${name || "the model"} (${layer})`;

/** @throws ShapeError unless the array has this shape; DTypeError unless it has floats */
export function checkArray(where: string, place: Place, part: string, array: Tensor): void {
  const expected = place.held.shapes[part] as readonly number[];
  if (!sameShape(array.shape, expected)) {
    throw new ShapeError(
      `${where}: ${titleOf(place)}: expected ${part} ${format(expected)}, got ${format(array.shape)}`,
    );
  }
  if (array.dtype !== "float32" && array.dtype !== "float64") {
    throw new DTypeError(`${where}: ${titleOf(place)}: expected ${part} to be of floats, got ${array.dtype}`);
  }
}

/**
 * Puts the arrays of all places into the model, all or none.
 * @returns the options that are not the other library's defaults
 */
export function fill(
  model: Module,
  arrays: ReadonlyMap<Place, Readonly<Record<string, Tensor>>>,
  library: Library,
): LayerDifference[] {
  const own = model.stateDict();
  const state: Record<string, Tensor> = {};
  noGrad(() => {
    for (const [{ name, held }, given] of arrays) {
      for (const [field, array] of Object.entries(held.state(given))) {
        const full = name === "" ? field : `${name}.${field}`;
        state[full] = to(array, (own[full] ?? array).dtype);
      }
    }
  });
  model.loadStateDict(state, { strict: false });
  return [...arrays.keys()].flatMap(({ name, module }) => differencesOf(name, module, library));
}
