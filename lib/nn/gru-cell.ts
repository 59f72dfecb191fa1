import { ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { addmm } from "../ops/addmm.js";
import { checkDTypes } from "../ops/define.js";
import { matmul } from "../ops/matmul.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { sigmoid } from "../ops/sigmoid.js";
import { split } from "../ops/split.js";
import { sub } from "../ops/sub.js";
import { tanh } from "../ops/tanh.js";
import { checkFlag, checkNumber, checkOptions } from "../options.js";
import { defaultGenerator } from "../random/generator.js";
import { zeros } from "../tensor/create.js";
import { format } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { type FloatOptions, readFloat } from "./float-options.js";
import { matrices } from "./matrices.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { registerModule } from "./registry.js";

export interface GRUCellOptions extends FloatOptions {
  /** Whether there are biases. Default: true. */
  readonly bias?: boolean;
}

/**
 * One step of a gated recurrent unit: the next hidden state h' of an input x and the hidden state h before
 * (Cho et al., 2014; torch.nn.GRUCell):
 *
 *     r = σ(W_ir·x + b_ir + W_hr·h + b_hr)             how much of h the candidate sees
 *     z = σ(W_iz·x + b_iz + W_hz·h + b_hz)             how much of h stays
 *     n = tanh(W_in·x + b_in + r ∘ (W_hn·h + b_hn))    the candidate
 *     h' = (1 − z) ∘ n + z ∘ h
 *
 * Shapes: x [B, in] and h [B, hidden], or x [in] and h [hidden] → h', as h. weight_ih [3·hidden, in] and
 * weight_hh [3·hidden, hidden] hold the rows of r, z and n, as the biases [3·hidden] do.
 * Init: U(−k, k), k = 1/√hidden, from the generator that `manualSeed` starts.
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 * @example
 * const cell = new nn.GRUCell(8, 16);
 * let h = zeros([32, 16]);
 * for (let t = 0; t < 5; t++) h = cell.forward(rand([32, 8]), h);
 */
export class GRUCell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly weight_ih: Parameter;
  readonly weight_hh: Parameter;
  readonly bias_ih: Parameter | null;
  readonly bias_hh: Parameter | null;

  constructor(inputSize: number, hiddenSize: number, options: GRUCellOptions = {}) {
    super();
    checkOptions("GRUCell", options, ["bias", "dtype"]);
    this.inputSize = checkNumber("GRUCell", "inputSize", inputSize, { min: 1, integer: true });
    this.hiddenSize = checkNumber("GRUCell", "hiddenSize", hiddenSize, { min: 1, integer: true });
    const bias = checkFlag("GRUCell", "bias", options.bias ?? true);
    const dtype = readFloat("GRUCell", options);
    const high = 1 / Math.sqrt(hiddenSize);
    const drawn = (...shape: number[]): Parameter =>
      new Parameter(defaultGenerator.uniform(shape, { low: -high, high, dtype }));
    this.weight_ih = drawn(3 * hiddenSize, inputSize);
    this.weight_hh = drawn(3 * hiddenSize, hiddenSize);
    this.bias_ih = bias ? drawn(3 * hiddenSize) : null;
    this.bias_hh = bias ? drawn(3 * hiddenSize) : null;
  }

  /** @param h The hidden state before. Default: zeros. */
  forward(x: Tensor, h?: Tensor | null): Tensor {
    checkTensor("GRUCell", "x", x);
    const { inputSize, hiddenSize } = this;
    const front = x.shape.slice(0, -1);
    const before = checkTensor("GRUCell", "h", h ?? zeros([...front, hiddenSize], { dtype: x.dtype }));
    checkDTypes("GRUCell", ["the weights", "x", "h"], [this.weight_ih, x, before], "float");
    const isOne = x.rank === 1;
    const wanted = isOne ? [hiddenSize] : [x.shape[0], hiddenSize];
    if (x.rank < 1 || x.rank > 2 || x.shape.at(-1) !== inputSize || String(before.shape) !== String(wanted)) {
      throw new ShapeError(
        `GRUCell: expected x [B, ${inputSize}] and h [B, ${hiddenSize}], or [${inputSize}] and [${hiddenSize}], got ${format(x.shape)} and ${format(before.shape)}`,
      );
    }
    const rows = (of: Tensor): Tensor => (isOne ? reshape(of, [1, of.size]) : of);
    const state = rows(before); // [B, hidden]
    const thirds = [hiddenSize, hiddenSize, hiddenSize];
    const parts = (of: Tensor, weight: Tensor, bias: Tensor | null): [Tensor, Tensor, Tensor] => {
      const all =
        bias === null
          ? matmul(of, weight, { transposeB: true })
          : addmm(bias, of, weight, { transposeB: true });
      return split(all, thirds, 1) as [Tensor, Tensor, Tensor];
    };
    const [xr, xz, xn] = parts(rows(x), this.weight_ih, this.bias_ih);
    const [hr, hz, hn] = parts(state, this.weight_hh, this.bias_hh);
    const z = sigmoid(add(xz, hz));
    const n = tanh(add(xn, mul(sigmoid(add(xr, hr)), hn)));
    const next = add(mul(sub(1, z), n), mul(z, state));
    return isOne ? reshape(next, [hiddenSize]) : next;
  }

  /** @internal */
  [matrices](): readonly Tensor[] {
    return [this.weight_ih, this.weight_hh];
  }
}

registerModule("GRUCell", GRUCell, {
  takes: ["inputSize", "hiddenSize"],
  unnamed: true,
  options: ({ bias_ih, weight_ih }) => ({
    bias: bias_ih === null ? false : undefined,
    dtype: weight_ih.dtype,
  }),

  inputs: { x: [4, 3], h: [4, 2] },
  cases: () => [
    [3, 2],
    [3, 2, { bias: false, dtype: "float64" }],
    { note: "one sample", arguments: [3, 2], inputs: { x: [3], h: [2] } },
    { note: "from zeros", arguments: [3, 2], inputs: { x: [4, 3] } },
  ],
});
