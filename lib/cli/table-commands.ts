// The commands that learn tables, and apply what was learnt. What they run is loaded where it is run.
import process from "node:process";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { PredictorOptions } from "./predict.js";
import type { TrainOptions } from "./train.js";

// The exit code of a program that Ctrl-C ended.
const INTERRUPTED = 130;

/** Reads a number of an option. */
export const number =
  ({
    min,
    max = Number.MAX_SAFE_INTEGER,
    integer = false,
  }: {
    min: number;
    max?: number;
    integer?: boolean;
  }) =>
  (text: string): number => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
    const upTo = max === Number.MAX_SAFE_INTEGER ? ` of at least ${min}` : ` between ${min} and ${max}`;
    throw new InvalidArgumentError(`expected ${integer ? "a whole number" : "a number"}${upTo}.`);
  };

const list = (text: string): string[] => text.split(",").map((one) => one.trim());

const widths = (text: string): number[] => list(text).map(number({ min: 1, max: 100_000, integer: true }));

const separator = (text: string): string => (text === "\\t" || text === "tab" ? "\t" : text);

const ROWS = "rows as .csv, .tsv, .jsonl or .parquet; - reads standard input";
const SEPARATOR = "what stands between the values of CSV (default: a tab for .tsv, a comma otherwise)";
const MISSING = "texts that stand for a missing value, besides ?, NA, NaN, null and the like";

export function addTableCommands(program: Command): void {
  program
    .command("train")
    .argument("<rows>", ROWS)
    .requiredOption("--target <column>", "the column that is learnt")
    .description("learns a table, prints how good the model is for rows that it has not seen, and saves it")
    .addOption(
      new Option("--task <task>", "default: regression for a column of numbers").choices([
        "classification",
        "regression",
      ]),
    )
    .addOption(
      new Option(
        "--model <kind>",
        "default: tabular if a column has more than 20 categories, else mlp",
      ).choices(["mlp", "tabular"]),
    )
    .option(
      "--hidden <widths>",
      "widths of the hidden layers (default: 64,64; tabular has one width: 128)",
      widths,
    )
    .option(
      "--dropout <p>",
      "the probability with which an output is set to 0 in training",
      number({ min: 0, max: 0.99 }),
      0.1,
    )
    .option("--epochs <n>", "the most passes over the training part", number({ min: 1, integer: true }), 200)
    .option(
      "--patience <n>",
      "epochs without better validation after which it ends",
      number({ min: 1, integer: true }),
      20,
    )
    .option(
      "--batch-size <n>",
      "rows of a step (default: 16 to 256, a twentieth of the rows)",
      number({ min: 1, integer: true }),
    )
    .option("--lr <rate>", "learning rate of AdamW", number({ min: 0, max: 10 }), 0.003)
    .option("--seed <n>", "of the split, the weights and the order", number({ min: 0, integer: true }), 0)
    .option(
      "--test <share>",
      "the part of the rows that is kept for the test",
      number({ min: 0.01, max: 0.9 }),
      0.2,
    )
    .option(
      "--validation <share>",
      "the part that says when to stop; 0: none",
      number({ min: 0, max: 0.9 }),
      0.1,
    )
    .option("--exclude <columns>", "columns that are not looked at: id,name", list)
    .option("--category <columns>", "columns of numbers that are names: zip,class", list)
    .option("--missing <texts>", MISSING, list)
    .addOption(unknown("error"))
    .option("--balanced", "let rare classes count as much as the others", false)
    .option("--separator <text>", SEPARATOR, separator)
    .option("--out <file>", "where the model is saved (default: the name of the rows, with .safetensors)")
    .option("--json", "print JSON", false)
    .option("--quiet", "tell nothing on standard error but errors", false)
    .addHelpText(
      "after",
      "\nExamples:\n  thalweg train iris.csv --target species\n  thalweg train houses.parquet --target price --exclude id --model tabular --epochs 50",
    )
    .action(async (file: string, options: TrainOptions) => {
      const { train } = await import("./train.js");
      if (!(await train(file, options))) process.exitCode = INTERRUPTED;
    });

  forModels(program.command("evaluate"))
    .description("prints how good a model of `thalweg train` is for rows that have the target")
    .option("--json", "print JSON", false)
    .addHelpText("after", "\nExample:\n  thalweg evaluate iris.safetensors more.csv")
    .action(async (file: string, rows: string, options: PredictorOptions) => {
      const { evaluate } = await import("./predict.js");
      await evaluate(file, rows, options);
    });

  forModels(program.command("predict"))
    .description("writes rows with the predictions of a model, and the probabilities of classes, as CSV")
    .option("--json", "write JSON lines", false)
    .option("--out <file>", "where they are written (default: standard output)")
    .addHelpText(
      "after",
      "\nExamples:\n  thalweg predict iris.safetensors new.csv > answers.csv\n  cat new.jsonl | thalweg predict iris.safetensors - --json",
    )
    .action(async (file: string, rows: string, options: PredictorOptions & { readonly out?: string }) => {
      const { predict } = await import("./predict.js");
      await predict(file, rows, options);
    });
}

/** What the commands about saved models share. */
const forModels = (command: Command): Command =>
  command
    .argument("<model>", "a .safetensors file with a schema")
    .argument("<rows>", ROWS)
    .addOption(unknown(undefined))
    .option("--missing <texts>", MISSING, list)
    .option("--separator <text>", SEPARATOR, separator);

function unknown(standard: string | undefined): Option {
  const usual = standard === undefined ? " (default: what was said in training)" : "";
  const option = new Option(
    "--unknown <how>",
    `what becomes of a category, or a missing value, that was not in training${usual}`,
  ).choices(["error", "stand-in"]);
  return standard === undefined ? option : option.default(standard);
}
