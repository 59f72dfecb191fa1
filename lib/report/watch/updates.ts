// What a page is told of runs: all of it at first, then what has changed.

import type { ThinPoint } from "../thinned.js";
import type { RunReader } from "./run-reader.js";
import type { Runs, WatchedRun } from "./runs.js";

/** A message of a stream of events. */
export interface Message {
  readonly event: "folder" | "run" | "points";
  readonly data: unknown;
}

/** JSON has no NaN and no infinities: they are texts. */
const plain = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

const plainPoint = ([x, ...values]: ThinPoint): unknown => {
  const [mean, least, greatest] = values.map(plain);
  return least === mean && greatest === mean ? [x, mean] : [x, mean, least, greatest];
};

const plainFigures = (figures: Readonly<Record<string, number>>): [string, number | string][] =>
  Object.entries(figures).map(([name, value]) => [name, plain(value)]);

function aboutOf({ id, name, reader }: WatchedRun): unknown {
  const { begin, last, end, step, norms, rates, time, broken, isTooLong, isBrokenOff } = reader;
  return {
    id,
    name,
    step,
    time,
    broken,
    isTooLong,
    rates: rates.map(plain),
    norms: plainFigures(norms),
    state: end?.state ?? (isBrokenOff ? "broken off" : "running"),
    error: end?.error ?? null,
    epoch: last?.epoch ?? null,
    figures: last === null ? [] : plainFigures({ loss: last.loss, ...last.metrics }),
    validation: plainFigures(last?.validation ?? {}),
    samplesPerSecond: last === null ? null : plain(last.samplesPerSecond),
    begin:
      begin === null
        ? null
        : {
            time: begin.time,
            pid: begin.pid,
            epochs: begin.epochs,
            batchSize: begin.batchSize,
            steps: begin.steps,
            whyNoDiagram: begin.whyNoDiagram,
            options: Object.entries({ ...begin.options, seed: begin.seed }).map(([key, value]) => [
              key,
              String(value),
            ]),
            layers: begin.layers,
            machine: Object.entries(begin.machine).map(([key, value]) => [key, String(value)]),
          },
  };
}

/** How much of a run a page has. */
interface Told {
  about: string;
  isDrawn: boolean;
  readonly curves: Map<string, { version: number; count: number }>;
}

/** What one page has been told. */
export class Audience {
  readonly #told = new Map<string, Told>();
  #folder = "";

  /** Which runs there are, and what is left out, where it has changed. Runs that are gone are forgotten. */
  newsOfFolder({ all, leftOut }: Pick<Runs, "all" | "leftOut">): Message[] {
    const data = { runs: all.map(({ id }) => id), leftOut };
    const text = JSON.stringify(data);
    if (text === this.#folder) return [];
    this.#folder = text;
    for (const id of this.#told.keys()) if (!data.runs.includes(id)) this.#told.delete(id);
    return [{ event: "folder", data }];
  }

  /** What is new of a run since the last call. */
  news(run: WatchedRun): Message[] {
    const told = this.#told.get(run.id) ?? { about: "", isDrawn: false, curves: new Map() };
    this.#told.set(run.id, told);
    const messages: Message[] = [];
    const about = aboutOf(run);
    const text = JSON.stringify(about);
    const { begin } = run.reader;
    const isDrawn = begin?.diagram != null;
    if (text !== told.about) {
      const diagram = isDrawn && !told.isDrawn ? { diagram: begin.diagram } : {};
      messages.push({ event: "run", data: { ...(about as object), ...diagram } });
      told.about = text;
      told.isDrawn = isDrawn;
    }
    const curves = newsOfCurves(run.reader, told);
    if (curves.length > 0) messages.push({ event: "points", data: { id: run.id, curves } });
    return messages;
  }
}

function newsOfCurves({ curves }: RunReader, told: Told): unknown[] {
  return Array.from(curves).flatMap(([key, { kind, name, set, points }]) => {
    const before = told.curves.get(key) ?? { version: points.version, count: 0 };
    const from = before.version === points.version ? before.count : 0;
    const fresh = points.from(from);
    told.curves.set(key, { version: points.version, count: from + fresh.length });
    return fresh.length === 0 ? [] : [{ kind, name, set, from, points: fresh.map(plainPoint) }];
  });
}
