import commonjs from "@rollup/plugin-commonjs";
import json from "@rollup/plugin-json";
import { nodeResolve } from "@rollup/plugin-node-resolve";

export default {
  input: "main.mjs",
  plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), json()],
  output: { dir: "out", format: "es", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" },
};
