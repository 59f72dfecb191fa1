import process from "node:process";
import { Watch } from "../report/watch/server.js";
import { harmless } from "./layout.js";

export interface WatchCommandOptions {
  readonly port: number;
}

/** Serves the runs of a folder until Ctrl-C. */
export async function watch(folder: string, { port }: WatchCommandOptions): Promise<void> {
  const server = await Watch.open(folder, { port });
  process.stdout.write(`${server.url}\n`);
  process.stderr.write(`Runs in ${harmless(folder)}. Ctrl-C ends it.\n`);
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const one of ["SIGINT", "SIGTERM"] as const) process.once(one, resolve);
  });
  await server.close();
  process.stderr.write(signal === "SIGINT" ? "\n" : "");
}
