// Compiles noise/noise.cc, a noisy neighbour, and runs it during measurements.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { compileProgram } from "./native-program.js";

/** Each kind of noise, and the argument of the program. */
const KINDS = { pause: "pause", cache: "cache", both: "pause,cache" } as const;

/** `none` is quiet. */
export type Noise = "none" | keyof typeof KINDS;
export const NOISES = ["none", ...Object.keys(KINDS)] as readonly Noise[];

export class Neighbour {
  readonly #program: string;

  /**
   * @param folder for the program.
   * @throws if it cannot be compiled.
   */
  constructor(folder: string) {
    this.#program = compileProgram(folder, "noise");
  }

  /**
   * Runs `run` beside the noise.
   * @param seed The noise has the same moments for the same seed.
   * @param prefix of the command: where it may run.
   */
  async beside<T>(noise: Noise, seed: number, prefix: readonly string[], run: () => Promise<T>): Promise<T> {
    if (noise === "none") return run();
    const words = [...prefix, this.#program, KINDS[noise], String(seed)];
    const child = spawn(words[0] as string, words.slice(1), { stdio: "pipe" });
    const ended = once(child, "close");
    try {
      await ready(child, ended);
      return await run();
    } finally {
      child.stdin.end();
      await ended;
    }
  }
}

async function ready(child: ChildProcessWithoutNullStreams, ended: Promise<unknown>): Promise<void> {
  const failed = ended.then(() => {
    throw new Error("the noisy neighbour ended");
  });
  await Promise.race([once(child.stdout, "data"), failed]);
  failed.catch(() => undefined);
}
