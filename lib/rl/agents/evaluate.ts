import { fork } from "../../context/trace.js";
import { ArgumentError } from "../../errors.js";
import { checkFlag, checkNumber, checkOptions, checkSignal } from "../../options.js";
import { Generator } from "../../random/generator.js";
import { sameShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { giveWay } from "../../train/turn.js";
import { TensorEnvironment } from "../tensor-environment.js";
import type { ActionHead } from "./action-head.js";
import { type Spaces, textOfSpaces } from "./counts.js";
import { drawSeed, type Environments, type LearningEnvironment, openEnvironments } from "./environments.js";
import { Episodes } from "./episodes.js";
import { featureShape } from "./observed.js";
import { collectorOf, emptyRollout } from "./rollout.js";

export interface EvaluateOptions {
  /** How many episodes are played to their end. Default: 100. */
  readonly episodes?: number;
  /** The most probable actions, or actions by chance. Default: true. */
  readonly deterministic?: boolean;
  /** Of the first states, and of actions by chance. Default: 0. */
  readonly seed?: number;
  /**
   * Where the episodes are played. Default: a copy of what the agent learns from; an environment in JavaScript that was
   * not given as a function is that itself.
   */
  readonly environment?: LearningEnvironment;
  /** Ends the call between two steps. */
  readonly signal?: AbortSignal;
}

/** What `evaluate` gives. */
export interface Evaluation {
  readonly meanReturn: number;
  /** The standard deviation over the episodes. */
  readonly stdReturn: number;
  readonly meanLength: number;
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
}

/** An agent, as its evaluation sees it. */
export interface Player {
  readonly own: LearningEnvironment;
  readonly spaces: Spaces;
  readonly head: ActionHead;
  act(observation: Tensor, generator: Generator | null): Tensor;
}

const OPTIONS: readonly string[] = ["episodes", "deterministic", "seed", "environment", "signal"];
/** Copies that play together, and steps in one call. */
const COPIES = 100;
const STEPS = 64;

/** @throws OptionError for one that there is not. */
export function checkEvaluateOptions(where: string, options: EvaluateOptions): EvaluateOptions {
  checkOptions(where, options, OPTIONS);
  return options;
}

/** @throws ArgumentError unless the agent observes and acts in such spaces. */
function checkSpaces(where: string, given: Spaces, own: Spaces): void {
  const same =
    sameShape(featureShape(where, given.observationSpace), featureShape(where, own.observationSpace)) &&
    String(given.actionSpace) === String(own.actionSpace);
  if (same) return;
  throw new ArgumentError(
    `${where}: expected an environment ${textOfSpaces(own)}, got ${textOfSpaces(given)}`,
  );
}

/** Each copy plays its share of the episodes from first to last: short ones do not count more often than long ones. */
export async function evaluate(
  where: string,
  { own, spaces, head, act }: Player,
  options: EvaluateOptions,
): Promise<Evaluation> {
  checkEvaluateOptions(where, options);
  const episodes = checkNumber(where, "episodes", options.episodes ?? 100, { min: 1, integer: true });
  const isMode = checkFlag(where, "deterministic", options.deterministic ?? true);
  const seed = checkNumber(where, "seed", options.seed ?? 0, { min: 0, integer: true });
  const { signal } = options;
  if (signal !== undefined) checkSignal(where, signal);
  const given = options.environment ?? fresh(own, Math.min(episodes, COPIES), seed);
  const environments = openEnvironments(where, given, {
    count: undefined,
    standard: Math.min(episodes, COPIES),
    seed,
  });
  if (environments.kind === "vector") environments.environment.seed = drawSeed(new Generator(seed));
  try {
    checkSpaces(where, environments, spaces);
    // Forked: another stream than that of the first states.
    const generator = isMode ? null : new Generator(seed)[fork]();
    const play = (observation: Tensor): Tensor => act(observation, generator);
    return await playAll(where, environments, { head, play, episodes, signal });
  } finally {
    await environments.close();
  }
}

async function playAll(
  where: string,
  environments: Environments,
  {
    head,
    play,
    episodes,
    signal,
  }: {
    readonly head: ActionHead;
    readonly play: (observation: Tensor) => Tensor;
    readonly episodes: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Evaluation> {
  const { n, observationSpace } = environments;
  const rollout = emptyRollout(
    environments.kind === "tensor" ? STEPS : 1,
    n,
    featureShape(where, observationSpace),
    head,
  );
  const collector = collectorOf(environments, rollout, head, play);
  const shares = Array.from({ length: n }, (_, i) => Math.floor((episodes + n - 1 - i) / n));
  const returns: number[] = [];
  const lengths: number[] = [];
  const seen = new Episodes(n);
  await collector.reset();
  while (returns.length < episodes) {
    await collector.collect(signal);
    const [reward, terminated, truncated] = [rollout.reward, rollout.terminated, rollout.truncated].map(
      (part) => part.storage.forReading(),
    ) as [Float32Array, Uint8Array, Uint8Array];
    for (const report of seen.take(reward, terminated, truncated, 0)) {
      if ((shares[report.environment] as number)-- <= 0) continue;
      returns.push(report.return);
      lengths.push(report.length);
    }
    await giveWay();
  }
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanReturn = mean(returns);
  const stdReturn = Math.sqrt(mean(returns.map((value) => (value - meanReturn) ** 2)));
  return { meanReturn, stdReturn, meanLength: mean(lengths), returns, lengths };
}

/** Copies of an agent's own environments in ops, whose episodes go on as they were. */
function fresh(own: LearningEnvironment, n: number, seed: number): LearningEnvironment {
  return own instanceof TensorEnvironment ? new TensorEnvironment(own.dynamics, n, { seed }) : own;
}
