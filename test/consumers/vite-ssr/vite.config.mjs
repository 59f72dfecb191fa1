export default {
  build: { ssr: "main.mjs", outDir: "out", rollupOptions: { output: { entryFileNames: "main.mjs" } } },
  ssr: { external: ["thalweg"] },
};
