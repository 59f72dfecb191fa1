module.exports = {
  entry: "./main.mjs",
  mode: "production",
  target: "node20",
  output: { path: __dirname, filename: "out/main.cjs" },
};
