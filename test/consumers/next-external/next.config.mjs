export default { output: "standalone", serverExternalPackages: ["thalweg"] };
