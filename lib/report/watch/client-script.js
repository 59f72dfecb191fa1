// The modules of client/ as the one script of the page. `scripts/build.mjs` puts its text here.
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const build = await rolldown({
  input: fileURLToPath(new URL("client/main.js", import.meta.url)),
  platform: "browser",
  tsconfig: false,
});
const { output } = await build.generate({ format: "iife", comments: { jsdoc: false, annotation: false } });
await build.close();

/** The script of the page. */
export const clientScript = output[0].code;
