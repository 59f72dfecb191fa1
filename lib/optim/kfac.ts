import { types } from "node:util";
import { hvp } from "../autodiff/jacobian.js";
import { vjp } from "../autodiff/transforms.js";
import { noGrad } from "../context/grad-mode.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { concat } from "../ops/concat.js";
import { detach } from "../ops/detach.js";
import { expand } from "../ops/expand.js";
import { matmul } from "../ops/matmul.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { slice } from "../ops/slice.js";
import { stack } from "../ops/stack.js";
import { trace } from "../ops/trace.js";
import { checkFunction, describe } from "../options.js";
import { eye, ones, zeros } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { type CurvatureOptions, inverted, readDamping } from "./curvature.js";
import type { StatefulPreconditioner } from "./gradient-descent.js";

/** What is needed of a model and of its Linear layers. */
interface Model {
  namedModules(): Iterable<[name: string, module: Layer]>;
  parameters(): Tensor[];
}

interface Layer {
  readonly inFeatures?: number | undefined;
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | null | undefined;
  registerForwardHook(
    hook: (module: object, inputs: readonly Tensor[], output: Tensor) => Tensor,
  ): () => void;
}

interface LinearLayer extends Layer {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** A layer with what it is given and what it gives for the samples: a [B, in] and z [B, out]. */
interface Seen {
  readonly layer: LinearLayer;
  readonly name: string;
  readonly a: Tensor;
  readonly z: Tensor;
}

/** Of one layer: A⁻¹ and G⁻¹, and where its weight and bias stand among all parameters. */
interface Block {
  readonly inputs: Tensor;
  readonly outputs: Tensor;
  readonly weightAt: number;
  readonly biasAt: number | null;
}

/**
 * The preconditioner of K-FAC for the Linear layers of a model (Martens and Grosse, 2015): the curvature of Gauss and
 * Newton as one block for each layer, and of each block the product of two small matrices,
 *
 *     A = mean over samples of a·aᵀ       a: what the layer is given, with a 1 for the bias
 *     G = Σ over samples of Dᵀ·H·D        D = ∂y/∂z of the layer's output z, H = ∂²cost/∂y²
 *     P·∂L/∂W = (G + √λ/π·1)⁻¹ · ∂L/∂W · (A + π·√λ·1)⁻¹,   π² = mean of A's diagonal / mean of G's
 *
 * G is computed with each output's gradient, and not from samples of the model's own distribution. It is exact for
 * one Linear layer with squared error. Other parameters keep their gradient. It is for the optimizer of
 * `model.parameters()`, and is made anew every few steps: the setter takes new values over in compiled steps.
 * @param outputs The model's outputs [B, K] as a function of its parameters.
 * @param cost The loss as a function of the outputs: a sum or mean over samples.
 * @param options `damping`: λ ≥ 0. Default: 0.
 * @example
 * optimizer.preconditioner = optim.kfac(model, () => model.forward(x), (z) => cost.crossEntropy(z, y), { damping: 1e-2 });
 * @throws ArgumentError without Linear layers, where one is called twice, or where a damped factor is not positive
 *   definite; ShapeError for outputs or inputs of layers that are not [B, n]
 */
export function kfac(
  model: Model,
  outputs: () => Tensor,
  cost: (y: Tensor) => Tensor,
  options: CurvatureOptions = {},
): StatefulPreconditioner {
  const damping = readDamping("kfac", options);
  if (typeof model?.namedModules !== "function" || types.isProxy(model)) {
    throw new ArgumentError(`kfac: expected model to be a Module, got ${describe(model)}`);
  }
  checkFunction("kfac", "outputs", outputs);
  checkFunction("kfac", "cost", cost);
  const parameters = model.parameters().filter(({ requiresGrad }) => requiresGrad);
  const { seen, y, pullback } = watch(linearLayers(model), outputs);
  const curvature = curvatureOf(cost, y);
  const starts = startsOf(parameters);
  const jacobians = rowsOf(y).map((row) => pullback(row));
  const blocks = noGrad(() =>
    seen.flatMap(({ layer, a }, i): Block[] => {
      const weightAt = starts.get(layer.weight);
      if (weightAt === undefined) return []; // frozen
      const biasAt = layer.bias === null ? null : (starts.get(layer.bias) ?? null);
      const D = stack(jacobians.map((all) => all[i] as Tensor)); // [K, B, out]
      const [A, G] = [inputFactor(a, biasAt !== null), outputFactor(D, curvature)];
      const pi = Math.sqrt(meanDiagonal(A) / meanDiagonal(G));
      const share = Math.sqrt(damping);
      const inputs = inverted("kfac", A, share === 0 ? 0 : pi * share);
      return [{ inputs, outputs: inverted("kfac", G, share === 0 ? 0 : share / pi), weightAt, biasAt }];
    }),
  );
  const apply = (gradient: Tensor): Tensor => precondition(checkTensor("kfac", "gradient", gradient), blocks);
  return Object.assign(apply, { state: blocks.flatMap((block) => [block.inputs, block.outputs]) });
}

function linearLayers(model: Model): Map<LinearLayer, string> {
  const layers = new Map<LinearLayer, string>();
  for (const [name, module] of model.namedModules()) {
    if (typeof module.inFeatures === "number" && isTensor(module.weight)) {
      layers.set(module as LinearLayer, name || "the model");
    }
  }
  if (layers.size === 0) throw new ArgumentError("kfac: expected a model with Linear layers");
  return layers;
}

/** Runs the model once to see its layers, and once more to find how y depends on each layer's z. */
function watch(
  layers: ReadonlyMap<LinearLayer, string>,
  outputs: () => Tensor,
): { seen: readonly Seen[]; y: Tensor; pullback: (dy: Tensor) => Tensor[] } {
  const seen: Seen[] = [];
  const first = withHooks(layers, outputs, (layer, a, z) => {
    const name = layers.get(layer) as string;
    if (a.rank !== 2)
      throw new ShapeError(`kfac: expected ${name} to be given [B, in], got ${format(a.shape)}`);
    if (seen.some((other) => other.layer === layer)) {
      throw new ArgumentError(`kfac: expected ${name} to be called once, it was called twice`);
    }
    seen.push({ layer, name, a: detach(a), z });
    return z;
  });
  if (first.rank !== 2) throw new ShapeError(`kfac: expected outputs [B, K], got ${format(first.shape)}`);
  const order = seen.map(({ layer }) => layer);
  const [y, pullback] = vjp(
    (...moves: Tensor[]) =>
      withHooks(layers, outputs, (layer, _, z) => add(z, moves[order.indexOf(layer)] as Tensor)),
    ...seen.map(({ z }) => zeros(z.shape, { dtype: z.dtype })),
  );
  return { seen, y: detach(y), pullback };
}

function withHooks(
  layers: ReadonlyMap<LinearLayer, string>,
  outputs: () => Tensor,
  hook: (layer: LinearLayer, a: Tensor, z: Tensor) => Tensor,
): Tensor {
  const removers = Array.from(layers.keys(), (layer) =>
    layer.registerForwardHook((_, [a], z) => hook(layer, a as Tensor, z)),
  );
  try {
    return checkTensor("kfac", "the outputs", outputs());
  } finally {
    for (const remove of removers) remove();
  }
}

/** For each output k: 1 in column k and 0 elsewhere, [B, K]. */
function rowsOf({ shape, dtype }: Tensor): Tensor[] {
  const [samples, classes] = shape as [number, number];
  const identity = eye(classes, { dtype });
  return Array.from({ length: classes }, (_, k) =>
    expand(slice(identity, 0, { start: k, end: k + 1 }), [samples, classes]),
  );
}

/** H of each sample: [B, K, K]. */
function curvatureOf(cost: (y: Tensor) => Tensor, y: Tensor): Tensor {
  const columns = rowsOf(y).map((row) => hvp(cost, [y], [row])[1][0] as Tensor);
  return noGrad(() => stack(columns.map(detach), 2));
}

/** a [B, in], followed by a 1 where there is a bias → A. */
function inputFactor(a: Tensor, hasBias: boolean): Tensor {
  const samples = a.shape[0] as number;
  const given = hasBias ? concat([a, ones([samples, 1], { dtype: a.dtype })], 1) : a;
  return mul(matmul(given, given, { transposeA: true }), 1 / samples);
}

/** D [K, B, out] and H [B, K, K] → G = Σ_b D_bᵀ·H_b·D_b. */
function outputFactor(D: Tensor, H: Tensor): Tensor {
  const [classes, samples, out] = D.shape as [number, number, number];
  const bySample = D.transpose(0, 1); // [B, K, out]
  const turned = matmul(H, bySample); // [B, K, out]
  const flat = (x: Tensor): Tensor => reshape(x, [samples * classes, out]);
  return matmul(flat(bySample), flat(turned), { transposeA: true });
}

const meanDiagonal = (matrix: Tensor): number => trace(matrix).item() / (matrix.shape[0] as number);

/** Where each parameter begins in the list of all their numbers. */
function startsOf(parameters: readonly Tensor[]): Map<Tensor, number> {
  const starts = new Map<Tensor, number>();
  let at = 0;
  for (const parameter of parameters) {
    starts.set(parameter, at);
    at += parameter.size;
  }
  return starts;
}

/** G⁻¹·M·A⁻¹ of each layer's gradient M = [∂L/∂W, ∂L/∂b]; the rest as it is. */
function precondition(gradient: Tensor, blocks: readonly Block[]): Tensor {
  const pieces: { at: number; piece: Tensor }[] = [];
  for (const { inputs, outputs, weightAt, biasAt } of blocks) {
    const out = outputs.shape[0] as number;
    const columns = (inputs.shape[0] as number) - (biasAt === null ? 0 : 1);
    const take = (at: number, shape: number[]): Tensor =>
      reshape(slice(gradient, 0, { start: at, end: at + out * (shape[1] as number) }), shape);
    const dW = take(weightAt, [out, columns]);
    const M = biasAt === null ? dW : concat([dW, take(biasAt, [out, 1])], 1);
    const moved = matmul(matmul(outputs, M), inputs);
    pieces.push({ at: weightAt, piece: reshape(slice(moved, 1, { end: columns }), [out * columns]) });
    if (biasAt !== null)
      pieces.push({ at: biasAt, piece: reshape(slice(moved, 1, { start: columns }), [out]) });
  }
  pieces.sort((a, b) => a.at - b.at);
  const all: Tensor[] = [];
  let at = 0;
  for (const { at: start, piece } of [...pieces, { at: gradient.size, piece: null }]) {
    if (start > at) all.push(slice(gradient, 0, { start: at, end: start }));
    if (piece !== null) all.push(piece);
    at = start + (piece?.size ?? 0);
  }
  return concat(all);
}
