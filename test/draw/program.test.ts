import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { draw } from "../../lib/draw/index.js";
import { ticks, timeText } from "../../lib/draw/program-look.js";
import { timelineOf } from "../../lib/draw/program-work.js";
import { compile, cost, nn, ops, optim, rand, setThreads, type Tensor, zeros } from "../../lib/index.js";

const model = new nn.Sequential(new nn.Linear(200, 64), new nn.ReLU(), new nn.Linear(64, 10));
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
const step = compile((x: Tensor, y: Tensor) => {
  const loss = cost.crossEntropy(model.forward(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
});
const [x, y] = [zeros([128, 200]), zeros([128], { dtype: "int32" })];
const picture = () => draw(step, [x, y], { style: "program" });

const count = (svg: string, what: RegExp): number => [...svg.matchAll(what)].length;

beforeEach(() => setThreads(2));
afterEach(() => setThreads(2));

describe("the timeline of a program", () => {
  test("has all work of a step, each piece on the threads that do it", () => {
    const program = step.describe(x, y);
    const { pieces, nanoseconds, phases } = timelineOf(program);
    for (const work of program.schedule) {
      const own = pieces.filter((piece) => piece.work === work);
      const time = own.reduce((sum, { start, end }) => sum + end - start, 0);
      expect(time).toBeCloseTo(work.nanoseconds, 3);
      if (work.work === "alone") expect(own.every(({ thread }) => thread === work.thread)).toBe(true);
    }
    expect(phases.at(-1)).toBe(nanoseconds);
    expect(nanoseconds).toBeGreaterThan(0);
  });

  test("has no thread do two things at once, and none begin before a phase has ended", () => {
    const program = step.describe(x, y);
    const { pieces, phases } = timelineOf(program);
    for (let thread = 0; thread < program.threads; thread++) {
      const own = pieces.filter((piece) => piece.thread === thread);
      own.forEach((piece, i) => {
        expect(piece.start).toBeGreaterThanOrEqual(own[i - 1]?.end ?? 0);
      });
    }
    let phase = 0;
    for (const work of program.schedule) {
      for (const { start, end } of pieces.filter((piece) => piece.work === work)) {
        expect(start).toBeGreaterThanOrEqual(phases[phase - 1] ?? 0);
        expect(end).toBeLessThanOrEqual(phases[phase] as number);
      }
      if (work.endsPhase) phase++;
    }
  });

  test("follows uneven shares of rows", () => {
    const program = step.describe(x, y);
    const work = {
      ...(program.schedule[0] as (typeof program.schedule)[number]),
      work: "byRows" as const,
      nanoseconds: 100,
      shares: [30, 40],
      endsPhase: true,
    };
    const { pieces } = timelineOf({ ...program, threads: 2, schedule: [work] });
    expect(pieces.map(({ end }) => end)).toEqual([75, 25]);
  });
});

describe("the picture of a program", () => {
  test("shows every instruction with what was fused into it", () => {
    const { svg } = picture();
    expect(svg).toContain("matmul + bias + relu");
    expect(svg).toContain("cross_entropy_both");
    const { instructions } = step.describe(x, y);
    const cards = [...svg.matchAll(/data-node="i(\d+)"/g)].map(([, number]) => Number(number));
    const titles = [...svg.matchAll(/>(\d+)(?:–(\d+))? {2}\S/g)].flatMap(([, first, last = first]) =>
      Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
    );
    expect(titles.sort((a, b) => a - b)).toEqual(instructions.map(({ number }) => number));
    expect(cards.length).toBeLessThan(instructions.length);
  });

  test("shows every temporary in the arena and every thread in a lane", () => {
    const { svg } = picture();
    const { buffers, threads } = step.describe(x, y);
    for (const { name, place } of buffers) {
      if (place !== null)
        expect(svg).toMatch(new RegExp(`<title>${name} \\[.*bytes at [\\d,]+, from instruction`));
    }
    expect(threads).toBe(2);
    for (let thread = 0; thread < threads; thread++) expect(svg).toContain(`>thread ${thread}</text>`);
  });

  test("shortens the lanes of many threads", () => {
    setThreads(40);
    const { svg } = picture();
    expect(step.describe(x, y).threads).toBe(40);
    expect(count(svg, />thread \d+<\/text>/g)).toBe(11);
    expect(svg).toContain(">thread 39</text>");
  });

  test("is the same bytes each time", () => {
    expect(picture().svg).toBe(picture().svg);
  });

  test("tells in words what the instructions do", () => {
    const { description, title } = picture();
    expect(title).toBe("Compiled program");
    expect(description).toContain("0: t0 [128, 64] = relu(matmul(x0 [128, 200], w0ᵀ [64, 200]) + w1 [64]).");
  });

  test("is drawn of a program that does nothing, and of one without temporaries", () => {
    expect(
      draw(
        compile(() => undefined),
        undefined,
        { style: "program" },
      ).svg,
    ).toContain("0 instructions");
    const w = rand([3]);
    const inPlace = compile(() => {
      ops.mul(w, 1);
    });
    expect(draw(inPlace, undefined, { style: "program" }).svg).toContain("instruction");
  });

  test("is refused for what is not compiled", () => {
    expect(() => draw(model, x, { style: "program" })).toThrow(
      'draw: expected a function that compile gave, got a Sequential; style "block" shows a module',
    );
    expect(() => draw((a: Tensor) => a, x, { style: "program" })).toThrow(/got a function/);
  });
});

test("ticks are round numbers, and times have a unit", () => {
  expect(ticks(145, 8)).toEqual([0, 20, 40, 60, 80, 100, 120, 140]);
  expect(ticks(208_320, 5, 2)).toEqual([0, 65_536, 131_072, 196_608]);
  expect(ticks(0, 5)).toEqual([0]);
  expect([0, 999, 1234, 45_600, 7_890_000, 3e9].map(timeText)).toEqual([
    "0 ns",
    "999 ns",
    "1.23 µs",
    "45.6 µs",
    "7.89 ms",
    "3 s",
  ]);
});
