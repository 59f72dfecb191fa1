// The names of functions of one layer, from the ops that they are made of.

import { history } from "../autodiff/backward.js";
import { enableGrad } from "../context/grad-mode.js";
import { registry } from "../ops/registry.js";
import { ones } from "../tensor/create.js";
import { isTensor } from "../tensor/tensor.js";
import type { LayerFunction } from "./units-graph.js";

/** An op, or a module that stands for the ops in it. */
export interface Step {
  readonly name: string;
  /** The id of the op's node; for a module that of its last one. */
  readonly id: number;
  readonly isModule: boolean;
  /** Whether it takes elements together. */
  readonly isTogether: boolean;
}

/** Whether an op takes each element by itself. */
export const isElementwise = (name: string): boolean => registry.get(name)?.elementwise !== undefined;

/** The parts of a function: modules, and ops in a row as the op that consists of them. */
export function nameFunctions(steps: readonly Step[]): LayerFunction[] {
  const functions: LayerFunction[] = [];
  let row: Step[] = [];
  const close = (): void => {
    if (row.length > 0) functions.push({ name: nameOf(row) ?? "f", isTogether: areTogether(row) });
    row = [];
  };
  for (const step of inOrder(steps)) {
    if (!step.isModule) row.push(step);
    else {
      close();
      functions.push({ name: step.name, isTogether: step.isTogether });
    }
  }
  close();
  return functions;
}

const inOrder = (steps: readonly Step[]): Step[] => [...steps].sort((a, b) => a.id - b.id);
const areTogether = (steps: readonly Step[]): boolean => steps.some(({ isTogether }) => isTogether);

/** A module's steps as one: the op that does the same, or else its class. */
export function asModule(kind: string, steps: readonly Step[]): Step {
  const id = Math.max(...steps.map((step) => step.id));
  const name = nameOf(steps) ?? `${kind[0]?.toLowerCase()}${kind.slice(1)}`;
  return { name, id, isModule: true, isTogether: areTogether(steps) };
}

function nameOf(steps: readonly Step[]): string | undefined {
  const [only] = steps;
  if (steps.length === 1) return only?.name;
  known ??= composites();
  return known.get(
    inOrder(steps)
      .map(({ name }) => name)
      .join(" "),
  );
}

let known: Map<string, string> | null = null;

/** Ops of one tensor that are made of several others, by those. */
function composites(): Map<string, string> {
  const found = new Map<string, string>();
  const x = ones([1, 2]);
  x.requiresGrad = true;
  for (const [name, { op }] of registry) {
    const ops = opsOf(op as (tensor: unknown) => unknown, x);
    if (ops.length > 1 && !found.has(ops.join(" "))) found.set(ops.join(" "), name);
  }
  return found;
}

/** The ops that a function of one tensor applies; none if it takes more. */
function opsOf(f: (tensor: unknown) => unknown, x: unknown): string[] {
  try {
    const y = enableGrad(() => f(x));
    if (!isTensor(y)) return [];
    return history([y])
      .reverse()
      .map(({ producer }) => producer?.op.name as string);
  } catch {
    return [];
  }
}
