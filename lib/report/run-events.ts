// The lines of a run's file, which grows with the run: JSON, one event a line.

import { isPlainObject } from "../options.js";
import { isError } from "../realms.js";
import { ACTIVITIES, type Command, type Fact, type Outcome, type Seconds } from "../train/following.js";
import { type Machine, readMachine } from "./machine.js";

/** The first line. */
export interface BeginEvent {
  readonly event: "begin";
  readonly format: typeof FORMAT;
  readonly version: 1;
  /** Milliseconds since 1970, as of all events. */
  readonly time: number;
  readonly pid: number;
  /** The name of the machine, or of the container, on which the process is. */
  readonly host: string;
  readonly firstEpoch: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Steps of an epoch; null while they are not known. */
  readonly steps: number | null;
  /** The number of steps that were done before. */
  readonly stepsBefore: number;
  readonly seed: number;
  readonly options: Readonly<Record<string, Fact>>;
  /** The learning rate of each group of the optimizer. */
  readonly rates: readonly number[];
  /** The layers that learn, in the model's order, and how many parameters each has. */
  readonly layers: readonly Layer[];
  /** The model's diagram, an SVG; null if it could not be drawn. */
  readonly diagram: string | null;
  /** Why there is no diagram; null if there is one. */
  readonly whyNoDiagram: string | null;
  readonly machine: Machine;
}

export interface Layer {
  readonly name: string;
  readonly kind: string;
  readonly parameters: number;
}

/** The mean loss of steps since the line before. */
export interface StepsEvent {
  readonly event: "steps";
  readonly time: number;
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
}

export interface GradientsEvent {
  readonly event: "gradients";
  readonly time: number;
  readonly step: number;
  readonly norms: Readonly<Record<string, number>>;
}

export interface EpochEvent {
  readonly event: "epoch";
  readonly time: number;
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly validation: Readonly<Record<string, number>> | null;
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

/** A learning rate that was set by hand. */
export interface RateEvent {
  readonly event: "lr";
  readonly time: number;
  readonly step: number;
  readonly lr: number;
  readonly group: number | null;
}

export interface EndEvent {
  readonly event: "end";
  readonly time: number;
  readonly state: Outcome["state"];
  readonly error: string | null;
  readonly seconds: Seconds;
}

export type RunEvent = BeginEvent | StepsEvent | GradientsEvent | EpochEvent | RateEvent | EndEvent;

const FORMAT = "thalweg run";
export const VERSION = { format: FORMAT, version: 1 } as const;

/** A file of a run, and the file next to it through which it is asked for something. */
export const RUN_FILE = ".run.jsonl";
export const commandsOf = (run: string): string => `${run.slice(0, -RUN_FILE.length)}.commands.jsonl`;

/** The longest line that is read, in bytes. */
export const MOST_LINE = 1 << 21;
/** The longest file of commands, in bytes. */
export const MOST_COMMANDS = 1 << 16;
const MOST_TEXT = 2000;
const MOST_NAME = 200;
const MOST_NAMES = 500;

/** An event as a line, within the limits of what is read. JSON has no NaN and no infinities: they are texts. */
export const lineOf = (event: RunEvent | Command): string =>
  `${JSON.stringify(event, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : cut(value),
  )}\n`;

/** A list or values by name, with as many of them, and as much of their names, as is read. */
function cut(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, MOST_NAMES);
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.slice(0, MOST_NAMES).map(([name, one]) => [name.slice(0, MOST_NAME), one]),
  );
}

class Refused extends Error {}

/** What reads the fields of an object from a file that anyone may have written. @throws Refused */
class Reader {
  readonly #of: Readonly<Record<string, unknown>>;

  constructor(of: unknown) {
    if (!isPlainObject(of)) throw new Refused();
    this.#of = of;
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#of, name) ? this.#of[name] : undefined;
  }

