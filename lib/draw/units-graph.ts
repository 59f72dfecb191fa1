// A net as units: layers of them, and the weights between them.

/** An edge to a unit: the unit that it comes from, and its weight. */
export type Wire = readonly [from: number, weight: number];

/** The wires from some units to those of a layer. */
export interface Wires {
  /** Whether they are no weights: a unit is taken as it is, or its negative, or by a function. */
  readonly isFixed: boolean;
  /** The units that they come from; some may stand there more than once. */
  readonly from: ArrayLike<number>;
  /** Those to the unit at this position in the layer. */
  to(position: number): Iterable<Wire>;
}

export interface LayerFunction {
  readonly name: string;
  /** Whether it takes all units of the layer together, as softmax does. */
  readonly isTogether: boolean;
}

/** Units that are computed together. Units of all layers are numbered together; those of a layer are consecutive. */
export interface UnitLayer {
  /** The number of its first unit. */
  readonly first: number;
  readonly size: number;
  /** What its weights are called, or what it is; "" for nothing but its functions. */
  readonly name: string;
  /** What is given from outside: an input, or constants. */
  readonly isGiven: boolean;
  wires: Wires[];
  /** b of each unit; null for none. */
  bias: ArrayLike<number> | null;
  /** s of each unit, the sum of what comes in. */
  sums: ArrayLike<number>;
  /** z = f(s) of each unit. */
  values: ArrayLike<number>;
  /** The parts of f, in the order in which they are applied: none where z = s. */
  functions: readonly LayerFunction[];
  /** What is said of the wires, where they are not weights alone. */
  note: string;
}

/** Layers in an order in which each comes after those that it takes units from. */
export class UnitGraph {
  readonly layers: UnitLayer[] = [];
  /** The numbers of the units that the model gives. */
  readonly outputs: number[] = [];
  #units = 0;

  add(
    layer: Pick<UnitLayer, "size" | "name" | "wires" | "values"> & Partial<Omit<UnitLayer, "first">>,
  ): UnitLayer {
    const made: UnitLayer = {
      isGiven: false,
      bias: null,
      sums: layer.values,
      functions: [],
      note: "",
      ...layer,
      first: this.#units,
    };
    this.#units += layer.size;
    this.layers.push(made);
    return made;
  }

  remove(layer: UnitLayer): void {
    this.layers.splice(this.layers.indexOf(layer), 1);
  }

  /** The layer of a unit. */
  layerOf(unit: number): UnitLayer {
    let [low, high] = [0, this.layers.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.layers[middle] as UnitLayer).first <= unit) low = middle;
      else high = middle - 1;
    }
    return this.layers[low] as UnitLayer;
  }
}

/** Wires from each of the units to the one at its own position, not weights: 1, or −1 for a difference. */
export const oneToOne = (units: ArrayLike<number>, factor = 1): Wires => ({
  isFixed: true,
  from: units,
  to: (position) => [[units[position] as number, factor]],
});

/** Wires from all units to each, for a function of all of them. */
export const fromAll = (units: ArrayLike<number>): Wires => ({
  isFixed: true,
  from: units,
  to: () => Array.from(units, (unit): Wire => [unit, 1]),
});

/** Weights from all units to each: a matrix that is read at (to, from). */
export const matrix = (units: ArrayLike<number>, weight: (to: number, from: number) => number): Wires => ({
  isFixed: false,
  from: units,
  to: (position) => Array.from(units, (unit, from): Wire => [unit, weight(position, from)]),
});

/** Weights of which only some exist, in compressed sparse rows: the row of a unit holds those that come to it. */
export function sparse(
  units: ArrayLike<number>,
  { rowStarts, columns, values }: Record<"rowStarts" | "columns" | "values", ArrayLike<number>>,
): Wires {
  const from = Float64Array.from(columns, (column) => units[column] as number);
  return {
    isFixed: false,
    from,
    *to(position) {
      const end = rowStarts[position + 1] as number;
      for (let e = rowStarts[position] as number; e < end; e++)
        yield [from[e] as number, values[e] as number];
    },
  };
}
