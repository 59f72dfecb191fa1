import { stack } from "../../ops/stack.js";
import { to } from "../../ops/to.js";
import { isInstance } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Box, Discrete, MultiBinary, type MultiDiscrete, type Space } from "../space.js";
import { actionHead } from "./action-head.js";
import { type LearningEnvironment, openEnvironments } from "./environments.js";
import { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.js";
import { closedBounds, uniformNumbers, uniformPoints } from "./exploration.js";

/**
 * Plays episodes with actions by chance, each as likely as another: what an agent that has learnt nothing reaches.
 * @throws ArgumentError, OptionError; EnvironmentError
 * @example
 * const { meanLength } = await evaluateRandom(new CartPole(), { episodes: 10 });
 */
export async function evaluateRandom(
  environment: LearningEnvironment,
  options: Omit<EvaluateOptions, "deterministic" | "environment"> = {},
): Promise<Evaluation> {
  const name = "evaluateRandom";
  const spaces = openEnvironments(name, environment, { count: undefined, standard: 1, seed: 0 });
  await spaces.close();
  const head = actionHead(name, spaces.actionSpace);
  const act = (observation: Tensor, generator: Generator | null): Tensor =>
    randomActions(name, spaces.actionSpace, observation.shape[0] as number, generator as Generator);
  return evaluate(name, { own: environment, spaces, head, act }, { ...options, deterministic: false });
}

/** Actions as they are stored, [n, …]. */
function randomActions(where: string, space: Space, n: number, generator: Generator): Tensor {
  if (isInstance(space, Discrete)) return uniformNumbers(n, space, generator);
  if (isInstance(space, Box)) {
    return uniformPoints(n, closedBounds(where, space), generator).reshape([n, ...space.shape]);
  }
  if (isInstance(space, MultiBinary)) return to(generator.uniform([n, ...space.shape], { high: 2 }), "int32");
  const { counts } = space as MultiDiscrete;
  return stack(
    counts.map((count) => uniformNumbers(n, new Discrete(count), generator)),
    1,
  );
}
