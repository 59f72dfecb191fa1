import { parseArgs } from "node:util";
import { distance } from "fastest-levenshtein";
import { setThreads } from "thalweg";

/** What stands on the command line, by the names of the options. */
type Texts = Readonly<Record<string, string | undefined>>;

interface Kinds {
  /** Options with a text. */
  readonly texts?: readonly string[];
  /** Options with a whole number, and the least and largest one allowed. */
  readonly numbers?: Readonly<Record<string, { readonly min: number; readonly max?: number }>>;
  /** Options without a value. */
  readonly flags?: readonly string[];
}

const COMMON = { seed: { min: 0 }, threads: { min: 1, max: 1024 } };

/**
 * Reads the command line before anything runs: `--seed`, `--threads`, `--help` and those that are named. A wrong option
 * ends the process with a line that says so and names the option that is nearest, and the usage.
 */
export class Options {
  readonly #name: string;
  readonly #usage: string;
  readonly #texts: Texts;
  readonly #flags: ReadonlySet<string>;
  readonly #numbers = new Map<string, number>();

  constructor(name: string, usage: string, { texts = [], numbers = {}, flags = [] }: Kinds = {}) {
    this.#name = name;
    this.#usage = usage;
    const ranges = { ...COMMON, ...numbers };
    const withText = [...texts, ...Object.keys(ranges)];
    const withNone = [...flags, "help"];
    const values = this.#parse(withText, withNone);
    this.#texts = Object.fromEntries(
      withText.map((option) => [option, values[option] as string | undefined]),
    );
    this.#flags = new Set(withNone.filter((option) => values[option] === true));
    if (this.has("help")) {
      console.log(usage);
      process.exit(0);
    }
    for (const [option, range] of Object.entries(ranges)) this.#readNumber(option, range);
    const threads = this.number("threads");
    if (threads !== undefined) setThreads(threads);
  }

  text(option: string): string | undefined {
    return this.#texts[option];
  }

  number(option: string): number | undefined {
    return this.#numbers.get(option);
  }

  has(flag: string): boolean {
    return this.#flags.has(flag);
  }

  /** One of a few names. */
  choice<Name extends string>(option: string, names: readonly [Name, ...Name[]]): Name {
    const text = this.text(option) ?? names[0];
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const [most, last] =
      names.length > 20
        ? [names.slice(0, 10), `another of ${names.length} names`]
        : [names.slice(0, -1), names.at(-1)];
    return this.#refuse(`--${option} is ${most.join(", ")} or ${last}, got ${text}`);
  }

  #parse(withText: readonly string[], withNone: readonly string[]): Readonly<Record<string, unknown>> {
    const kind = (type: "string" | "boolean") => (option: string) => [option, { type }] as const;
    try {
      const options = Object.fromEntries([...withText.map(kind("string")), ...withNone.map(kind("boolean"))]);
      return parseArgs({ options }).values;
    } catch (error) {
      const { message } = error as Error;
      const [, unknown] = /^Unknown option '-*([^']*)'/.exec(message) ?? [];
      if (unknown === undefined) return this.#refuse(message);
      const meant = nearest(unknown, [...withText, ...withNone]);
      return this.#refuse(
        `there is no option --${unknown}${meant === undefined ? "" : `; did you mean --${meant}?`}`,
      );
    }
  }

  #readNumber(option: string, { min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }): void {
    const text = this.text(option);
    if (text === undefined) return;
    if (!/^[+-]?\d+$/.test(text)) this.#refuse(`--${option} is a whole number, got ${text}`);
    const value = Number(text);
    if (value < min) this.#refuse(`--${option} is at least ${min}, got ${text}`);
    if (value > max) this.#refuse(`--${option} is at most ${max}, got ${text}`);
    this.#numbers.set(option, value);
  }

  #refuse(message: string): never {
    console.error(`${this.#name}: ${message}\n\n${this.#usage}`);
    process.exit(2);
  }
}

/** The name that differs from the given one by the fewest letters, if they are few. */
function nearest(given: string, names: readonly string[]): string | undefined {
  const [found] = names
    .map((name) => ({ name, steps: distance(given.toLowerCase(), name) }))
    .filter(({ name, steps }) => steps < 3 && steps < name.length)
    .sort((a, b) => a.steps - b.steps);
  return found?.name;
}
