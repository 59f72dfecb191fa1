export default {
  input: "main.mjs",
  external: [/^thalweg(\/|$)/],
  output: { dir: "out", format: "es", entryFileNames: "[name].mjs" },
};
