import { type EventMessage, parseEvents, type SummaryValue } from "../../tensorboard/index.js";
import type { Kind, Table } from "./kind.js";

const NAME = /\.tfevents\./;
/** The first record: the version of the file, `wall_time` before it. */
const VERSION = "brain.Event:";
const FIRST = 64;

function kindOfValue({ simpleValue, histo, image, tensor }: SummaryValue): string {
  if (simpleValue !== undefined) return "scalar";
  if (histo !== undefined) return "histogram";
  if (image !== undefined) return "image";
  return tensor !== undefined ? "tensor" : "metadata";
}

/** A row a tag: how many values, over which steps, and of a scalar the last. */
function tags(events: readonly EventMessage[]): Table {
  const found = new Map<string, { kind: string; steps: number[]; last: number | undefined }>();
  for (const { step = 0, summary } of events) {
    for (const value of summary?.value ?? []) {
      const tag = found.get(value.tag) ?? { kind: kindOfValue(value), steps: [], last: undefined };
      tag.steps.push(step);
      tag.last = value.simpleValue;
      found.set(value.tag, tag);
    }
  }
  const rows = Array.from(found, ([tag, { kind, steps, last }]) => [
    tag,
    kind,
    steps.length,
    `${steps[0]} to ${steps.at(-1)}`,
    last === undefined ? "" : String(Number(last.toPrecision(7))),
  ]);
  return { title: "tags", columns: ["tag", "kind", "values", "steps", "last"], rows };
}

// The last millisecond that a Date can be.
const LAST = 8.64e15;

/** Seconds since 1970 as a date; a file may say anything. */
const dateOf = (seconds: number): string =>
  Math.abs(seconds * 1000) <= LAST ? new Date(seconds * 1000).toISOString() : `${seconds} s`;

export const events: Kind = {
  extensions: ["tfevents"],
  matches: (bytes, path) => NAME.test(path) || Buffer.from(bytes.subarray(0, FIRST)).includes(VERSION),
  inspect(bytes, source) {
    const all = parseEvents(bytes, source);
    const from = all.reduce((least, { wallTime }) => Math.min(least, wallTime), Infinity);
    const to = all.reduce((most, { wallTime }) => Math.max(most, wallTime), -Infinity);
    return {
      format: "TensorBoard events",
      facts: {
        events: all.length,
        ...(all.length > 0 && {
          from: dateOf(from),
          seconds: Number((to - from).toFixed(3)),
        }),
      },
      arrays: new Map(),
      texts: {},
      tables: [tags(all)],
    };
  },
};
