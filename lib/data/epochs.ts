import { Generator } from "../random/generator.js";

/** How the epochs of one kind of draws lie in the counter of a generator, which goes to 2^53. */
export interface Epochs {
  /** Blocks of four draws that an epoch has for itself. */
  readonly blocks: number;
  /** The largest number of an epoch. */
  readonly most: number;
}

// An order of n samples has at most n draws.
const ORDERS: Epochs = { blocks: 2 ** 31, most: 2 ** 22 - 1 };

/** The samples 0 … n − 1 in their own order. */
export function asTheyLie(n: number): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}

/** The samples 0 … n − 1 in the random order of an epoch, from 0. */
export function orderOf(seed: number, epoch: number, n: number, epochs = ORDERS): Int32Array {
  return generatorOf(seed, epoch, epochs).permutation(n).storage.forReading() as Int32Array;
}

/** A generator at the start of an epoch. Its draws follow from the seed and the epoch's number alone. */
export function generatorOf(seed: number, epoch: number, { blocks }: Epochs): Generator {
  const generator = new Generator(seed);
  const [low, high] = generator.getState();
  generator.setState([low, high, epoch * blocks]);
  return generator;
}
