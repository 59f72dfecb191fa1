import { expect, test } from "vitest";
import { library, runModule } from "../child.js";

const of = (entry: string): string => JSON.stringify(new URL(entry, library).href);

test("the bundle has what registers itself: styles of diagrams, operators of ONNX, divergences", async () => {
  const source = `
    import { compile, nn, zeros } from ${of("index.mjs")};
    import { draw } from ${of("draw/index.mjs")};
    import { exportOnnx, importOnnxSync } from ${of("onnx/index.mjs")};
    import { klDivergence, Normal } from ${of("distributions/index.mjs")};
    const x = zeros([1, 2]);
    const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh());
    for (const style of ["block", "backward", "units"]) console.log(draw(model, x, { style }).title);
    console.log(draw(compile((z) => model.forward(z)), [x], { style: "program" }).title);
    console.log(importOnnxSync(await exportOnnx(model, x)).forward(x).shape);
    console.log(klDivergence(new Normal(0, 1), new Normal(0, 1)).item());
  `;
  const { stdout, stderr } = await runModule(source);
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toEqual([
    "Block diagram of Sequential",
    "Sequential with what flows back",
    "Units and weights of Sequential",
    "Compiled program",
    "[ 1, 3 ]",
    "0",
  ]);
});
