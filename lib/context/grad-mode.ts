import { checkFunction } from "../options.js";
import { context, withinGradients } from "./context.js";

/** Whether ops remember their inputs for `backward()`. */
export function isGradEnabled(): boolean {
  return context.gradients;
}

/**
 * Runs `run` without remembering anything for `backward()`: for inference and for updates by hand.
 * `run` must be synchronous.
 *
 * @example
 * const y = noGrad(() => model.forward(x));   // y.requiresGrad is false
 * @throws ArgumentError unless it is given a function
 */
export function noGrad<T>(run: () => T): T {
  checkFunction("noGrad", "run", run);
  return withinGradients(false, run);
}

/**
 * Runs `run` with inputs remembered for `backward()` again, inside a `noGrad`.
 * @throws ArgumentError unless it is given a function
 */
export function enableGrad<T>(run: () => T): T {
  checkFunction("enableGrad", "run", run);
  return withinGradients(true, run);
}
