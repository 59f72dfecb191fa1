import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.js";

/** The package's version. `scripts/build.mjs` puts the text itself here. */
export const version: string = (
  JSON.parse(readFileSync(join(packageRoot() as string, "package.json"), "utf8")) as { version: string }
).version;
