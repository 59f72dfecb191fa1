import { types } from "node:util";
import { formOf, partName, partsIn } from "../../data/parts.js";
import { asTensor } from "../../data/samples.js";
import { Table } from "../../data/table/table.js";
import { PackageError } from "../../errors.js";
import { isInstance } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Html, html, type Piece } from "../html.js";
import { type ImageLayout, imagesOf, imageUrl, rangeOf } from "../images.js";
import { type Judgement, worstOf } from "../judgement.js";
import type { RunRecord } from "../record.js";
import { count, figure, table } from "../words.js";
import { ofWhich } from "./data.js";
import { section } from "./section.js";

type Kept = NonNullable<RunRecord["kept"]>;

const MOST = 12;
// More columns or numbers than this are not read.
const MOST_COLUMNS = 30;
const MOST_NUMBERS = 12;

/** The samples of the highest cost. */
export function worstSection({ judgement, kept }: RunRecord): Html | null {
  if (kept === null || judgement === null || typeof judgement === "string") return null;
  const { costs } = judgement;
  if (typeof costs === "string") {
    return section(
      "worst",
      "Samples of the highest cost",
      html`<p class="soft">The cost gives no number for each sample: ${costs}</p>`,
    );
  }
  const worst = worstOf(costs, MOST);
  const shown = kept.rows === null ? shownAsImages(kept, judgement, worst) : null;
  return section(
    "worst",
    "Samples of the highest cost",
    shown ?? rowsOf(kept, judgement, worst),
    html`<p class="soft">Of ${ofWhich(kept)}.</p>`,
  );
}

/** What is said of a sample, besides what it is: names and values. */
function factsOf(kept: Kept, { answers, costs }: Judgement, at: number): [string, string][] {
  const facts: [string, string][] = [["sample", count(kept.places[at] as number)]];
  if (typeof costs !== "string") facts.push(["cost", figure(costs[at] as number)]);
  if (answers?.kind === "classes") {
    const { names, target, predicted } = answers;
    const nameOf = (label: number): string => names[label] ?? String(label);
    facts.push(["true", nameOf(target[at] as number)], ["predicted", nameOf(predicted[at] as number)]);
  }
  for (const { name, target, predicted } of answers?.kind === "numbers" ? answers.targets : []) {
    facts.push([name, figure(target[at] as number)], [`${name}, predicted`, figure(predicted[at] as number)]);
  }
  return facts;
}

/** Cards with images; null where the samples are none. */
function shownAsImages(kept: Kept, judgement: Judgement, worst: readonly number[]): Html | null {
  const { x } = kept.dataset;
  const images = partsIn(x).flatMap((part, at) => {
    const own = asTensor(part);
    const layout = imagesOf(own, kept.bytes.includes(formOf(x).names[at] as string));
    return layout === null ? [] : [{ part: own, layout, range: rangeOf(own) }];
  });
  if (images.length === 0) return null;
  try {
    const cards = worst.map((at) => card(images, at, factsOf(kept, judgement, at)));
    return html`<ul class="cards">\n${cards}</ul>`;
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    return html`<p class="soft">The samples are images, which need the package fast-png: npm install fast-png.</p>
${rowsOf(kept, judgement, worst)}`;
  }
}

interface Images {
  readonly part: Tensor;
  readonly layout: ImageLayout;
  readonly range: readonly [number, number];
}

function card(images: readonly Images[], at: number, facts: readonly [string, string][]): Html {
  const pictures = images.map(({ part, layout, range }) => {
    const alt = facts.map(([name, value]) => `${name} ${value}`).join(", ");
    return html`<img src="${imageUrl(part, at, layout, range)}" width="${layout.width}" height="${layout.height}" alt="${alt}">`;
  });
  return html`<li>${pictures}<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></li>\n`;
}

/** A table: what is said of each sample, and its columns, or the first numbers of it. */
function rowsOf(kept: Kept, judgement: Judgement, worst: readonly number[]): Html {
  const contents = contentsOf(kept);
  const named = worst.map((at) => [...factsOf(kept, judgement, at), ...contents(at)]);
  const columns = (named[0] ?? []).map(([title]) => ({ title, isNumber: isNumeric(named, title) }));
  const rows = named.map((facts) => facts.map(([, value]): Piece => value));
  return table("Samples of the highest cost", columns, rows);
}

const isNumeric = (named: readonly (readonly [string, string][])[], title: string): boolean =>
  named.every((facts) => {
    const value = facts.find(([name]) => name === title)?.[1] ?? "";
    return value === "" || /^-?[\d.,]+(e-?\d+)?$/.test(value);
  });

/** The columns of a row, or the numbers of a sample. */
function contentsOf({ rows, schema, dataset: { x } }: Kept): (at: number) => [string, string][] {
  if (rows !== null) {
    const targets = new Set(schema?.targets ?? []);
    const names = (schema?.features ?? []).map(({ name }) => name).filter((name) => !targets.has(name));
    return (at) => names.slice(0, MOST_COLUMNS).map((name) => [name, text(valueOf(rows, at, name))]);
  }
  const parts = partsIn(x).map((part, at) => [partName("x", formOf(x), at), asTensor(part)] as const);
  return (at) =>
    parts.flatMap(([name, part]) => {
      const size = part.size / (part.shape[0] as number);
      const values = part.storage.forReading().subarray(at * size, at * size + Math.min(size, MOST_NUMBERS));
      return Array.from(values, (value, i): [string, string] => [
        size === 1 ? name : `${name}[${i}]${i === MOST_NUMBERS - 1 && size > MOST_NUMBERS ? " …" : ""}`,
        figure(value),
      ]);
    });
}

function valueOf(rows: NonNullable<Kept["rows"]>, at: number, name: string): unknown {
  if (isInstance(rows, Table)) return rows.column(name).at(at);
  const row = rows[at] as Readonly<Record<string, unknown>>;
  return Object.hasOwn(row, name) ? row[name] : undefined;
}

const MOST_CHARACTERS = 80;

function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return figure(value);
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
  const own = String(value);
  return own.length > MOST_CHARACTERS ? `${own.slice(0, MOST_CHARACTERS)}…` : own;
}
