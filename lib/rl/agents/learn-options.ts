import { ArgumentError } from "../../errors.js";
import {
  checkFlag,
  checkFunction,
  checkNumber,
  checkRequired,
  checkSignal,
  describe,
} from "../../options.js";
import type { Iteration } from "./agent.js";
import type { EpisodeReport } from "./episodes.js";

/** How long an agent learns, and who follows it. */
export interface LearnOptions {
  /**
   * The agent learns until its environments have made this many steps, all together, over all calls of `learn`. A call
   * that was ended is taken up again by the same call.
   */
  readonly steps: number;
  /** Ends the call between two steps; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called for each episode that has ended. `learn` waits for it. One that returns `"stop"` ends the call, at once. */
  readonly onEpisode?: (report: EpisodeReport) => unknown;
  /** Called after each update. `learn` waits for it. One that returns `"stop"` ends the call. */
  readonly onUpdate?: (report: UpdateReport) => unknown;
  /** Show steps, the mean return of the last 100 episodes, and the speed on stderr. Default: false. */
  readonly progress?: boolean;
  /** A folder for TensorBoard: the returns and lengths of episodes, and each update's figures, over steps. */
  readonly tensorBoard?: string;
}

export interface UpdateReport {
  /** Steps of all environments so far. */
  readonly steps: number;
  /** Losses, entropies and the like, by name. */
  readonly figures: Readonly<Record<string, number>>;
}

/** What `learn` gives. */
export interface LearnResult {
  /** Steps of all environments, and episodes that have ended, over all calls. */
  readonly steps: number;
  readonly episodes: number;
  /** The mean return of the last 100 episodes of this call; NaN without any. */
  readonly meanReturn: number;
}

const LEARN_OPTIONS: readonly string[] = [
  "steps",
  "signal",
  "onEpisode",
  "onUpdate",
  "progress",
  "tensorBoard",
];

/** @throws ArgumentError, OptionError */
export function readLearn(where: string, options: LearnOptions) {
  checkRequired(where, options, LEARN_OPTIONS);
  const { signal, onEpisode, onUpdate, tensorBoard } = options;
  if (signal !== undefined) checkSignal(where, signal);
  if (onEpisode !== undefined) checkFunction(where, "onEpisode", onEpisode);
  if (onUpdate !== undefined) checkFunction(where, "onUpdate", onUpdate);
  if (tensorBoard !== undefined && typeof tensorBoard !== "string") {
    throw new ArgumentError(`${where}: expected tensorBoard to be a folder, got ${describe(tensorBoard)}`);
  }
  return {
    signal,
    callbacks: { onEpisode, onUpdate },
    tensorBoard,
    steps: checkNumber(where, "steps", options.steps, { min: 0, integer: true }),
    progress: checkFlag(where, "progress", options.progress ?? false),
  };
}

/**
 * Tells the callbacks what an iteration brought.
 * @param steps Of all environments so far.
 * @returns whether learning goes on. After the first "stop" none is called.
 */
export async function tell(
  { onEpisode, onUpdate }: ReturnType<typeof readLearn>["callbacks"],
  steps: number,
  { episodes, figures }: Iteration,
): Promise<boolean> {
  if (onEpisode !== undefined) {
    for (const report of episodes) if ((await onEpisode(report)) === "stop") return false;
  }
  return figures === null || (await onUpdate?.({ steps, figures })) !== "stop";
}
