module.exports = {
  entry: "./main.mjs",
  mode: "production",
  target: "node20",
  externals: { thalweg: "module thalweg" },
  experiments: { outputModule: true },
  output: { path: __dirname, filename: "out/main.mjs", module: true },
};
