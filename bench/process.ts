// The benchmark's side of the protocol: controls one process of an implementation.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Settings } from "./implementations.js";
import type {
  Answer,
  Hello,
  Learn,
  Learned,
  Outside,
  Prepare,
  Request,
  Search,
  Searched,
  Time,
  Timing,
  Values,
  Verify,
} from "./protocol.js";

const HELLO_MILLIS = 120_000;
const ANSWER_MILLIS = 300_000;

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function open(command: readonly string[], settings: Settings): ImplementationProcess {
  return new ImplementationProcess(command, settings);
}

export function start(command: readonly string[], { prefix, env }: Settings): ChildProcessWithoutNullStreams {
  const [program, ...args] = [...prefix, ...command] as [string, ...string[]];
  return spawn(program, args, { env: { ...process.env, ...env }, stdio: "pipe" });
}

/** The most useful line of a process's standard error: the last with an error's name, else the last. */
export function lastError(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return (lines.findLast((line) => /\w*(Error|Exception)\b.*:/.test(line)) ?? lines.at(-1) ?? "").trim();
}

export class ImplementationProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;
  #stderr = "";

  constructor(command: readonly string[], settings: Settings) {
    this.#child = start(command, settings);
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-10_000);
    });
    // An ended process is detected by its missing answer.
    this.#child.stdin.on("error", () => {});
    this.#ended = new Promise((resolve) => {
      this.#child.on("close", () => resolve());
      this.#child.on("error", (error) => {
        this.#stderr = error.message;
        resolve();
      });
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  hello(): Promise<Hello> {
    return this.#line(HELLO_MILLIS) as Promise<Hello>;
  }

  /** @returns the implementation's note; null if it has none. */
  async prepare(request: Omit<Prepare, "do">): Promise<string | null> {
    const { note = null } = (await this.#ask({ do: "prepare", ...request })) as { note?: string };
    return note;
  }

  async verify(request: Omit<Verify, "do">): Promise<readonly number[]> {
    return ((await this.#ask({ do: "verify", ...request })) as unknown as Values).values;
  }

  async time(request: Omit<Time, "do">): Promise<Timing> {
    return (await this.#ask({ do: "time", ...request })) as unknown as Timing;
  }

  async search(request: Omit<Search, "do">): Promise<readonly Searched[]> {
    return ((await this.#ask({ do: "search", ...request })) as unknown as { runs: Searched[] }).runs;
  }

  /** @returns microseconds per evaluation, by sample. */
  async outside(request: Omit<Outside, "do">): Promise<readonly number[]> {
    return ((await this.#ask({ do: "outside", ...request })) as unknown as { samples: number[] }).samples;
  }

  async learn(request: Omit<Learn, "do">): Promise<Learned> {
    return (await this.#ask({ do: "learn", ...request })) as unknown as Learned;
  }

  /** Ends the process, by force if it does not end by itself. */
  async close(): Promise<void> {
    this.#child.stdin.end(`${JSON.stringify({ do: "quit" })}\n`);
    const force = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.#ended;
    clearTimeout(force);
  }

  async #ask(request: Request): Promise<object> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = (await this.#line(ANSWER_MILLIS)) as Answer;
    if (!answer.ok) throw new Error(answer.error);
    return answer;
  }

  async #line(limit: number): Promise<object> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#child.kill("SIGKILL");
        reject(new Error(`no answer within ${limit / 1000} s`));
      }, limit);
    });
    try {
      const { value, done } = await Promise.race([this.#lines.next(), late]);
      if (done !== true) return JSON.parse(value) as object;
      await this.#ended;
      throw new Error(lastError(this.#stderr) || "it ended without an answer");
    } finally {
      clearTimeout(timer);
    }
  }
}
