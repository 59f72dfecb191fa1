import type { Optimizer } from "../optim/optimizer.js";
import type { EpochReport } from "./fit.js";
import type { Progress } from "./progress.js";

/**
 * Writes the figures of each epoch to a folder for TensorBoard: `loss/train`, `loss/validation` and the same of each
 * metric, the learning rates, and the speed.
 */
export async function openBoard(folder: string, optimizer: Optimizer<object>): Promise<Progress> {
  const { TensorBoard } = await import("../tensorboard/index.js");
  const board = new TensorBoard(folder);
  const add = (figures: Readonly<Record<string, number>>, part: string, epoch: number): void => {
    for (const [name, value] of Object.entries(figures)) board.addScalar(`${name}/${part}`, value, epoch);
  };
  return {
    batch() {},
    epoch({ epoch, loss, metrics, validation, samplesPerSecond }: EpochReport) {
      add({ loss, ...metrics }, "train", epoch);
      if (validation !== null) add({ ...validation }, "validation", epoch);
      for (const [name, rate] of ratesOf(optimizer)) board.addScalar(name, rate, epoch);
      board.addScalar("samples per second", samplesPerSecond, epoch);
    },
    close: () => board.close(),
  };
}

/** The learning rate of each group. */
function ratesOf({ groups }: Optimizer<object>): [name: string, rate: number][] {
  return groups.map(({ lr }, i) => [groups.length === 1 ? "lr" : `lr/group ${i}`, lr]);
}
