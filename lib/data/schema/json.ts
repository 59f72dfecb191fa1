import { DataError } from "../../errors.js";
import { describe, isPlainObject } from "../../options.js";
import { DATE_PARTS, type Feature, isEmbedded, MISSING_KINDS, SCALES, type Scaling } from "./feature.js";
import type { ClassName, Target } from "./target.js";

/** What a schema is, as plain values. Numbers keep all their bits in JSON. */
export interface SchemaJSON {
  readonly format: typeof FORMAT;
  readonly version: 1;
  readonly unknown: "error" | "stand-in";
  readonly dtype: "float32" | "float64";
  /** Whether the inputs are an object of numbers and of indices for embeddings. */
  readonly embeds: boolean;
  readonly features: readonly Feature[];
  readonly target: Target | null;
  readonly skipped: readonly string[];
}

export const FORMAT = "thalweg schema";

/** Reads values that may be anything. @throws DataError that names the place */
class Reader {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  refuse(place: string, expected: string, value: unknown): never {
    throw new DataError(`${this.#where}: expected ${place} to be ${expected}, got ${describe(value)}`);
  }

  /** An object with exactly these names. */
  object(place: string, value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
    if (!isPlainObject(value)) return this.refuse(place, "an object", value);
    const keys = Object.keys(value);
    const isRight = keys.length === names.length && names.every((name) => Object.hasOwn(value, name));
    return isRight ? value : this.refuse(place, `an object with ${names.join(", ")}`, value);
  }

  list<T>(place: string, value: unknown, read: (place: string, one: unknown) => T): T[] {
    if (!Array.isArray(value)) return this.refuse(place, "a list", value);
    return Array.from(value, (one, i) => read(`${place}[${i}]`, one));
  }

  /** A list of different values. */
  distinct<T>(place: string, value: unknown, read: (place: string, one: unknown) => T): T[] {
    const list = this.list(place, value, read);
    return new Set(list).size === list.length
      ? list
      : this.refuse(place, "a list of different values", value);
  }

  readonly text = (place: string, value: unknown): string =>
    typeof value === "string" ? value : this.refuse(place, "a text", value);

  readonly number = (place: string, value: unknown): number =>
    typeof value === "number" && Number.isFinite(value)
      ? value
      : this.refuse(place, "a finite number", value);

  readonly factor = (place: string, value: unknown): number =>
    this.number(place, value) > 0 ? (value as number) : this.refuse(place, "a number above 0", value);

  readonly flag = (place: string, value: unknown): boolean =>
    typeof value === "boolean" ? value : this.refuse(place, "true or false", value);

  one<T extends string>(place: string, value: unknown, of: readonly T[]): T {
    const found = of.find((choice) => choice === value);
    return found ?? this.refuse(place, `one of ${of.join(", ")}`, value);
  }
}

/** A schema's parts. @throws DataError for anything else */
export function readSchema(where: string, json: unknown): SchemaJSON {
  const reader = new Reader(where);
  const names = ["format", "version", "unknown", "dtype", "embeds", "features", "target", "skipped"];
  const all = reader.object("the schema", json, names);
  if (all["format"] !== FORMAT) reader.refuse("format", `"${FORMAT}"`, all["format"]);
  if (all["version"] !== 1) reader.refuse("version", "1", all["version"]);
  const features = reader.list("features", all["features"], (place, value) =>
    readFeature(reader, place, value),
  );
  const known = features.map(({ name }) => name);
  if (features.length === 0) reader.refuse("features", "at least one", all["features"]);
  if (new Set(known).size < known.length) reader.refuse("features", "of different names", all["features"]);
  return {
    format: FORMAT,
    version: 1,
    unknown: reader.one("unknown", all["unknown"], ["error", "stand-in"]),
    dtype: reader.one("dtype", all["dtype"], ["float32", "float64"]),
    embeds: readEmbeds(reader, all["embeds"], features),
    features,
    target: all["target"] === null ? null : readTarget(reader, all["target"]),
    skipped: reader.list("skipped", all["skipped"], reader.text),
  };
}

