import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { concat } from "../ops/concat.js";
import { indexAdd } from "../ops/index-add.js";
import { indexSelect } from "../ops/index-select.js";
import { reshape } from "../ops/reshape.js";
import { sparseLinear } from "../ops/sparse-linear.js";
import type { SparsePattern } from "../ops/sparse-pattern.js";
import { checkFlag, checkList, checkRequired } from "../options.js";
import { zeros } from "../tensor/create.js";
import { allocate, type DType } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, Tensor } from "../tensor/tensor.js";
import { ModuleList } from "./containers.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { matrices } from "./matrices.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";
import { newBias, newValues } from "./sparse-linear.js";
import {
  activate,
  readActivation,
  readActivations,
  readGroups,
  type UnitActivation,
  type UnitGroup,
} from "./unit-activation.js";
import { type LevelPlan, levelsOf, type Reading, readGraph, readUnit, type UnitGraph } from "./unit-graph.js";

export interface UnitsOptions extends FloatOptions {
  /** Number of inputs: units 0, …, inputs − 1. */
  readonly inputs: number;
  /** UP(i) for the units i = inputs, inputs + 1, …: the units that unit i reads, in any order, without circles. */
  readonly up: readonly (readonly number[])[];
  /** The units whose states are the output, in this order. Default: those that no unit reads. */
  readonly outputs?: readonly number[];
  /** f: the name of an elementwise op, "identity", or a function of tensors. Default: "tanh". */
  readonly activation?: UnitActivation;
  /** Units with another f. Default: none. */
  readonly groups?: readonly UnitGroup[];
  /** Whether each unit has a bias. Default: true. */
  readonly bias?: boolean;
}

const OPTIONS = ["inputs", "up", "outputs", "activation", "groups", "bias", "dtype"] as const;

/** A weight of `Units`. */
export interface UnitEdge {
  /** The unit i that reads. */
  readonly to: number;
  /** The unit j of UP(i). */
  readonly from: number;
  /** w[i, j]. */
  readonly weight: number;
}

/** Units of one depth with one activation. A part of `Units`, whose parameters it holds. */
export class UnitLevel extends Module {
  readonly depth: number;
  readonly activation: UnitActivation;
  /** The numbers of its units. */
  readonly units: readonly number[];
  /** Where the units are that it reads. @internal */
  readonly reads: Reading;
  /** Which weights there are: rows are its units, columns the units that it reads. */
  readonly pattern: SparsePattern;
  /** The weights, unit by unit in the order of UP: [entries]. */
  readonly values: Parameter;
  /** [units], or null. */
  readonly bias: Parameter | null;

  /** @internal */
  constructor(plan: LevelPlan, activation: UnitActivation, bias: boolean, dtype: DType) {
    super();
    this.depth = plan.depth;
    this.activation = activation;
    this.units = plan.units;
    this.reads = plan.reads;
    this.pattern = plan.pattern;
    this.values = new Parameter(newValues(plan.pattern, dtype));
    this.bias = bias ? new Parameter(newBias(plan.pattern, dtype)) : null;
  }

  /** From the states that it reads [..., columns] to its own [..., units]. */
  forward(z: Tensor): Tensor {
    return activate(this.activation, sparseLinear(z, this.values, this.bias, this.pattern));
  }

  override extraRepr(): string {
    const name = nameOf(this.activation);
    return `depth=${this.depth}, units=${this.units.length}, entries=${this.values.size}, activation=${name}`;
  }

  /** @internal */
  [matrices](): readonly Tensor[] {
    return [this.values];
  }
}

/** Picks units out of the states that it reads. A part of `Units`. */
class UnitSelection extends Module {
  readonly units: number;
  /** @internal */
  readonly reads: Reading;
  private readonly index: Tensor | null;

  constructor(reads: Reading) {
    super();
    this.units = reads.columns.length;
    this.reads = reads;
    const isWhole = this.units === reads.width && reads.columns.every((column, at) => column === at);
    this.index = isWhole ? null : indexOf(reads.columns);
  }

  /** [..., columns] → [..., units] */
  forward(z: Tensor): Tensor {
    return this.index === null ? z : indexSelect(z, z.rank - 1, this.index);
  }

  override extraRepr(): string {
    return `units=${this.units}`;
  }
}

const nameOf = (activation: UnitActivation): string =>
  typeof activation === "string" ? activation : activation.name || "(function)";

