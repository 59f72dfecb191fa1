// train, evaluate and predict, as one calls them.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { data, Generator, nn, Predictor, save } from "../../lib/index.js";
import { commandIn, main, type Ran, temporaryFolder } from "./command.js";

const folder = temporaryFolder();
const thalweg = commandIn(folder);
const at = (name: string): string => join(folder, name);

const iris = readFileSync(
  new URL("../../examples/side-by-side/data/iris.csv", import.meta.url),
  "utf8",
).replace(/^.*$/m, "sepalLength,sepalWidth,petalLength,petalWidth,species");
const LINES = iris.trim().split("\n");
const [HEADER = "", ...FLOWERS] = LINES;

/** Houses: the price follows from area and town; some areas are missing. */
function houses(rows: number): Record<string, unknown>[] {
  const draws = new Generator(3).uniform([rows, 2]).toArray() as [number, number][];
  return draws.map(([a, b], i) => {
    const area = Math.round(40 + 100 * a);
    const town = ["Ghent", "Namur", "Ostend"][Math.floor(3 * b)] as string;
    const price = area * (town === "Ghent" ? 3 : 2) + 0.5;
    return { id: `h${i}`, area: i % 20 === 7 ? null : area, town, price };
  });
}

let trained: Ran;
beforeAll(async () => {
  writeFileSync(at("iris.csv"), iris);
  trained = await thalweg(["train", "iris.csv", "--target", "species"]);
});

