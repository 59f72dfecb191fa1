module.exports = {
  entry: "./main.mjs",
  mode: "production",
  target: "node20",
  externalsType: "module",
  externals: [({ request }, done) => (/^thalweg(\/|$)/.test(request) ? done(null, request) : done())],
  experiments: { outputModule: true },
  output: { path: __dirname, filename: "out/main.mjs", module: true },
};
