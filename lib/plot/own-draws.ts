import { defaultGenerator } from "../random/generator.js";

/** Calls `run` with random numbers that do not come from the user's. */
export type OwnDraws = <T>(run: () => T) => T;

/**
 * Random numbers for a computation in several calls: they begin where the default generator is now and go on from call
 * to call. After each call the default generator stands where it stood before. Of an asynchronous function it is so for
 * what runs until its first `await`: the user may draw as soon as that is over.
 */
export function ownDraws(): OwnDraws {
  let own = defaultGenerator.getState();
  return (run) => {
    const state = defaultGenerator.getState();
    defaultGenerator.setState(own);
    try {
      return run();
    } finally {
      own = defaultGenerator.getState();
      defaultGenerator.setState(state);
    }
  };
}