describe("train", () => {
  test("prints how good the model is for a part that it has not seen, beside a trivial answer", () => {
    expect([trained.code, trained.stderr.split("\n")[0]]).toEqual([
      0,
      "iris.csv: 150 rows × 5 columns; 105 rows to learn from, 15 for validation, 30 for the test",
    ]);
    const [title, accuracy, balanced, loss] = trained.stdout.split("\n") as [string, string, string, string];
    expect(title).toMatch(/^test part, 30 rows {2}model +always the most frequent class$/);
    const reached = [accuracy, balanced, loss].map((line) => line.split(/ {2,}/).map(Number));
    expect(reached[0]?.[1]).toBeGreaterThan(0.85);
    expect(reached[1]?.[1]).toBeGreaterThan(0.85);
    expect(reached[2]?.[1]).toBeLessThan(0.5);
    expect(reached.map((line) => line[2])).toEqual([0.3333, 0.3333, 1.099]);
    expect(trained.stdout).toMatch(/^ +setosa +versicolor +virginica$\n^setosa +\d+ +\d+ +\d+$/m);
    expect(trained.stdout).toMatch(/\nsaved as iris\.safetensors; /);
    expect(trained.stderr).toMatch(/^epoch \d+\/200: loss [\d.]+, validation [\d.]+$/m);
    expect(trained.stderr).toMatch(/the model is that of epoch \d+$/m);
  });

  test("the saved model is one for Predictor.load, with the answers of the test", async () => {
    const predictor = await Predictor.load(at("iris.safetensors"));
    const flower = { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 };
    expect((await predictor.predict(flower)).class).toBe("setosa");
    expect(predictor.model.training).toBe(false);
  });

  test("learns numbers from JSON lines, with figures in their own units", async () => {
    writeFileSync(
      at("houses.jsonl"),
      houses(300)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
    const args = ["train", "houses.jsonl", "--target", "price", "--exclude", "id", "--json"];
    const { code, stdout } = await thalweg([...args, "--quiet", "--epochs", "60", "--out", "h.safetensors"]);
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found.rows).toEqual({ train: 210, validation: 30, test: 60 });
    const { model, baseline, confusion } = found.test;
    expect(Object.keys(model)).toEqual(["meanAbsoluteError", "rootMeanSquaredError", "r2"]);
    expect(confusion).toBeNull();
    // Prices are between 80 and 420, and the areas that are missing cannot be known.
    expect(baseline.meanAbsoluteError).toBeGreaterThan(40);
    expect(model.meanAbsoluteError).toBeLessThan(baseline.meanAbsoluteError / 2);
    const { schema } = await Predictor.load(at("h.safetensors"));
    expect(schema.features.map(({ name }) => name)).toEqual(["area", "town"]);
    const asked = `${JSON.stringify({ area: 100, town: "Ghent" })}\n${JSON.stringify({ area: null, town: "Namur" })}\n`;
    const answers = await thalweg(["predict", "h.safetensors", "-", "--json"], asked);
    const [first, second] = answers.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(Math.abs(first.prediction - 300.5)).toBeLessThan(60);
    expect(Object.keys(second)).toEqual(["area", "town", "prediction"]);
  });

  test("the same seed gives the same model, whatever separates the values", async () => {
    writeFileSync(at("iris.tsv"), iris.replaceAll(",", "\t"));
    const options = ["--target", "species", "--quiet", "--epochs", "3", "--seed", "5"];
    await thalweg(["train", "iris.tsv", ...options, "--out", "a.safetensors"]);
    await thalweg(["train", "-", ...options, "--out", "b.safetensors"], iris);
    writeFileSync(at("packed.tsv.gz"), gzipSync(iris.replaceAll(",", "\t")));
    await thalweg(["train", "packed.tsv.gz", ...options]);
    const [first, ...others] = ["a", "b", "packed"].map((name) => readFileSync(at(`${name}.safetensors`)));
    for (const other of others) expect(other).toEqual(first);
  });

  test("makes nn.Tabular with a vector for each category, and says what it leaves out", async () => {
    const rows = FLOWERS.map((line, i) => `${line},note ${i},${i % 7 === 0 ? "" : "abcd"[i % 4]}`);
    rows.push("1,1,1,1,,left out,a", "1,1,1,1,hepatica,alone,b");
    writeFileSync(at("more.csv"), [`${HEADER},note,garden`, ...rows].join("\n"));
    const { code, stderr, stdout } = await thalweg(
      "train more.csv --target species --model tabular --hidden 8 --epochs 2 --validation 0".split(" "),
    );
    expect([code, stderr.split("\n").filter((line) => !line.startsWith("epoch"))]).toEqual([
      0,
      [
        '1 row without "species" is left out',
        'classes of one row are left out: "hepatica"',
        "more.csv: 152 rows × 7 columns; 120 rows to learn from, 0 for validation, 30 for the test",
        'left out, as free text or without a value: "note"',
        expect.stringMatching(/^nn\.Tabular of [\d,]+ parameters$/),
        "trained for 2 epochs",
        "",
      ],
    ]);
    expect(stdout).toMatch(/\nsaved as more\.safetensors; /);
    expect((await Predictor.load(at("more.safetensors"))).model).toBeInstanceOf(nn.Tabular);
  });

  test("categories that training has not get a stand-in for the figures, and it says so; later they are refused", async () => {
    // 19 of 60 rows have a town of their own, of which the other parts get some.
    const rows = Array.from(
      { length: 60 },
      (_, i) => `${i % 2},${i < 19 ? `town ${i}` : "Ghent"},${"ab"[i % 2]}`,
    );
    writeFileSync(at("towns.csv"), ["x,town,kind", ...rows].join("\n"));
    const { code, stderr } = await thalweg("train towns.csv --target kind --epochs 1".split(" "));
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^a row that is not learnt from has what training has not, and gets a stand-in there: column "town": "town \d+" is none of/m,
    );
    const asked = ["predict", "towns.safetensors", "-"];
    const refused = await thalweg(asked, "x,town\n1,Paris\n");
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^DataError: predict: standard input: row 0, column "town": "Paris" is none of the categories in training: .* \(--unknown stand-in takes it\)\n$/,
      ),
    ]);
    const taken = await thalweg([...asked, "--unknown", "stand-in"], "x,town\n1,Paris\n");
    expect(taken.stdout).toMatch(/^x,town,prediction,.*\n1,Paris,[ab],/);
  });

  test("--balanced lets a rare class count as much as the others", async () => {
    // The classes overlap, and there are nine of one for each of the other.
    const draws = new Generator(5).normal([600]).toArray() as number[];
    const rows = draws.map((x, i) => (i % 10 === 0 ? `${x + 1.5},rare` : `${x},usual`));
    writeFileSync(at("rare.csv"), ["x,kind", ...rows].join("\n"));
    const args = ["train", "rare.csv", "--target", "kind", "--quiet", "--json", "--epochs", "30"];
    const [plain, balanced] = (
      await Promise.all([thalweg(args), thalweg([...args, "--balanced", "--out", "rare2.safetensors"])])
    ).map(({ stdout }) => JSON.parse(stdout).test.model.balancedAccuracy as number) as [number, number];
    expect(balanced).toBeGreaterThan(plain + 0.1);
  });

  test("few whole numbers are classes, and it says so", async () => {
    const rows = FLOWERS.map((line) => line.replace("setosa", "3").replace(/v\w+/, "5"));
    writeFileSync(at("whole.csv"), [HEADER, ...rows].join("\n"));
    const args = ["train", "whole.csv", "--target", "species", "--epochs", "1"];
    const { stderr, stdout } = await thalweg(args);
    expect(stderr).toMatch(
      /^"species" has 2 different whole numbers, which are taken for classes; --task regression/,
    );
    expect(stdout).toMatch(/accuracy/);
    expect((await thalweg([...args, "--task", "regression"])).stdout).toMatch(/R²/);
  });

  test("Ctrl-C ends it with a sentence, and saves nothing", async () => {
    const args = ["train", "iris.csv", "--target", "species", "--out", "never.safetensors"];
    const more = ["--epochs", "1000000", "--patience", "1000000", "--batch-size", "1"];
    const child = spawn(process.execPath, [main, ...args, ...more], { cwd: folder });
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr += data;
      if (/parameters\n/.test(data)) setTimeout(() => child.kill("SIGINT"), 300);
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stderr.split("\n").at(-2)]).toEqual([130, "train: interrupted; nothing is saved"]);
    expect(existsSync(at("never.safetensors"))).toBe(false);
  });
});