function readEmbeds(reader: Reader, value: unknown, features: readonly Feature[]): boolean {
  const embeds = reader.flag("embeds", value);
  const isRight = embeds || !features.some(isEmbedded);
  return isRight ? embeds : reader.refuse("embeds", "true, as a category is embedded", value);
}

const OWN = {
  number: ["fill", "scale", "center", "factor", "quantiles"],
  boolean: ["fill"],
  date: ["fill", "center", "factor", "parts"],
  category: ["categories", "embedded"],
} as const;

function readFeature(reader: Reader, place: string, value: unknown): Feature {
  const given = isPlainObject(value) ? value["kind"] : undefined;
  const kind = reader.one(`${place}.kind`, given, ["number", "boolean", "date", "category"]);
  const fields = reader.object(place, value, ["name", "kind", "missing", ...OWN[kind]]);
  const at = <T>(name: string, read: (place: string, value: unknown) => T): T =>
    read(`${place}.${name}`, fields[name]);
  const common = {
    name: at("name", reader.text),
    missing: at("missing", (where, one) => reader.one(where, one, MISSING_KINDS)),
  };
  switch (kind) {
    case "number":
      return { ...common, kind, fill: at("fill", reader.number), ...readScaling(reader, place, fields) };
    case "boolean": {
      const fill = at("fill", reader.number);
      return {
        ...common,
        kind,
        fill: fill === 0 || fill === 1 ? fill : reader.refuse(`${place}.fill`, "0 or 1", fill),
      };
    }
    case "date":
      return {
        ...common,
        kind,
        fill: at("fill", reader.number),
        center: at("center", reader.number),
        factor: at("factor", reader.factor),
        parts: at("parts", (where, parts) =>
          reader.distinct(where, parts, (one, part) => reader.one(one, part, DATE_PARTS)),
        ),
      };
    case "category": {
      const categories = at("categories", (where, list) => reader.distinct(where, list, reader.text));
      return { ...common, kind, categories, embedded: at("embedded", reader.flag) };
    }
  }
}

function readScaling(reader: Reader, place: string, fields: Readonly<Record<string, unknown>>): Scaling {
  const scale = reader.one(`${place}.scale`, fields["scale"], SCALES);
  const center = reader.number(`${place}.center`, fields["center"]);
  const factor = reader.factor(`${place}.factor`, fields["factor"]);
  const given = fields["quantiles"];
  if (scale !== "quantile") {
    return given === null
      ? { scale, center, factor, quantiles: null }
      : reader.refuse(`${place}.quantiles`, "null", given);
  }
  const quantiles = reader.list(`${place}.quantiles`, given, reader.number);
  const isSorted = quantiles.every((value, i) => i === 0 || value >= (quantiles[i - 1] as number));
  if (quantiles.length < 2 || !isSorted)
    reader.refuse(`${place}.quantiles`, "two or more sorted numbers", given);
  return { scale, center, factor, quantiles };
}

function readTarget(reader: Reader, value: unknown): Target {
  const given = isPlainObject(value) ? value["task"] : undefined;
  const task = reader.one("target.task", given, ["classification", "regression"]);
  if (task === "classification") {
    const fields = reader.object("target", value, ["task", "name", "classes"]);
    const classes = reader.distinct("target.classes", fields["classes"], (place, one): ClassName => {
      const isName = typeof one === "string" || typeof one === "boolean" || Number.isFinite(one);
      return isName ? (one as ClassName) : reader.refuse(place, "the name of a class", one);
    });
    if (classes.length < 2) reader.refuse("target.classes", "at least two", fields["classes"]);
    return { task, name: reader.text("target.name", fields["name"]), classes };
  }
  const fields = reader.object("target", value, ["task", "names", "scalings"]);
  const names = reader.distinct("target.names", fields["names"], reader.text);
  const scalings = reader.list("target.scalings", fields["scalings"], (place, one) =>
    readScaling(reader, place, reader.object(place, one, ["scale", "center", "factor", "quantiles"])),
  );
  const isPlain = scalings.every(({ scale }) => scale === "standard" || scale === "none");
  if (names.length === 0 || names.length !== scalings.length || !isPlain) {
    reader.refuse("target.scalings", `one for each target`, fields["scalings"]);
  }
  return { task, names, scalings };
}