/**
 * A net of units: any graph without circles, given by the list UP(i) of the units that unit i reads.
 *
 *     s[i] = Σ_{j ∈ UP(i)} w[i, j]·z[j] + b[i]
 *     z[i] = f(s[i])
 *
 * The units 0, …, inputs − 1 are the inputs x. A unit may read units of any depth, so that connections may skip levels. Units
 * that are equally deep and have one f are computed together, as a product with a sparse matrix; a layered graph costs
 * what its layers cost.
 * Shapes: x [..., inputs] → y [..., outputs].
 * Init: the weights and the bias of a unit that reads n units ~ U(−k, k), k = 1/√n, as those of PyTorch's Linear.
 * @throws ShapeError, DTypeError, OptionError; ArgumentError and IndexError, which name the unit, for a circle, a unit
 *   that reads itself, another one twice or none, and for units that there are not
 * @example
 * // Units 2 and 3 read the inputs 0 and 1; unit 4, the output, reads both and the input 0.
 * const net = new nn.Units({ inputs: 2, up: [[0, 1], [0, 1], [2, 3, 0]], groups: [{ units: [4], activation: "identity" }] });
 * net.forward(rand([8, 2])).shape   // [8, 1]
 */
export class Units extends Module {
  /** Number of inputs. */
  readonly inputs: number;
  /** Number of all units, with the inputs. */
  readonly size: number;
  /** UP(i) of unit i = inputs + k at k. */
  readonly up: readonly (readonly number[])[];
  /** The units whose states are the output. */
  readonly outputs: readonly number[];
  /** f of all units that are in no group. */
  readonly activation: UnitActivation;
  readonly groups: readonly UnitGroup[];
  /** The depth of each unit: 0 for inputs, else one more than the deepest of UP(i). */
  readonly depths: readonly number[];
  /** The units in the order in which they are computed, with their weights. */
  readonly levels: ModuleList<UnitLevel>;
  /** Picks the output. */
  readonly select: UnitSelection;

  constructor(options: UnitsOptions) {
    super();
    const where = "Units";
    checkRequired(where, options, OPTIONS);
    const graph = readGraph(where, options.inputs, options.up);
    const bias = checkFlag(where, "bias", options.bias ?? true);
    const dtype = readFloat(where, options);
    this.inputs = graph.inputs;
    this.size = graph.units;
    this.up = graph.up;
    this.depths = Array.from(graph.depths);
    this.outputs = readOutputs(where, graph, options.outputs);
    this.activation = readActivation(where, options.activation ?? "tanh");
    this.groups = readGroups(where, options.groups ?? []);
    const activations = readActivations(where, graph, this.activation, this.groups);
    const { levels, find } = levelsOf(graph, (unit) => activations.of(unit));
    this.levels = new ModuleList(
      levels.map(
        (plan) => new UnitLevel(plan, activations.all[plan.activation] as UnitActivation, bias, dtype),
      ),
    );
    this.select = new UnitSelection(find(this.outputs));
  }

  forward(x: Tensor): Tensor {
    return compute(this, x, this.select);
  }

  /**
   * The states z of all units, with those of the inputs, which are x.
   * Shapes: x [..., inputs] → z [..., size].
   * @throws ShapeError, DTypeError
   */
  states(x: Tensor): Tensor {
    return compute(this, x, new UnitSelection(placesOf(this)));
  }

  /** All weights, unit by unit, in the order of the lists UP. */
  edges(): UnitEdge[] {
    const weights = new Map<number, number[]>();
    for (const { units, pattern, values } of this.levels) {
      const [starts, array] = [pattern.rowStarts.storage.forReading(), values.storage.forReading()];
      for (const [row, unit] of units.entries()) {
        weights.set(unit, Array.from(array.subarray(starts[row], starts[row + 1])));
      }
    }
    return this.up.flatMap((list, k) => {
      const to = this.inputs + k;
      const own = weights.get(to) as number[];
      return list.map((from, place) => ({ to, from, weight: own[place] as number }));
    });
  }

  /**
   * The weights as a matrix [size − inputs, size]: w[i, j] in row i − inputs and column j, 0 where unit i does not read
   * unit j. It can be differentiated by the weights.
   */
  toDense(): Tensor {
    const shape = [this.size - this.inputs, this.size] as const;
    const levels = [...this.levels];
    const places = levels.flatMap(({ units }) =>
      units.flatMap((unit) => {
        const row = unit - this.inputs;
        return (this.up[row] as readonly number[]).map((from) => row * shape[1] + from);
      }),
    );
    const values = concat(levels.map((level) => level.values));
    const flat = zeros([shape[0] * shape[1]], { dtype: values.dtype });
    return reshape(indexAdd(flat, 0, indexOf(places), values), shape);
  }

