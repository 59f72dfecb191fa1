#!/usr/bin/env node
import process from "node:process";
import { Command, CommanderError } from "commander";
import { ArgumentError, FileError, ThalwegError } from "../errors.js";
import { version } from "../native/version.js";
import { type ConvertOptions, convert } from "./convert.js";
import { inspect } from "./inspect.js";
import { KIND_NAMES } from "./kinds/index.js";
import { styled } from "./layout.js";
import { read } from "./read.js";
import { addTableCommands, number } from "./table-commands.js";
import type { WatchCommandOptions } from "./watch.js";

// Exit codes: a file that is refused, and a command that is not understood.
const REFUSED = 1;
const MISUSED = 2;

function report(error: ThalwegError): void {
  process.stderr.write(`${styled("red", error.name)}: ${error.message}\n`);
}

const program = new Command("thalweg")
  .description("Trains models on tables, and looks into files of models and data.")
  .version(version)
  .showSuggestionAfterError()
  .exitOverride();

program
  .command("inspect")
  .argument("<file>", `${KIND_NAMES}; - reads standard input`)
  .description("shows what a file is: its layers, shapes, dtypes, parameters, size, metadata and checksum")
  .option("--json", "print JSON", false)
  .addHelpText(
    "after",
    "\nExamples:\n  thalweg inspect model.safetensors\n  thalweg inspect checkpoint.pt --json | jq '.arrays[].name'",
  )
  .action((file: string, options: { json: boolean }) => {
    process.stdout.write(`${inspect(file, read("inspect", file), options)}\n`);
  });

program
  .command("convert")
  .argument("<from>", "the file to read; - reads standard input")
  .argument("<to>", "the file to write; its name's end says as what")
  .description("writes the arrays of one file as another kind of file")
  .option("--dtype <dtype>", "the dtype of the floats in the new file: float16, bfloat16, float32, float64")
  .option("--input <shape>", "for .onnx: the shape of the model's input, with the batch: 1,784")
  .option("--input-dtype <dtype>", "for .onnx: the dtype of the model's input (default: its parameters')")
  .addHelpText(
    "after",
    "\nExamples:\n  thalweg convert model.pt model.safetensors\n  thalweg convert model.safetensors model.onnx --input 1,784",
  )
  .action(async (from: string, to: string, options: ConvertOptions) => {
    await convert(from, read("convert", from), to, options);
    process.stderr.write(`${from} → ${to}\n`);
  });

addTableCommands(program);

program
  .command("watch")
  .argument("<folder>", "the folder that fit writes into by its option watch, or one above it")
  .description("shows runs in a browser while they go on, stops them, and sets their learning rates")
  .option(
    "--port <n>",
    "the port on 127.0.0.1; 0: one that is free",
    number({ min: 0, max: 65_535, integer: true }),
    0,
  )
  .addHelpText(
    "after",
    "\nOpen the address that it prints, in a browser on this machine. Whoever has it can stop the runs.\n\nExamples:\n  thalweg watch runs\n  thalweg watch runs --port 6006",
  )
  .action(async (folder: string, options: WatchCommandOptions) => {
    const { watch } = await import("./watch.js");
    await watch(folder, options);
  });

// A reader that has seen enough closes the pipe.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  report(new FileError(`standard output could not be written: ${error.message}`));
  process.exit(REFUSED);
});

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : MISUSED;
  } else if (error instanceof ThalwegError) {
    report(error);
    process.exitCode = error instanceof ArgumentError ? MISUSED : REFUSED;
  } else {
    throw error;
  }
});
