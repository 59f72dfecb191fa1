// Checks the imports between the folders of lib/ against the line "May import" in each folder's README.md, and that the
// lines form no circle. A room that users import by a name of its own, `thalweg/<room>`, may be imported only by such
// rooms, or by `import()` where it is used: whoever imports `thalweg` does not load it. A line "May load where it is
// used" names rooms that only `import()` may load; such a room may itself import the one that loads it. Imports of types
// are free: they do not exist when the code runs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

const lib = join(root, "lib");
const problems = [];

/** The rooms that package.json exports by names of their own. */
const ownNames = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).exports ?? {})
  .map((name) => name.slice("./".length))
  .filter((name) => existsSync(join(lib, name)) && name !== "");

/** The room of the command `thalweg`, which users do not import. */
const COMMAND = "cli";

/** The room of a file of lib/: its folder, or the file itself if it is in no folder. */
const roomOf = (file) => (file.includes("/") ? file.split("/")[0] : file.replace(/\.ts$/, ""));

const files = readdirSync(lib, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"));

/** What the README of a folder lets it import. */
function readAllowed(room) {
  const path = join(lib, room, "README.md");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const line = /^May import: (.*)\.$/m.exec(text);
  if (line === null)
    problems.push(`lib/${room}/README.md: expected a line "May import: a, b." or "May import: nothing."`);
  return line === null || line[1] === "nothing" ? [] : line[1].split(", ");
}

/** The imports of a file that exist when it runs, and whether only a call loads them: not `import type`, and not lists of names that are all types. */
function imports(text) {
  const found = [];
  for (const { 1: clause, 2: from } of text.matchAll(/^(?:import|export)\s+([^;]*?)\s*from\s+"([^"]+)";/gm)) {
    const names = /^\{([^}]*)\}$/s
      .exec(clause)?.[1]
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    const isType = clause.startsWith("type ") || names?.every((name) => name.startsWith("type "));
    if (!isType) found.push({ from, isLate: false });
  }
  for (const { 1: late, 2: from } of text.matchAll(/(?:^import|\b(import\())\s*"([^"]+)"/gm)) {
    found.push({ from, isLate: late !== undefined });
  }
  return found;
}

/** What the README of a folder lets it load by `import()` alone. */
function readLoaded(room) {
  const path = join(lib, room, "README.md");
  const line = /^May load where it is used: (.*)\.$/m.exec(
    existsSync(path) ? readFileSync(path, "utf8") : "",
  );
  return line === null ? [] : line[1].split(", ");
}

const folders = [...new Set(files.filter((file) => file.includes("/")).map(roomOf))];
const allowed = new Map(folders.map((room) => [room, readAllowed(room)]));
const loaded = new Map(folders.map((room) => [room, readLoaded(room)]));
// Files outside the folders: these may be imported by all. The others may import everything.
allowed.set("errors", []);
allowed.set("options", ["errors"]);
allowed.set("optional-package", ["errors", "native"]);
allowed.set("realms", ["options"]);

for (const [room, rooms] of allowed) {
  for (const other of [...rooms, ...(loaded.get(room) ?? [])]) {
    if (!allowed.has(other)) problems.push(`lib/${room}/README.md: there is no room ${other}`);
  }
}

/** A circle of rooms, each of which may import the next; null if there is none. */
function findCircle(room, way = []) {
  if (way.includes(room)) return [...way.slice(way.indexOf(room)), room];
  for (const other of allowed.get(room) ?? []) {
    const circle = findCircle(other, [...way, room]);
    if (circle !== null) return circle;
  }
  return null;
}
const circle = [...allowed.keys()].map((room) => findCircle(room)).find((found) => found !== null);
if (circle !== undefined) problems.push(`the rooms go in a circle: ${circle.join(" → ")}`);

for (const file of files) {
  const room = roomOf(file);
  const text = readFileSync(join(lib, file), "utf8");
  for (const { from, isLate } of imports(text)) {
    if (!from.startsWith(".")) continue;
    const other = roomOf(posix.normalize(posix.join(posix.dirname(file), from)).replace(/\.js$/, ".ts"));
    if (other === room) continue;
    if (ownNames.includes(other) && !ownNames.includes(room) && room !== COMMAND && !isLate) {
      problems.push(`lib/${file}: ${from}: lib/${other} is loaded by its own name alone`);
      continue;
    }
    if (!allowed.has(room) || allowed.get(room)?.includes(other)) continue;
    if (isLate && loaded.get(room)?.includes(other)) continue;
    problems.push(`lib/${file}: ${from}: lib/${room} may not import lib/${other}`);
  }
}

for (const line of problems) console.error(line);
if (problems.length > 0) process.exitCode = 1;
