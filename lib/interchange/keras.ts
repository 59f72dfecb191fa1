import { ArgumentError } from "../errors.js";
import type { Module } from "../nn/module.js";
import { describe, isPlainObject } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import type { Tensors } from "./arrays.js";
import { checkArray, fill, type Place, placesOf, titleOf } from "./fill.js";
import type { LayerDifference } from "./layers.js";

/**
 * Fills a model with the weights of a Keras model, in the order in which `get_weights()` lists them. In Python:
 *
 *     numpy.savez("weights.npz", *model.get_weights())
 *
 * The layers that have weights go together in order: Dense and `Linear`, whose kernel [in, out] is transposed;
 * BatchNormalization and `BatchNorm1d`; LayerNormalization, GroupNormalization, RMSNormalization, Embedding, PReLU and
 * the layers of that kind here; GRUCell, and GRU with `reset_after=True`, and `GRUCell`. A layer here must have the
 * weights that the other has: one with `use_bias=False` is made with `bias: false`.
 *
 * Weights do not say which options a layer had. What is returned lists the options of the modules here that are not
 * Keras's defaults: its BatchNormalization has ε 0.001 and, in our terms, a momentum of 0.01.
 * @param weights the arrays in order, or by the names `arr_0`, `arr_1`, … as `readNpz` gives them.
 * @throws ArgumentError, ShapeError, DTypeError that name the layer, what was expected and what came; nothing is changed
 * @example
 * const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
 * const differences = fromKeras(model, await readNpz("weights.npz"));
 */
export function fromKeras(model: Module, weights: readonly Tensor[] | Readonly<Tensors>): LayerDifference[] {
  const places = placesOf("fromKeras", model, "keras");
  const list = inOrder(weights);
  const arrays = new Map<Place, Readonly<Record<string, Tensor>>>();
  let at = 0;
  for (const place of places) {
    const names = Object.keys(place.held.shapes);
    const own = names.map((part) => {
      const array = list[at++];
      if (array === undefined) throw tooFew(places, place, part, list.length);
      checkArray("fromKeras", place, part, array);
      return [part, array] as const;
    });
    arrays.set(place, Object.fromEntries(own));
  }
  if (at < list.length) {
    throw new ArgumentError(
      `fromKeras: the layers here have ${at} arrays, got ${list.length}; the next has the shape [${(list[at] as Tensor).shape.join(", ")}]`,
    );
  }
  return fill(model, arrays, "keras");
}

function tooFew(places: readonly Place[], place: Place, part: string, found: number): ArgumentError {
  const expected = places.reduce((sum, { held }) => sum + Object.keys(held.shapes).length, 0);
  return new ArgumentError(
    `fromKeras: the layers here have ${expected} arrays, got ${found}: none for ${part} of ${titleOf(place)}`,
  );
}

/** The arrays in order, by number where they have names. */
function inOrder(weights: unknown): Tensor[] {
  if (Array.isArray(weights)) {
    return Array.from(weights, (array, i) => checkTensor("fromKeras", `weights[${i}]`, array));
  }
  if (!isPlainObject(weights)) {
    throw new ArgumentError(`fromKeras: expected weights to be tensors, got ${describe(weights)}`);
  }
  const names = Object.keys(weights);
  const other = names.find((name) => !/^arr_\d+$/.test(name));
  if (other !== undefined) {
    throw new ArgumentError(
      `fromKeras: expected arrays arr_0, arr_1, … as numpy.savez(path, *model.get_weights()) writes them, got ${describe(other)}`,
    );
  }
  return names.map((_, i) => checkTensor("fromKeras", `arr_${i}`, weights[`arr_${i}`]));
}
