import process from "node:process";
import { type Assumption, trace as record } from "../context/trace.js";
import { isWatching } from "../eager/anomaly.js";
import { type PassName, plan } from "../plan/index.js";
import { sameShape, sizeOf, type TensorSpec } from "../tensor/shape.js";
import { symbol } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { takeApart } from "../tensor/tree.js";
import { type Captured, capture } from "./capture.js";
import { Executable } from "./executable.js";
import type { Pool } from "./pool.js";

/** A function compiled for one signature of inputs and one set of assumptions. */
export interface Specialization {
  readonly executable: Executable;
  /** The settings that it assumes. For other values of them there is another specialization. */
  readonly assumptions: readonly Assumption[];
  /** The function's results in the trace. A result may have another shape than the value that holds it. */
  readonly results: readonly Tensor[];
  /** The function's result, built from the outputs of a run. */
  readonly rebuild: (outputs: readonly Tensor[]) => unknown;
}

// Enough for all batch sizes that a program uses in practice. A dropped signature is compiled again if needed.
const MAX_SIGNATURES = 64;
// For each signature. Enough for the combinations of modes and frozen parameters that occur in practice.
const MAX_SPECIALIZATIONS = 8;

/** The specializations of a function, by signature of input shapes and dtypes. Each is made at its first use. */
export class Specializations {
  readonly #fn: (...inputs: Tensor[]) => unknown;
  readonly #passes: readonly PassName[];
  readonly #pool: Pool | null;
  readonly #known = new Map<string, Specialization[]>();
  #hasTold = false;
  /** The last one used: most calls need the same one again. */
  #last: { inputs: readonly TensorSpec[]; watched: boolean; specialization: Specialization } | null = null;

  /** @param pool has executables that may be the same. Default: each is made anew. */
  constructor(fn: (...inputs: Tensor[]) => unknown, passes: readonly PassName[], pool: Pool | null = null) {
    this.#fn = fn;
    this.#passes = passes;
    this.#pool = pool;
  }

  for(inputs: readonly TensorSpec[]): Specialization {
    const watched = isWatching();
    const last = this.#last;
    if (last?.watched === watched && areAlike(last.inputs, inputs) && holds(last.specialization))
      return last.specialization;
    const specialization = this.#find(inputs, watched);
    this.#last = { inputs: inputs.map(({ dtype, shape }) => ({ dtype, shape })), watched, specialization };
    return specialization;
  }

  #find(inputs: readonly TensorSpec[], watched: boolean): Specialization {
    const key = String(watched) + inputs.map(({ dtype, shape }) => `${dtype}[${shape.join(",")}]`).join(" ");
    const list = this.#known.get(key) ?? [];
    const known = list.find(holds);
    if (known !== undefined) return known;
    const specialization = this.#make(inputs);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= MAX_SIGNATURES) this.#known.delete(oldest);
    if (list.length >= MAX_SPECIALIZATIONS) this.#tellOfTracing(list.shift() as Specialization);
    list.push(specialization);
    this.#known.set(key, list);
    return specialization;
  }

  /** Warns once that a function is traced again and again, which takes far longer than its runs. */
  #tellOfTracing({ assumptions }: Specialization): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    const changed = assumptions.map((one) => one.changed?.() ?? null).find((name) => name !== null);
    const reason = changed === undefined ? "settings of modules or optimizers change" : `${changed} changes`;
    process.emitWarning(
      `compile: a function was traced ${MAX_SPECIALIZATIONS + 1} times for the same shapes, since ${reason} between its calls; keep a number that changes often in a tensor, and what forward does not use out of the module`,
      { type: "CompileWarning", code: "THALWEG_TRACED_AGAIN" },
    );
  }

  #make(inputs: readonly TensorSpec[]): Specialization {
    const { captured, trace, results, rebuild } = traceFunction(this.#fn, inputs);
    const make = (): Executable => {
      const { program, arena } = planned(captured, this.#passes);
      return new Executable(program, arena, captured.inputs, trace);
    };
    const executable = this.#pool?.executableFor(captured, trace, isWatching(), make) ?? make();
    return { executable, assumptions: trace.assumptions, results, rebuild };
  }
}

/** Traces a function for inputs of these shapes and dtypes, makes a program and runs the passes on it. */
export function traceProgram(
  fn: (...inputs: Tensor[]) => unknown,
  inputs: readonly TensorSpec[],
  passes: readonly PassName[],
) {
  const { captured, ...traced } = traceFunction(fn, inputs);
  return { ...traced, planned: { ...planned(captured, passes), inputs: captured.inputs } };
}

/** Traces a function for inputs of these shapes and dtypes. */
function traceFunction(fn: (...inputs: Tensor[]) => unknown, inputs: readonly TensorSpec[]) {
  const { result, trace } = record(() => {
    const symbols = inputs.map(({ dtype, shape }) => new Tensor(symbol(sizeOf(shape), dtype), shape, dtype));
    return { symbols, value: fn(...symbols) };
  });
  const { tensors, rebuild } = flatten(result.value);
  for (const tensor of tensors) trace.checkSymbol(tensor);
  return { captured: capture(trace, result.symbols, tensors), trace, results: tensors, rebuild };
}

/** Under `detectAnomaly` no pass runs, so that each op is checked by itself. */
const planned = ({ program }: Captured, passes: readonly PassName[]) =>
  plan(program, isWatching() ? [] : passes);

function areAlike(a: readonly TensorSpec[], b: readonly TensorSpec[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ dtype, shape }, i) => b[i]?.dtype === dtype && sameShape(shape, b[i].shape));
}

const holds = ({ assumptions }: Specialization): boolean => assumptions.every((one) => one.holds());

/** The tensors of a result, and a function that rebuilds the result from other tensors. */
function flatten(result: unknown): {
  tensors: readonly Tensor[];
  rebuild: (outputs: readonly Tensor[]) => unknown;
} {
  if (result === undefined) return { tensors: [], rebuild: () => undefined };
  const { leaves, build } = takeApart("compile", "the function's result", result);
  return { tensors: leaves, rebuild: build };
}
