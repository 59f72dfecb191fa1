// A few of PyTorch's own samples of its operators; test/oracle/op-samples.ts runs them all.
import { describe, expect, test } from "vitest";
import { opOf } from "../oracle/call.js";
import { readJSON } from "../oracle/read.js";
import { checkSample, checkVmap, type Sample } from "../oracle/samples.js";

describe("ops give what PyTorch gives for its own samples, with derivatives, compiled and mapped", () => {
  const samples = readJSON<readonly Sample[]>("op-samples.json");
  test.each(samples.map((sample) => [`${sample.op}: ${sample.note}`, sample] as const))("%s", (_, sample) => {
    const { refused, failures } = checkSample(sample);
    expect(refused).toBeUndefined();
    expect(failures).toEqual([]);
    if (opOf(sample).eager !== true) expect(checkVmap(sample)).toEqual([]);
  });
});
