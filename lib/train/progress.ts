import process from "node:process";
import { packageIfThere } from "../optional-package.js";
import type { EpochReport } from "./fit.js";

/** How far an epoch is. */
export interface BatchesDone {
  readonly epoch: number;
  /** Samples that are done, and those of the epoch; Infinity while they are not known. */
  readonly samples: number;
  readonly of: number;
  /** Over them. */
  readonly loss: number;
}

/** What follows a training: the display of its progress, or a file of its figures. */
export interface Progress {
  batch(done: BatchesDone): void;
  epoch(report: EpochReport): void;
  close(): void | Promise<void>;
}

/** All of these as one. */
export const together = (parts: readonly Progress[]): Progress => ({
  batch: (done) => {
    for (const part of parts) part.batch(done);
  },
  epoch: (report) => {
    for (const part of parts) part.epoch(report);
  },
  close: async () => {
    for (const part of parts) await part.close();
  },
});

const SILENT: Progress = { batch() {}, epoch() {}, close() {} };

/** One line for one epoch. */
function line(report: EpochReport, epochs: number): string {
  const figures = (values: Readonly<Record<string, number>>) =>
    Object.entries(values).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  const parts = [`loss ${report.loss.toFixed(4)}`, ...figures(report.metrics)];
  if (report.validation !== null)
    parts.push(...figures(report.validation).map((text) => `validation ${text}`));
  const speed = `${Math.round(report.samplesPerSecond).toLocaleString("en")} samples/s`;
  return `epoch ${report.epoch}/${epochs}  ${parts.join("  ")}  ${speed}`;
}

/** A bar for each epoch on a terminal, if cli-progress is installed; else a line for each epoch. */
export async function openProgress(wanted: boolean, epochs: number): Promise<Progress> {
  if (!wanted) return SILENT;
  const lines: Progress = {
    batch() {},
    epoch: (report) => process.stderr.write(`${line(report, epochs)}\n`),
    close() {},
  };
  if (!process.stderr.isTTY) return lines;
  const package_ = packageIfThere<typeof import("cli-progress")>("cli-progress");
  if (package_ === null) return lines;

  let bar: import("cli-progress").SingleBar | null = null;
  const { SingleBar, Presets } = package_;
  const figures = "loss {loss}  {speed} samples/s";
  const known = `epoch {epoch} [{bar}] {percentage}%  ${figures}  {eta_formatted} left`;
  const unknown = `epoch {epoch}  {value} samples  ${figures}`;
  let started = 0;
  return {
    batch({ epoch, samples, of, loss }) {
      if (bar === null) {
        bar = new SingleBar(
          {
            format: Number.isFinite(of) ? known : unknown,
            stream: process.stderr,
            clearOnComplete: true,
            hideCursor: true,
          },
          Presets.shades_classic,
        );
        bar.start(Number.isFinite(of) ? of : 0, 0, { epoch: `${epoch}/${epochs}`, loss: "", speed: "" });
        started = Date.now();
      }
      const speed = Math.round((samples * 1000) / Math.max(1, Date.now() - started)).toLocaleString("en");
      bar.update(samples, { loss: loss.toFixed(4), speed });
    },
    epoch(report) {
      bar?.stop();
      bar = null;
      lines.epoch(report);
    },
    close() {
      bar?.stop();
      bar = null;
    },
  };
}
