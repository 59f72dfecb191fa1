let recording = true;

/** Whether ops remember their inputs for `backward()`. */
export function isGradEnabled(): boolean {
  return recording;
}

function withGrad<T>(enabled: boolean, run: () => T): T {
  const before = recording;
  recording = enabled;
  try {
    return run();
  } finally {
    recording = before;
  }
}

/**
 * Runs `run` without remembering anything for `backward()`: for inference and for updates by hand.
 * `run` must be synchronous.
 *
 * @example
 * const y = noGrad(() => model.forward(x));   // y.requiresGrad is false
 */
export function noGrad<T>(run: () => T): T {
  return withGrad(false, run);
}

/** Runs `run` with gradients remembered again, inside a `noGrad`. */
export function enableGrad<T>(run: () => T): T {
  return withGrad(true, run);
}
