// Makes one file of the program that tries every kernel (test/native/battery.ts), for a runtime that reads no TypeScript
// or reads it slowly. The addon is left to THALWEG_ADDON.
import { join } from "node:path";
import { rolldown } from "rolldown";
import { root } from "./toolchain.mjs";

/** Writes it into a folder. @returns its path. */
export async function bundleBattery(folder) {
  const file = join(folder, "battery.mjs");
  const build = await rolldown({
    cwd: root,
    input: join(root, "test", "native", "battery.ts"),
    platform: "node",
    external: /node_modules|^[@\w]/,
    treeshake: { moduleSideEffects: () => true }, // as in build.mjs
    transform: { target: "es2023" },
    tsconfig: false,
  });
  await build.write({ file, format: "es", codeSplitting: false, keepNames: true });
  await build.close();
  return file;
}
