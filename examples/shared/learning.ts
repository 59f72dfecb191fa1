import type { LearnOptions } from "thalweg/rl";

/** What the examples need of an agent, whatever it observes and does. */
interface Learner {
  learn(options: LearnOptions): Promise<unknown>;
  save(path: string): Promise<void>;
}

/** Learns until the steps are done or Ctrl-C is pressed. @returns the seconds that it took. */
export async function learnUntilInterrupted(
  agent: Learner,
  options: Omit<LearnOptions, "signal">,
): Promise<number> {
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  const started = performance.now();
  try {
    await agent.learn({ ...options, signal: interrupt.signal });
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.log("ended early");
  }
  return (performance.now() - started) / 1000;
}

/** Saves the agent if a file is given, and says so. */
export async function keep(agent: Learner, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  await agent.save(file);
  console.log(`kept in ${file}`);
}