  override extraRepr(): string {
    const edges = this.up.reduce((sum, list) => sum + list.length, 0);
    return `inputs=${this.inputs}, units=${this.size}, edges=${edges}, outputs=${this.outputs.length}, activation=${nameOf(this.activation)}`;
  }
}

/** What `select` picks of the states, for x [..., inputs]. */
function compute({ inputs, levels }: Units, x: Tensor, select: UnitSelection): Tensor {
  const all = levels.modules;
  const { dtype } = (all[0] as UnitLevel).values;
  checkTensor("Units", "x", x);
  if (x.rank === 0 || x.shape.at(-1) !== inputs) {
    throw new ShapeError(`Units: expected x [..., ${inputs}], got ${format(x.shape)}`);
  }
  if (x.dtype !== dtype) {
    throw new DTypeError(`Units: expected x to be ${dtype} as the weights are, got ${x.dtype}`);
  }
  const states = new Map<number, Tensor>([[-1, x]]);
  const joined = new Map<string, Tensor>();
  const join = (wanted: readonly number[]): Tensor => {
    const key = wanted.join(" ");
    const parts = wanted.map((level) => states.get(level) as Tensor);
    const found = joined.get(key) ?? (parts.length === 1 ? (parts[0] as Tensor) : concat(parts, x.rank - 1));
    joined.set(key, found);
    return found;
  };
  const needed = neededFor(select.reads, all);
  for (const [k, level] of all.entries()) {
    if (needed.has(k)) states.set(k, level.forward(join(level.reads.levels)));
  }
  return select.forward(join(select.reads.levels));
}

/** Where all units are. */
function placesOf({ inputs, size, levels }: Units): Reading {
  const groups = levels.modules.map(({ units }) => units);
  const columns = new Array<number>(size);
  for (const [column, unit] of [range(inputs), ...groups].flat().entries()) columns[unit] = column;
  return { levels: [-1, ...groups.keys()], width: size, columns };
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The levels that lead to these. */
function neededFor(reads: Reading, levels: readonly UnitLevel[]): Set<number> {
  const needed = new Set(reads.levels);
  for (let k = levels.length - 1; k >= 0; k--) {
    if (!needed.has(k)) continue;
    for (const other of (levels[k] as UnitLevel).reads.levels) needed.add(other);
  }
  return needed;
}

function indexOf(positions: readonly number[]): Tensor {
  const values = allocate("int32", positions.length, "Units");
  values.set(positions);
  return new Tensor(values, [positions.length], "int32");
}

/** The units that are the output. Default: those that no unit reads. */
function readOutputs(where: string, { inputs, units, up }: UnitGraph, given: unknown): number[] {
  if (given === undefined) {
    const read = new Set(up.flat());
    return up.flatMap((_, k) => (read.has(inputs + k) ? [] : [inputs + k]));
  }
  const outputs = checkList(where, "outputs to be a list of units", given);
  if (outputs.length === 0) throw new ArgumentError(`${where}: expected at least one output, got none`);
  return outputs.map((one) => readUnit(where, "outputs", one, units));
}

registerModule("Units", Units, {
  options: ({ inputs, up, outputs, activation, groups, levels }) => ({
    inputs,
    up,
    outputs,
    activation,
    groups,
    bias: levels.at(0)?.bias !== null,
    dtype: levels.at(0)?.values.dtype,
  }),

  torch: "references.Units",
  cases: () => {
    const skips = [
      [0, 1],
      [2, 0],
      [4, 3],
      [0, 5, 4],
      [6, 1],
    ];
    return [
      { note: "two layers", arguments: [{ inputs: 4, up: [[0, 1], [1, 2, 3], [4, 5], [5]] }] },
      {
        note: "connections that skip levels",
        arguments: [{ inputs: 3, up: skips, activation: "sigmoid" }],
        inputs: { x: [5, 3] },
      },
      {
        note: "in any order, chosen outputs, no bias",
        arguments: [{ inputs: 2, up: [[5, 0], [0, 1], [2, 3], [1]], outputs: [4, 0, 2], bias: false }],
        inputs: { x: [3, 2] },
      },
      {
        note: "groups",
        arguments: [
          {
            inputs: 3,
            up: skips,
            groups: [
              { units: [3, 7], activation: "identity" },
              { depth: 3, activation: "silu" },
            ],
            dtype: "float64",
          },
        ],
        inputs: { x: [2, 2, 3] },
      },
      { note: "one sample, 1-D", arguments: [{ inputs: 2, up: [[0], [2, 1]] }], inputs: { x: [2] } },
      { note: "no samples", arguments: [{ inputs: 2, up: [[0], [2, 1]] }], inputs: { x: [0, 2] } },
    ];
  },
});