  number(name: string): number {
    return numberOf(this.#own(name));
  }

  count(name: string, least = 0): number {
    const value = this.#own(name);
    if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
    throw new Refused();
  }

  nullable<T>(name: string, read: (name: string) => T): T | null {
    return this.#own(name) === null ? null : read.call(this, name);
  }

  text(name: string, most = MOST_TEXT): string {
    const value = this.#own(name);
    if (typeof value === "string") return value.slice(0, most);
    throw new Refused();
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.#own(name));
    if (found === undefined) throw new Refused();
    return found;
  }

  list<T>(name: string, read: (value: unknown) => T): T[] {
    const value = this.#own(name);
    if (!Array.isArray(value) || value.length > MOST_NAMES) throw new Refused();
    return value.map(read);
  }

  /** Values by name, in an object without a prototype: `__proto__` is a name like another. */
  named<T>(name: string, read: (value: unknown) => T): Readonly<Record<string, T>> {
    const value = this.#own(name);
    if (!isPlainObject(value)) throw new Refused();
    const entries = Object.entries(value);
    if (entries.length > MOST_NAMES || entries.some(([key]) => key.length > MOST_NAME)) throw new Refused();
    const own: Record<string, T> = Object.create(null) as Record<string, T>;
    for (const [key, one] of entries) own[key] = read(one);
    return own;
  }

  object<T>(name: string, read: (value: unknown) => T): T {
    return read(this.#own(name));
  }
}

const WORDS: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function numberOf(value: unknown): number {
  const found = typeof value === "number" ? value : WORDS.get(value);
  if (found === undefined) throw new Refused();
  return found;
}

function factOf(value: unknown): Fact {
  if (typeof value === "string") return value.slice(0, MOST_TEXT);
  return typeof value === "boolean" ? value : numberOf(value);
}

function layerOf(value: unknown): Layer {
  const read = new Reader(value);
  return {
    name: read.text("name", MOST_NAME),
    kind: read.text("kind", MOST_NAME),
    parameters: read.count("parameters"),
  };
}

function secondsOf(value: unknown): Seconds {
  const read = new Reader(value);
  return Object.fromEntries(ACTIVITIES.map((name) => [name, read.number(name)])) as unknown as Seconds;
}

const READERS: {
  readonly [K in RunEvent["event"]]: (read: Reader) => Omit<RunEvent & { event: K }, "event" | "time">;
} = {
  begin: (read) => ({
    format: read.choice("format", [FORMAT]),
    version: read.number("version") === 1 ? (1 as const) : refuse(),
    pid: read.count("pid"),
    host: read.text("host", MOST_NAME),
    firstEpoch: read.count("firstEpoch"),
    epochs: read.count("epochs", 1),
    batchSize: read.count("batchSize"),
    steps: read.nullable("steps", read.count),
    stepsBefore: read.count("stepsBefore"),
    seed: read.number("seed"),
    options: read.named("options", factOf),
    rates: read.list("rates", numberOf),
    layers: read.list("layers", layerOf),
    diagram: read.nullable("diagram", (name) => read.text(name, MOST_LINE)),
    whyNoDiagram: read.nullable("whyNoDiagram", read.text),
    machine: read.object("machine", (value) => readMachine(new Reader(value))),
  }),
  steps: (read) => ({ epoch: read.count("epoch"), step: read.count("step"), loss: read.number("loss") }),
  gradients: (read) => ({ step: read.count("step"), norms: read.named("norms", numberOf) }),
  epoch: (read) => ({
    epoch: read.count("epoch"),
    step: read.count("step"),
    loss: read.number("loss"),
    metrics: read.named("metrics", numberOf),
    validation: read.nullable("validation", (name) => read.named(name, numberOf)),
    rates: read.list("rates", numberOf),
    seconds: read.number("seconds"),
    samplesPerSecond: read.number("samplesPerSecond"),
  }),
  lr: (read) => ({
    step: read.count("step"),
    lr: read.number("lr"),
    group: read.nullable("group", read.count),
  }),
  end: (read) => ({
    state: read.choice("state", ["finished", "stopped", "aborted", "failed"]),
    error: read.nullable("error", read.text),
    seconds: read.object("seconds", secondsOf),
  }),
};

function refuse(): never {
  throw new Refused();
}

/** The event of a line; null if it is none. */
export function readEvent(line: string): RunEvent | null {
  return readLine(line, (value) => {
    const read = new Reader(value);
    const event = read.choice("event", Object.keys(READERS) as RunEvent["event"][]);
    return { event, time: read.number("time"), ...READERS[event](read) } as RunEvent;
  });
}

/** The largest learning rate that can be set by hand. */
export const MOST_RATE = 1000;

/** What a line asks for; null if it is nothing that can be asked for. */
export function readCommand(line: string): Command | null {
  return readLine(line, (value) => {
    const read = new Reader(value);
    if (read.choice("command", ["stop", "lr"]) === "stop") return { command: "stop" };
    const lr = read.number("value");
    if (!(lr >= 0 && lr <= MOST_RATE)) throw new Refused();
    return { command: "lr", value: lr, group: read.nullable("group", read.count) };
  });
}

function readLine<T>(line: string, read: (value: unknown) => T): T | null {
  try {
    return read(JSON.parse(line));
  } catch (error) {
    if (error instanceof Refused || (isError(error) && error.name === "SyntaxError")) return null;
    throw error;
  }
}
