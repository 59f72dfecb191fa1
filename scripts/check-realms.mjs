// Checks that lib/ asks for no class of the language or of Node.js by `instanceof`, since each realm has its own: a
// value that a vm context or a test runner's sandbox made would be refused. lib/realms.ts says what to ask instead.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "./toolchain.mjs";

const lib = join(root, "lib");
const globals = new Set(
  Object.getOwnPropertyNames(globalThis).filter((name) => {
    const value = Object.getOwnPropertyDescriptor(globalThis, name)?.value ?? globalThis[name];
    return typeof value === "function" && /^[A-Z]/.test(name);
  }),
);

/** The names that a file imports of the library, or declares. */
const ownNames = (text) =>
  new Set(
    [
      ...text.matchAll(/^(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s*from\s+"\.[^"]*";/gm),
      ...text.matchAll(/^import\s+(\w+)\s+from\s+"\.[^"]*";/gm),
      ...text.matchAll(/^(?:export\s+)?(?:abstract\s+)?class\s+(\w+)/gm),
    ].flatMap(([, names]) =>
      names.split(",").map((name) =>
        name
          .trim()
          .split(/\s+as\s+|\s+/)
          .at(-1),
      ),
    ),
  );

let isWrong = false;
for (const file of readdirSync(lib, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".ts")) continue;
  const text = readFileSync(join(lib, file), "utf8");
  const own = ownNames(text);
  text.split("\n").forEach((line, i) => {
    for (const [, ...names] of line.matchAll(/\binstanceof (\w+)|\bisInstance\([^;]*?, (\w+)\)/g)) {
      const name = names.find((one) => one !== undefined);
      if (!globals.has(name) || own.has(name)) continue;
      console.error(`lib/${file}:${i + 1}: asks for a ${name} of this realm alone; see lib/realms.ts`);
      isWrong = true;
    }
  });
}
if (isWrong) process.exitCode = 1;