describe("predict", () => {
  test("writes the rows with classes and probabilities, what the model does not look at as it was", async () => {
    writeFileSync(
      at("two.csv"),
      `${HEADER.replace("species", '"id, long"')}\n5.1,3.5,1.4,0.2,007\n6.9,3.1,5.4,2.1,"8, 9"\n`,
    );
    const { code, stdout, stderr } = await thalweg(["predict", "iris.safetensors", "two.csv"]);
    expect([code, stderr]).toEqual([0, ""]);
    const [header, first, second, end] = stdout.split("\n");
    expect(header).toBe(
      'sepalLength,sepalWidth,petalLength,petalWidth,"id, long",prediction,probability,probability_setosa,probability_versicolor,probability_virginica',
    );
    expect(first).toMatch(/^5\.1,3\.5,1\.4,0\.2,007,setosa,0\.9/);
    expect(second).toMatch(/^6\.9,3\.1,5\.4,2\.1,"8, 9",virginica,0\./);
    expect(end).toBe("");
    const toFile = await thalweg(["predict", "iris.safetensors", "two.csv", "--out", "answers.csv"]);
    expect(toFile.stdout).toBe("");
    expect(readFileSync(at("answers.csv"), "utf8")).toBe(stdout);
    const piped = await thalweg(["predict", "iris.safetensors", "-"], readFileSync(at("two.csv")));
    expect(piped.stdout).toBe(stdout);
  });

  test("takes Parquet, and rows whose kind no name says", async () => {
    const parquet = readFileSync(new URL("../data/parquet/rowgroups.parquet", import.meta.url));
    writeFileSync(at("numbers.parquet"), parquet);
    writeFileSync(at("numbers"), parquet);
    const known = [1, 4, 9].map((numbers) => ({ numbers, y: numbers / 2 }));
    const schema = data.Schema.learn(known, { target: "y", task: "regression" });
    await save(new nn.Linear(1, 1), at("line.safetensors"), { schema });
    const outputs = await Promise.all([
      thalweg(["predict", "line.safetensors", "numbers.parquet"]),
      thalweg(["predict", "line.safetensors", "numbers"]),
      thalweg(["predict", "line.safetensors", "-"], parquet),
    ]);
    for (const { stdout } of outputs) expect(stdout).toMatch(/^numbers,prediction\n1,-?[\d.e-]+\n2,/);
    expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
  });

  test("JSON lines have the probabilities as one object, beside a column of a name that CSV would write", async () => {
    const rows = `${HEADER.replace("species", "probability_setosa")}\n5.1,3.5,1.4,1,7\n`;
    const { stdout } = await thalweg(["predict", "iris.safetensors", "-", "--json"], rows);
    const row = JSON.parse(stdout);
    expect(row.probability_setosa).toBe("7");
    expect(Object.keys(row.probabilities)).toEqual(["setosa", "versicolor", "virginica"]);
  });

  test("stand-ins are taken if they are asked for", async () => {
    const rows = "sepalLength,petalLength\n5.1,NA\n";
    const asked = ["predict", "iris.safetensors", "-", "--unknown", "stand-in"];
    const { code, stdout, stderr } = await thalweg(asked, rows);
    expect([code, stdout.split("\n")[1]?.slice(0, 5)]).toEqual([0, "5.1,,"]);
    expect(stderr).toBe(
      'predict: standard input has no column "sepalWidth", "petalWidth"; its rows get stand-ins there\n',
    );
    const others = await thalweg(asked, "a,b\n1,2\n");
    expect([others.code, others.stdout]).toEqual([1, ""]);
    expect(others.stderr).toBe(
      'DataError: predict: standard input has no column "sepalLength", "sepalWidth", "petalLength", "petalWidth"; it has "a", "b"\n',
    );
  });
});

