import { formOf, type Part, partName, partsIn } from "../../data/parts.js";
import { asTensor } from "../../data/samples.js";
import type { Feature } from "../../data/schema/feature.js";
import { moments } from "../../data/table/describe.js";
import { isFloat } from "../../tensor/dtype.js";
import { type Html, html } from "../html.js";
import { rangeOf } from "../images.js";
import type { RunRecord } from "../record.js";
import { bar, count, figure, percent, shape, table } from "../words.js";
import { section } from "./section.js";

export function dataSection({ kept, samples }: RunRecord): Html | null {
  if (kept === null) return null;
  const { training = null, validation } = samples ?? {};
  const sets: [string, string][] = [
    ...(samples === null ? [[`The set`, count(kept.of ?? kept.dataset.length)] as [string, string]] : []),
    ...(samples === null
      ? []
      : [["Training", training === null ? "a stream" : count(training)] as [string, string]]),
    ...(validation === undefined
      ? []
      : [["Validation", validation === null ? "a stream" : count(validation)] as [string, string]]),
  ];
  return section(
    "data",
    "The data",
    table("The sets", [{ title: "set" }, { title: "samples", isNumber: true }], sets),
    html`<h3>Inputs and targets</h3>`,
    parts(kept),
    classes(kept),
    features(kept),
  );
}

type Kept = NonNullable<RunRecord["kept"]>;

/** What the figures of samples are of, where not all are looked at. */
export function ofWhich({ set, of, dataset: { length } }: Kept): string {
  const named = set === null ? "" : `${set} `;
  if (of === null) return `the ${count(length)} samples of the first mini-batch of the ${named}stream`;
  const all = `${count(of)} samples of the ${named}set`;
  return length === of ? `the ${all}` : `${count(length)} of the ${all}, taken at equal distances`;
}

function parts(kept: Kept): Html {
  const { x, y } = kept.dataset;
  const named = [
    ...partsIn(x).map((part, at) => [partName("x", formOf(x), at), part] as const),
    ...partsIn(y).map((part, at) => [partName("y", formOf(y), at), part] as const),
  ];
  const columns = [
    { title: "part" },
    { title: "dtype" },
    { title: "shape of a sample" },
    ...["least", "mean", "deviation", "greatest"].map((title) => ({ title, isNumber: true })),
  ];
  const rows = named.map(([name, part]) => [
    html`<code>${name}</code>`,
    part.dtype,
    shape(part.shape.slice(1)),
    ...figuresOf(part),
  ]);
  return html`${table("Inputs and targets", columns, rows)}
<p class="soft">Figures of ${ofWhich(kept)}.</p>`;
}

function figuresOf(part: Part): string[] {
  const tensor = asTensor(part);
  const [least, greatest] = rangeOf(tensor);
  const { mean, deviation } = moments(Float64Array.from(tensor.storage.forReading()));
  const middle = isFloat(tensor.dtype) ? [figure(mean), figure(deviation)] : ["", ""];
  return [figure(least), ...middle, figure(greatest)];
}

// More classes than this are no longer read one by one.
const MOST_CLASSES = 100;

function classes({ classes: counts, schema, set, of }: Kept): Html | null {
  if (counts === null || counts.size > MOST_CLASSES) return null;
  const names = schema?.classes ?? null;
  const all = [...counts.values()].reduce((sum, one) => sum + one, 0);
  const most = Math.max(...counts.values());
  const rows = Array.from(counts, ([label, one]) => [
    String(names?.[label] ?? label),
    count(one),
    percent(one / all),
    bar(one / most),
  ]);
  const columns = [
    { title: "class" },
    { title: "samples", isNumber: true },
    { title: "share", isNumber: true },
    { title: "as a bar", isBar: true },
  ];
  const named = set === null ? "" : `${set} `;
  return html`<h3>Classes of the ${named}${of === null ? "stream's first mini-batch" : "set"}</h3>
${table("Classes", columns, rows)}`;
}

const MOST_CATEGORIES = 8;

function features({ schema }: Kept): Html | null {
  if (schema === null) return null;
  const columns = [
    { title: "column" },
    { title: "kind" },
    { title: "what was learnt" },
    { title: "missing values" },
  ];
  const rows = schema.features.map((feature) => [
    feature.name,
    feature.kind,
    learnt(feature),
    { refused: "none", filled: "filled in", shown: "filled in, and shown by an input" }[feature.missing],
  ]);
  const { skipped, targets } = schema;
  return html`<h3>Columns</h3>
<p>${targets.length === 1 ? "Target" : "Targets"}: <strong>${targets.join(", ")}</strong>.${
    skipped.length === 0 ? null : ` Left out: ${skipped.join(", ")}.`
  }</p>
${table("Columns", columns, rows)}`;
}

function learnt(feature: Feature): string {
  switch (feature.kind) {
    case "category": {
      const { categories } = feature;
      const more = categories.length > MOST_CATEGORIES ? ", …" : "";
      return `${count(categories.length)}: ${categories.slice(0, MOST_CATEGORIES).join(", ")}${more}`;
    }
    case "number":
      if (feature.scale === "standard")
        return `mean ${figure(feature.center)}, deviation ${figure(feature.factor)}`;
      if (feature.scale === "range") {
        return `from ${figure(feature.center)} to ${figure(feature.center + feature.factor)}`;
      }
      return feature.scale === "quantile" ? "quantiles" : "as it is";
    case "date":
      return `about ${new Date(feature.center).toISOString().slice(0, 10)}`;
    case "boolean":
      return feature.fill === 1 ? "mostly true" : "mostly false";
  }
}
