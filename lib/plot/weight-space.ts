// The parameters of a model as one vector w, and the loss as a function of it.
import { compile } from "../compiler/compile.js";
import { noGrad } from "../context/grad-mode.js";
import { assumeFields } from "../context/trace.js";
import { type AnySamples, toDataset } from "../data/dataset.js";
import { type Form, formOf, type Part, partsIn, putTogether, takeTensorsApart } from "../data/parts.js";
import { asTensor } from "../data/samples.js";
import { ArgumentError } from "../errors.js";
import { inMode } from "../nn/in-mode.js";
import type { AnyModule } from "../nn/module.js";
import { SparseLinear } from "../nn/sparse-linear.js";
import { UnitLevel } from "../nn/units.js";
import { add } from "../ops/add.js";
import { div } from "../ops/div.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { fromTypedArray } from "../tensor/create.js";
import type { Shape } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { partsOf } from "../tensor/tree.js";
import { checkModel } from "../train/check.js";
import { type Objective, type Outputs, readObjective } from "../train/objective.js";
import { readWeights } from "../train/weights.js";

/** Where a parameter stands in w. */
export interface Place {
  readonly name: string;
  readonly shape: Shape;
  readonly start: number;
  readonly size: number;
  /** Of the weights of a sparse matrix: where each row begins within them, and their end. */
  readonly rowStarts?: ArrayLike<number>;
}

/** Where the rows of sparse matrices begin, by their weights. */
function rowStartsIn(model: AnyModule): Map<Tensor, ArrayLike<number>> {
  const sparse = [...model.namedModules()].flatMap(([, module]) =>
    module instanceof SparseLinear || module instanceof UnitLevel ? [module] : [],
  );
  return new Map(sparse.map(({ values, pattern }) => [values, pattern.rowStarts.storage.forReading()]));
}

/** The parameters of a model that are not frozen, as one vector w [n]. */
export class WeightSpace {
  readonly model: AnyModule;
  readonly places: readonly Place[];
  readonly dimension: number;

  /** @throws ArgumentError unless it is a module with parameters */
  constructor(where: string, model: unknown) {
    this.model = checkModel(where, model);
    const { names, tensors } = this.model[partsOf]();
    const rowStarts = rowStartsIn(this.model);
    let start = 0;
    this.places = tensors.map(({ shape, size }, i) => {
      const starts = rowStarts.get(tensors[i] as Tensor);
      const place = { name: names[i] as string, shape, start, size, ...(starts && { rowStarts: starts }) };
      start += size;
      return place;
    });
    this.dimension = start;
    if (start > 0) return;
    throw new ArgumentError(
      `${where}: expected a model with parameters that are not frozen, got a ${this.model.constructor.name} without`,
    );
  }

  /** The parameters now. @throws BusyError, DetachedError */
  read(): Float64Array {
    const w = new Float64Array(this.dimension);
    const { tensors } = this.model[partsOf]();
    for (const [i, { start }] of this.places.entries())
      w.set((tensors[i] as Tensor).storage.forReading(), start);
    return w;
  }
}

/** What a loss is of. */
export interface LossOptions {
  readonly cost: unknown;
  /** Of the costs of several targets. */
  readonly costWeights?: unknown;
  readonly data: unknown;
}

/**
 * The loss of a model over a set, L(w) = 1/P Σ_p C(G(x[p], w), ȳ[p]), or with weights of samples Σ w·C / Σ w, as a
 * function of its parameters. The model is in evaluation mode meanwhile. Nothing of it is written: other tensors stand in the places of its parameters.
 */
export class LossOf {
  readonly #where: string;
  readonly #space: WeightSpace;
  readonly #objective: Objective;
  readonly #x: readonly Tensor[];
  readonly #y: readonly Tensor[];
  readonly #form: Form;
  /** What each sample counts; null: all alike. */
  readonly #weight: Tensor | null;

  /** @throws ArgumentError, ShapeError, DataError */
  constructor(where: string, space: WeightSpace, { cost, costWeights, data }: LossOptions) {
    this.#where = where;
    this.#space = space;
    const dataset = toDataset(where, "data", data as AnySamples);
    this.#form = formOf(dataset.x);
    this.#objective = readObjective(where, { cost, costWeights }, formOf(dataset.y));
    this.#weight = readWeights(where, undefined, this.#objective, dataset);
    const tensors = (parts: readonly Part[]): Tensor[] => parts.map(asTensor);
    [this.#x, this.#y] = [tensors(partsIn(dataset.x)), tensors(partsIn(dataset.y))];
  }

  /** L of tensors in the places of the parameters, in ops: a scalar in float64. */
  of(w: readonly Tensor[]): Tensor {
    const { model } = this.#space;
    for (const [, module] of model.namedModules()) assumeFields(module);
    const run = (): Tensor => {
      const x = putTogether(this.#form, this.#x);
      const outputs = model.forward(...((Array.isArray(x) ? x : [x]) as never));
      const y = takeTensorsApart(this.#where, "the model's output", outputs);
      return to(reshape(this.#mean(y), []), "float64");
    };
    return inMode(model, false, () => model[partsOf]().during(w, run));
  }

  #mean(y: Outputs): Tensor {
    const weight = this.#weight;
    if (weight === null) return this.#objective.means(this.#where, y, this.#y).loss;
    const { loss } = this.#objective.perSample(this.#where, y, this.#y);
    return div(sum(mul(to(loss, "float64"), weight)), sum(weight));
  }

  /** The parameters in a vector [n]. */
  #parts(vector: Tensor): Tensor[] {
    const { tensors } = this.#space.model[partsOf]();
    return this.#space.places.map(({ shape, start, size }, i) =>
      to(reshape(slice(vector, 0, { start, end: start + size }), shape), (tensors[i] as Tensor).dtype),
    );
  }

  /**
   * L(w₀ + Σ_k a_k·d_k) for coefficients a, all in one native call.
   * Shapes: origin [n], directions K × [n], coefficients [P, K] → [P].
   */
  async along(
    origin: Float64Array,
    directions: readonly Float64Array[],
    coefficients: Float64Array,
  ): Promise<Float64Array> {
    const start = fromTypedArray(origin);
    const ways = directions.map((direction) => fromTypedArray(direction));
    return this.#each(coefficients, ways.length, (a) => {
      const share = (k: number): Tensor => reshape(slice(a, 1, { start: k, end: k + 1 }), [1]);
      return ways.reduce((w, direction, k) => add(w, mul(share(k), direction)), start);
    });
  }

  /** L(w) at points. Shapes: points [P, n] → [P]. */
  async at(points: Float64Array): Promise<Float64Array> {
    const { dimension } = this.#space;
    return this.#each(points, dimension, (w) => reshape(w, [dimension]));
  }

  /** The losses of rows [P, width], from each of which `weights` makes w. */
  async #each(rows: Float64Array, width: number, weights: (row: Tensor) => Tensor): Promise<Float64Array> {
    const count = rows.length / width;
    if (count === 0) return new Float64Array(0);
    const losses = compile((row: Tensor) => noGrad(() => this.of(this.#parts(weights(row)))));
    const order = fromTypedArray(Int32Array.from({ length: count }, (_, i) => i));
    const found = await losses.loopAsync([new Tensor(rows, [count, width], "float64")], order, 1);
    return Float64Array.from(found.storage.forReading());
  }
}
