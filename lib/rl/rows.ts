import { MemoryError } from "../errors.js";
import type { Info } from "./environment.js";
import type { VectorStart, VectorTransition } from "./vector-environment.js";

/** What one step of n environments leaves, a row each. The memory may be shared between threads. */
export interface Rows {
  /** [n, size] */
  readonly observation: Float32Array;
  /** [n, size]; written only where an episode has ended. */
  readonly finalObservation: Float32Array;
  /** [n] */
  readonly reward: Float64Array;
  /** [n] */
  readonly terminated: Uint8Array;
  /** [n] */
  readonly truncated: Uint8Array;
}

/** The infos of one step, by the number of the environment; only those that are not empty. */
export interface RowInfos {
  readonly infos: Map<number, Info>;
  readonly finalInfos: Map<number, Info>;
}

/** A kind of memory: for one thread, or for several. */
export type Memory<B extends ArrayBufferLike> = new (bytes: number) => B;

/** @throws MemoryError */
export function allocate<B extends ArrayBufferLike>(where: string, bytes: number, Kind: Memory<B>): B {
  try {
    return new Kind(bytes);
  } catch {
    throw new MemoryError(`${where}: there is no memory for ${bytes} bytes`);
  }
}

export const bytesOfRows = (n: number, size: number): number => n * (8 + 4 * size + 4 * size + 2);

/** The rows in a block of memory: largest elements first, so that each array is aligned. */
export function rowsOf(buffer: ArrayBufferLike, n: number, size: number): Rows {
  const floats = n * size;
  return {
    reward: new Float64Array(buffer, 0, n),
    observation: new Float32Array(buffer, 8 * n, floats),
    finalObservation: new Float32Array(buffer, 8 * n + 4 * floats, floats),
    terminated: new Uint8Array(buffer, 8 * n + 8 * floats, n),
    truncated: new Uint8Array(buffer, 9 * n + 8 * floats, n),
  };
}

export const noInfos = (): RowInfos => ({ infos: new Map(), finalInfos: new Map() });

const NO_INFO: Info = Object.freeze({});

const listOf = (infos: Map<number, Info>, n: number): Info[] =>
  Array.from({ length: n }, (_, i) => infos.get(i) ?? NO_INFO);

/** A copy for the caller. */
export function startOf(rows: Rows, { infos }: RowInfos): VectorStart {
  return { observation: new Float32Array(rows.observation), infos: listOf(infos, rows.reward.length) };
}

/** A copy for the caller. */
export function transitionOf(rows: Rows, { infos, finalInfos }: RowInfos): VectorTransition {
  const n = rows.reward.length;
  const size = rows.observation.length / n;
  const observation = new Float32Array(rows.observation);
  const terminated = new Uint8Array(rows.terminated);
  const truncated = new Uint8Array(rows.truncated);
  let finalObservation = observation;
  const told = listOf(infos, n);
  let finalTold = told;
  for (let i = 0; i < n; i++) {
    if (terminated[i] === 0 && truncated[i] === 0) continue;
    if (finalObservation === observation) {
      finalObservation = observation.slice();
      finalTold = [...told];
    }
    finalObservation.set(rows.finalObservation.subarray(i * size, (i + 1) * size), i * size);
    finalTold[i] = finalInfos.get(i) ?? NO_INFO;
  }
  return {
    observation,
    finalObservation,
    reward: new Float64Array(rows.reward),
    terminated,
    truncated,
    infos: told,
    finalInfos: finalTold,
  };
}
