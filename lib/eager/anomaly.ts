import { types } from "node:util";
import { context, enterWatch, within } from "../context/context.js";
import type { Maker, Recorded, Trace } from "../context/trace.js";
import { userLine } from "../context/user-line.js";
import { AnomalyError, ArgumentError } from "../errors.js";
import { instructionId } from "../native/instructions.js";
import { describe } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";

const CHECK = instructionId("check_finite");

/** Whether results are checked. */
export function isWatching(): boolean {
  return context.watchers > 0;
}

/**
 * Runs `run` with every result checked: the first NaN or infinity that an op computes, forward or backward,
 * is an error that names the op and the line that called it (torch.autograd.detect_anomaly). Functions
 * compiled within it, and `fit`, are checked in each run; they then run without fusions.
 * `run` may be asynchronous. Everything is slower: use it to find an error, not for training.
 * @returns the result of `run`.
 * @throws AnomalyError
 * @example detectAnomaly(() => ops.log(tensor([-1])));   // AnomalyError: detectAnomaly: log gave NaN at position 0 …
 */
export function detectAnomaly<T>(run: () => T): T {
  if (typeof run !== "function") {
    throw new ArgumentError(`detectAnomaly: expected a function, got ${describe(run)}`);
  }
  const end = enterWatch();
  let result: T;
  try {
    result = run();
  } catch (error) {
    end();
    throw error;
  }
  if (types.isPromise(result)) return result.finally(end) as T;
  end();
  return result;
}

/** The line that called an op, kept for its gradient; null unless results are checked. */
export function callLine(): string | null {
  return isWatching() ? userLine() : null;
}

/** Runs an op's gradient rule. An anomaly in it is reported as that of the op's gradient. */
export function asGradientOf<T>(what: string, line: string | null, rule: () => T): T {
  return isWatching() ? within("gradientOf", { what: `the gradient of ${what}`, line }, rule) : rule();
}

function makerOf(name: string): Maker {
  const { gradientOf } = context;
  if (gradientOf === null) return { what: name, line: userLine() };
  return { what: `${name}, in ${gradientOf.what},`, line: gradientOf.line };
}

/** @throws AnomalyError if an eager result holds a NaN or an infinity. */
export function checkResult(name: string, result: Tensor): void {
  if (!isFloat(result.dtype)) return;
  const values = result.storage.forReading();
  const position = values.findIndex((value) => !Number.isFinite(value));
  if (position >= 0) throw anomaly(makerOf(name), position, String(values[position]));
}

/** The instruction that checks a result in a program; null for a dtype that holds no NaN. */
export function checkInstruction(name: string, result: Tensor, trace: Trace): Recorded | null {
  if (!isFloat(result.dtype)) return null;
  const maker = trace.makers.push(makerOf(name)) - 1;
  return { instruction: CHECK, params: [maker], operands: [result], written: [] };
}

/** The error for an anomaly that a program's check found. `makers` are those of the program's trace. */
export function anomalyFound(message: string, makers: readonly Maker[]): AnomalyError {
  const [maker, position, value] = message.split(" ") as [string, string, string];
  return anomaly(makers[Number(maker)] as Maker, Number(position), value);
}

function anomaly({ what, line }: Maker, position: number, value: string): AnomalyError {
  const where = line === null ? "" : `, called ${line}`;
  return new AnomalyError(`detectAnomaly: ${what} gave ${value} at position ${position}${where}`);
}
