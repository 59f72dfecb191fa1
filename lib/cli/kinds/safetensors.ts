// Registers the classes that a file may describe.
import "../../nn/index.js";
import { ThalwegError } from "../../errors.js";
import { decodeSafetensors, encodeSafetensors } from "../../formats/safetensors.js";
import type { ArrayFile } from "../../formats/stored-array.js";
import { deserialize } from "../../keeping/load.js";
import { SCHEMA, schemaOf } from "../../keeping/model-file.js";
import { isRecord } from "../../keeping/run-state.js";
import { decodeStateSync } from "../../keeping/state-file.js";
import type { Contents, Kind } from "./kind.js";

const HEADER = 8;
const BRACE = 0x7b;

/** A model that is described in the file, and the schema of its rows, as they print themselves. */
function ofModel(bytes: Uint8Array, { arrays, metadata }: ArrayFile): Contents {
  const { thalweg: _, [SCHEMA]: schema, ...facts } = metadata;
  const parts = {
    model: () => deserialize(bytes),
    ...(schema === undefined ? {} : { schema: () => schemaOf("schema", schema) }),
  };
  const texts: Record<string, string> = {};
  const refused: Record<string, string> = {};
  for (const [name, read] of Object.entries(parts)) {
    try {
      texts[name] = read().toString();
    } catch (error) {
      if (!(error instanceof ThalwegError)) throw error;
      refused[name] = error.message;
    }
  }
  const format = "a model of Thalweg's, as safetensors";
  return { format, facts: { ...facts, ...refused }, arrays, texts, tables: [] };
}

/** A checkpoint: where the run was, and what it has. */
function ofState(bytes: Uint8Array, source: string, { arrays, metadata }: ArrayFile): Contents {
  const { state: _, ...facts } = metadata;
  const state = decodeStateSync(source, bytes);
  const at = (...names: string[]): unknown =>
    names.reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), state);
  const schedules = at("run", "schedules");
  const found = {
    epoch: at("fit", "epoch"),
    batch: at("fit", "batch"),
    step: at("fit", "step"),
    optimizer: at("run", "optimizer", "kind"),
    schedules: Array.isArray(schedules)
      ? schedules.map((one: unknown) => (isRecord(one) ? one["kind"] : one)).join(", ")
      : undefined,
  };
  const known = Object.entries(found).filter((entry): entry is [string, string | number] =>
    ["string", "number"].includes(typeof entry[1]),
  );
  const kind = at("kind") === "checkpoint" ? "a checkpoint of Thalweg's" : "a state of Thalweg's";
  return {
    format: `${kind}, as safetensors`,
    facts: { ...facts, ...Object.fromEntries(known) },
    arrays,
    texts: {},
    tables: [],
  };
}

export const safetensors: Kind = {
  extensions: ["safetensors"],
  matches: (bytes) => bytes.length > HEADER && bytes[HEADER] === BRACE,
  inspect(bytes, source) {
    const file = decodeSafetensors(bytes, source);
    if (Object.hasOwn(file.metadata, "thalweg")) return ofModel(bytes, file);
    if (file.metadata["format"]?.startsWith("thalweg.state.")) return ofState(bytes, source, file);
    return { format: "safetensors", facts: file.metadata, arrays: file.arrays, texts: {}, tables: [] };
  },
  read: (bytes, source) => decodeSafetensors(bytes, source),
  write: ({ arrays, metadata }) => encodeSafetensors(arrays, metadata),
};