describe("evaluate", () => {
  test("prints the figures of a saved model for other rows", async () => {
    const { code, stdout } = await thalweg(["evaluate", "iris.safetensors", "iris.csv"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^iris\.csv, 150 rows +model +always the most frequent class\naccuracy +0\.9/);
    const { stdout: json } = await thalweg(["evaluate", "iris.safetensors", "iris.csv", "--json"]);
    const { rows, model, baseline, confusion } = JSON.parse(json);
    expect([rows, confusion.classes]).toEqual([150, ["setosa", "versicolor", "virginica"]]);
    expect(model.accuracy).toBeGreaterThan(0.9);
    expect(baseline.accuracy).toBeCloseTo(1 / 3, 12);
    expect(baseline.logLoss).toBeCloseTo(Math.log(3), 12);
  });
});

test("inspect shows the schema of such a file", async () => {
  const { stdout } = await thalweg(["inspect", "iris.safetensors"]);
  expect(stdout).toMatch(/\nschema\nSchema\n {2}"sepalLength": number, standard\n/);
  expect(stdout).not.toMatch(/thalweg schema/);
});

describe("what goes wrong", () => {
  beforeAll(async () => {
    writeFileSync(at("broken.csv"), `${iris}5.1,3.5\n`);
    writeFileSync(at("lacks.csv"), "sepalLength,petalLength\n1,2\n");
    writeFileSync(at("text.csv"), `${HEADER}\n5.1,3.5,1.4,x,setosa\n`);
    writeFileSync(at("gap.csv"), `${HEADER}\n5.1,,1.4,1,setosa\n`);
    writeFileSync(at("names.csv"), "id,y\n1,a\n2,b\n3,c\n");
    writeFileSync(at("again.csv"), `${HEADER.replace("species", "prediction")}\n5.1,3.5,1.4,1,setosa\n`);
    writeFileSync(
      at("probable.csv"),
      `${HEADER.replace("species", "probability_setosa")}\n5.1,3.5,1.4,1,setosa\n`,
    );
    await save(new nn.Linear(2, 2), at("plain.safetensors"));
  });

  test.each([
    ["train no.csv --target y", 1, /^FileError: train: no\.csv could not be read: there is no such file/],
    [
      "train broken.csv --target species",
      1,
      /^DataError: train: broken\.csv: row 150 \(line 152\): expected 5 values, got 2/,
    ],
    [
      "train iris.csv --target speces",
      2,
      /^ArgumentError: train: there is no column "speces"; there are "sepalLength"/,
    ],
    ["train iris.csv", 2, /required option '--target <column>' not specified/],
    ["train iris.csv --target species --exclude id", 2, /^ArgumentError: train: there is no column "id"/],
    [
      "train iris.csv --target species --epochs many",
      2,
      /'many' is invalid\. expected a whole number of at least 1/,
    ],
    ["train iris.csv --target species --model tabular --hidden 8,8", 2, /--hidden takes one width/],
    [
      "train iris.csv --target species --test 0.5 --validation 0.5",
      2,
      /^ArgumentError: train: expected --test and --validation to leave rows to learn from, .* got 0\.5 and 0\.5/,
    ],
    ["train iris.csv --target sepalLength --balanced", 2, /^ArgumentError: train: --balanced is for classes/],
    ["train names.csv --target y", 1, /^DataError: train: each value of "y" is there once/],
    [
      "train iris.csv --target species --out no/where.safetensors",
      1,
      /^FileError: train: no\/where\.safetensors could not be written: the folder for it/,
    ],
    ["predict no.safetensors iris.csv", 1, /^FileError: predict: no\.safetensors could not be read/],
    ["predict iris.csv iris.csv", 1, /^DataError: predict: iris\.csv: not a safetensors file/],
    [
      "predict plain.safetensors iris.csv",
      1,
      /^DataError: predict: plain\.safetensors: the file has no schema; save\(/,
    ],
    [
      "predict iris.safetensors lacks.csv",
      1,
      /^DataError: predict: lacks\.csv has no column "sepalWidth", "petalWidth"; it has/,
    ],
    [
      "predict iris.safetensors text.csv",
      1,
      /^DataError: predict: text\.csv: row 0 \(line 2\), column "petalWidth": expected a number, got "x"/,
    ],
    [
      "predict iris.safetensors gap.csv",
      1,
      /^DataError: predict: gap\.csv: row 0, column "sepalWidth": the value is missing.*--unknown stand-in/,
    ],
    [
      "predict iris.safetensors again.csv",
      1,
      /^DataError: predict: again\.csv has a column "prediction" already/,
    ],
    [
      "predict iris.safetensors probable.csv",
      1,
      /^DataError: predict: probable\.csv has a column "probability_setosa" already/,
    ],
    ["evaluate iris.safetensors again.csv", 1, /^DataError: evaluate: again\.csv has no column "species"/],
  ])("thalweg %s ends with %i and a sentence", async (line, expected, message) => {
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await thalweg(line.split(" "));
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(readdirSync(folder)).toEqual(before);
  });

  test.skipIf(!existsSync("/dev/full"))("predictions on a full device", () => {
    const command = `"${process.execPath}" "${main}" predict iris.safetensors iris.csv > /dev/full`;
    const { status, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^FileError: standard output .*ENOSPC/)]);
  });

  test("a reader that closes the pipe ends it quietly", () => {
    const rows = [HEADER, ...Array.from({ length: 200 }, () => FLOWERS).flat()].join("\n");
    writeFileSync(at("long.csv"), rows);
    const command = `"${process.execPath}" "${main}" predict iris.safetensors long.csv | head -1`;
    const { stdout, stderr } = spawnSync("sh", ["-c", command], { cwd: folder, encoding: "utf8" });
    expect([stdout.split(",").length, stderr]).toEqual([10, ""]);
  });
});

test("--help tells of every command, and of each with an example", async () => {
  const help = await thalweg(["--help"]);
  expect(help.stdout).toMatch(/train .*evaluate .*predict /s);
  for (const command of ["train", "evaluate", "predict"]) {
    expect((await thalweg([command, "--help"])).stdout).toMatch(/Examples?:\n {2}thalweg/);
  }
});
