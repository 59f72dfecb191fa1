import { createHash } from "node:crypto";
import { isStoredFloat, type StoredArray } from "../formats/stored-array.js";
import { kindOf } from "./kinds/index.js";
import type { Contents } from "./kinds/kind.js";
import { count, harmless, size, styled, table } from "./layout.js";

const elements = ({ shape }: StoredArray): number => shape.reduce((a, b) => a * b, 1);

/** What `inspect` prints of a file, as text or as JSON. */
export function inspect(path: string, bytes: Uint8Array, options: { readonly json: boolean }): string {
  const kind = kindOf(path, bytes);
  const contents = kind.inspect(bytes, path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return options.json
    ? JSON.stringify(asJSON(path, bytes, sha256, contents), named, 2)
    : asText(path, bytes, sha256, contents);
}

/** JSON has no NaN and no infinities: they become texts. */
const named = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;

function asJSON(path: string, bytes: Uint8Array, sha256: string, contents: Contents): object {
  const { format, facts, arrays, texts, tables } = contents;
  return {
    path,
    format,
    bytes: bytes.length,
    sha256,
    facts,
    arrays: Array.from(arrays, ([name, array]) => ({
      name,
      dtype: array.dtype,
      shape: array.shape,
      elements: elements(array),
      bytes: array.bytes.length,
    })),
    texts,
    tables,
  };
}

function asText(path: string, bytes: Uint8Array, sha256: string, contents: Contents): string {
  const { format, facts, arrays, texts, tables } = contents;
  const blocks = [`${styled("bold", harmless(path))}: ${format}, ${size(bytes.length)}\nsha256 ${sha256}`];
  const pairs = Object.entries(facts);
  if (pairs.length > 0) {
    const width = Math.max(...pairs.map(([name]) => harmless(name).length));
    blocks.push(
      pairs
        .map(([name, value]) => {
          const text = typeof value === "number" ? String(value) : harmless(String(value));
          return `${styled("dim", harmless(name).padEnd(width))}  ${text}`;
        })
        .join("\n"),
    );
  }
  for (const [title, text] of Object.entries(texts)) {
    blocks.push(`${styled("bold", harmless(title))}\n${text.split("\n").map(harmless).join("\n")}`);
  }
  if (arrays.size > 0) blocks.push(arrayTable(arrays));
  for (const { title, columns, rows } of tables) {
    blocks.push(`${styled("bold", harmless(title))}\n${table(columns, rows)}`);
  }
  return blocks.join("\n\n");
}

function arrayTable(arrays: ReadonlyMap<string, StoredArray>): string {
  const list = [...arrays.values()];
  const floats = list
    .filter(({ dtype }) => isStoredFloat(dtype))
    .reduce((sum, array) => sum + elements(array), 0);
  const bytes = list.reduce((sum, array) => sum + array.bytes.length, 0);
  const rows = Array.from(arrays, ([name, array]) => [
    name,
    array.dtype,
    `[${array.shape.join(", ")}]`,
    elements(array),
    size(array.bytes.length),
  ]);
  const total = `${count(list.length)} ${list.length === 1 ? "array" : "arrays"}, ${count(floats)} floating-point numbers, ${size(bytes)}`;
  return `${table(["name", "dtype", "shape", "elements", "size"], rows)}\n${total}`;
}
