import { readFileSync } from "node:fs";

/** The script of the page. `scripts/build.mjs` puts its text here. */
export const clientScript: string = readFileSync(new URL("./client.js", import.meta.url), "utf8");
