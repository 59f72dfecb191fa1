import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import type { Module } from "../nn/module.js";

const MILLISECONDS = 10;
let last = performance.now();

/** Lets the event loop run if the last time is long enough ago, whoever works meanwhile. */
export async function giveWay(): Promise<void> {
  if (performance.now() - last < MILLISECONDS) return;
  await setImmediate();
  last = performance.now();
}

/** Tells that the event loop has run just now. */
export function gaveWay(): void {
  last = performance.now();
}

const waiting = new WeakMap<Module, (() => void)[]>();

/**
 * Runs `run` when nothing else runs on the model: in the order in which they came, so that a prediction
 * comes between two chunks of a training.
 */
export async function inTurn<T>(model: Module, run: () => T | Promise<T>): Promise<T> {
  const queue = waiting.get(model);
  if (queue === undefined) waiting.set(model, []);
  else await new Promise<void>((resolve) => queue.push(resolve));
  try {
    return await run();
  } finally {
    const next = waiting.get(model)?.shift();
    if (next === undefined) waiting.delete(model);
    else next();
  }
}
