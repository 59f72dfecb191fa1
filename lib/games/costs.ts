import { oneFor, pullBackTo } from "../autodiff/backward.js";
import { linearize } from "../autodiff/linearize.js";
import { isGradEnabled } from "../context/grad-mode.js";
import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { detach } from "../ops/detach.js";
import { neg } from "../ops/neg.js";
import { split } from "../ops/split.js";
import { describe } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { isFloat } from "../tensor/dtype.js";
import { format } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { type Structure, together } from "../tensor/tree.js";
import { type Seat, structureOf } from "./players.js";

/** Values of the parameters: for each player a list of tensors. */
export type Point = readonly (readonly Tensor[])[];

/** A point with other values for one player. */
export const withPlayer = (point: Point, i: number, own: readonly Tensor[]): Point =>
  point.map((values, j) => (j === i ? own : values));

/** Regroups the tensors of all players by player, as they are in `like`. */
export function byPlayer<T>(all: readonly T[], like: readonly (readonly unknown[])[]): T[][] {
  let at = 0;
  return like.map(({ length }) => {
    at += length;
    return all.slice(at - length, at);
  });
}

/** The costs of the players as functions of lists of tensors, and their derivatives. */
export class Costs {
  /** The parameters, which are the present point. */
  readonly parameters: Point;
  /** The cost of each player where it was first computed; null before. */
  readonly #first: (Tensor | null)[];
  readonly #where: string;
  readonly #seats: readonly Seat[];
  readonly #all: Structure;
  readonly #batches: readonly (readonly Tensor[])[];

  /** @param parts the number of mini-batches in `batch`, one after the other along the first axis of each tensor. */
  constructor(where: string, seats: readonly Seat[], batch: readonly Tensor[], parts = 1) {
    this.#where = where;
    this.#seats = seats;
    this.#batches = partsOf(where, batch, parts);
    const structures = seats.map((seat) => structureOf(where, seat));
    this.#all = together(structures, (list) => list);
    this.parameters = structures.map(({ leaves }) => leaves);
    this.#first = seats.map(() => null);
  }

  get count(): number {
    return this.#seats.length;
  }

  /** The number of moves that each player makes in a step. */
  get moves(): readonly number[] {
    return this.#seats.map(({ moves }) => moves);
  }

  /** Whether the second player's cost is minus the first's. */
  get isZeroSum(): boolean {
    return this.#seats.some(({ cost }) => cost === null);
  }

  /** The cost of each player where it was first computed. */
  first(): Tensor[] {
    return this.#first.map((cost, i) => cost ?? neg(this.#first[1 - i] as Tensor));
  }

  /** L_i at a point, on one of the mini-batches. */
  of(i: number, point: Point, part = 0): Tensor {
    const { cost, name } = this.#seats[i] as Seat;
    if (cost === null) {
      const opposite = neg(this.of(1 - i, point, part));
      this.#first[i] ??= detach(opposite);
      return opposite;
    }
    const value: unknown = this.#all.within(point.flat(), (all) =>
      cost(...([...(all as unknown[]), ...(this.#batches[part] as readonly Tensor[])] as never[])),
    );
    if (!isTensor(value)) {
      throw new ArgumentError(
        `${this.#where}: expected the cost of ${name} to be a tensor, got ${describe(value)}`,
      );
    }
    if (value.size !== 1) {
      throw new ShapeError(
        `${this.#where}: expected the cost of ${name} to be a scalar, got ${format(value.shape)}`,
      );
    }
    if (!isFloat(value.dtype)) {
      throw new DTypeError(
        `${this.#where}: expected the cost of ${name} to be float32 or float64, got ${value.dtype}`,
      );
    }
    this.#first[i] ??= detach(value);
    return value;
  }

  /** ∂L_i/∂w_j at a point, for the tensors of player j, on one of the mini-batches. */
  gradient(i: number, point: Point, j = i, part = 0): Tensor[] {
    return this.gradientOf(
      i,
      (own) => this.of(i, withPlayer(point, j, own), part),
      point[j] as readonly Tensor[],
      j !== i,
    );
  }

  /**
   * ∂f/∂w of a scalar function that stands for the cost of player i.
   * @param mayBeConstant whether f need not depend on w.
   */
  gradientOf(
    i: number,
    f: (w: readonly Tensor[]) => Tensor,
    w: readonly Tensor[],
    mayBeConstant = false,
  ): Tensor[] {
    const at = linearize(this.#where, (...own: Tensor[]) => f(own), w);
    const y = at.value as Tensor;
    const found = pullBackTo([{ y, dy: oneFor(this.#where, y) }], at.inputs, isGradEnabled());
    if (!mayBeConstant && found.every((gradient) => gradient === null)) this.#refuse(i, y);
    return found.map((gradient, k) => gradient ?? zerosLike(w[k] as Tensor));
  }

  #refuse(i: number, { cutBy }: Tensor): never {
    const { name } = this.#seats[i] as Seat;
    throw new GraphError(
      cutBy === null
        ? `${this.#where}: the cost of ${name} does not depend on its own parameters; a cost reads plain tensors from its arguments`
        : `${this.#where}: the cost of ${name} comes from ${cutBy}, which has no gradient`,
    );
  }

  /**
   * The simultaneous gradient ξ at a point: for each player ∂L_i/∂w_i. Of some players only, if they are listed.
   * @param part which of the mini-batches.
   */
  field(point: Point, players: readonly number[] = [...point.keys()], part = 0): Tensor[][] {
    return players.map((i) => this.gradient(i, point, i, part));
  }
}

/** Cuts each tensor of a batch into equal parts along its first axis: for each part a list of tensors. */
function partsOf(where: string, batch: readonly Tensor[], parts: number): (readonly Tensor[])[] {
  if (parts === 1) return [batch];
  const pieces = batch.map((one, k) => {
    const tensor = checkTensor(where, `batch[${k}]`, one);
    const [rows = 0] = tensor.shape;
    if (rows === 0 || rows % parts !== 0) {
      throw new ShapeError(
        `${where}: expected batch[${k}] to hold ${parts} mini-batches of one size, for ${parts} moves, got ${format(tensor.shape)}`,
      );
    }
    return split(tensor, rows / parts);
  });
  return Array.from({ length: parts }, (_, part) => pieces.map((own) => own[part] as Tensor));
}
