// Scaled dot-product attention: softmax(Q·Kᵀ·scale + mask)·V.
import { ShapeError } from "../../errors.js";
import * as ops from "../../ops/index.js";
import { arange } from "../../tensor/create.js";
import { format } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { at } from "./inputs.js";
import { operator } from "./registry.js";

/** x [B, L, heads·size] as [B, heads, L, size]; x with four axes as it is. */
function byHeads(x: Tensor, heads: number | undefined): Tensor {
  if (x.rank === 4) return x;
  const [batch, length, width] = x.shape as [number, number, number];
  if (x.rank !== 3 || heads === undefined || width % heads !== 0)
    throw new ShapeError(`expected [B, heads, L, size], or [B, L, width] and heads, got ${format(x.shape)}`);
  return ops.permute(ops.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** Each of the few heads of keys and values for several heads of queries. */
function shared(x: Tensor, heads: number): Tensor {
  const [batch, own, length, size] = x.shape as [number, number, number, number];
  if (own === heads) return x;
  if (own === 0 || heads % own !== 0)
    throw new ShapeError(`expected heads of queries to be a multiple of ${own}, got ${heads}`);
  const wide = ops.expand(ops.reshape(x, [batch, own, 1, length, size]), [
    batch,
    own,
    heads / own,
    length,
    size,
  ]);
  return ops.reshape(wide, [batch, heads, length, size]);
}

/** True where a query of L may look at a key of S: at none after its own position, which is i + offset. */
function causal(L: number, S: number, offset: number): Tensor {
  const query = ops.add(ops.reshape(arange(L, { dtype: "int32" }), [L, 1]), offset);
  return ops.lessEqual(arange(S, { dtype: "int32" }), query);
}

/** The scores where they are allowed, −∞ elsewhere. */
function masked(scores: Tensor, mask: Tensor | null, isCausal: Tensor | null): Tensor {
  const allowed = isCausal === null ? scores : ops.where(isCausal, scores, -Infinity);
  if (mask === null) return allowed;
  const short = (scores.shape.at(-1) ?? 0) - (mask.shape.at(-1) ?? 0);
  const isTruth = mask.dtype === "bool";
  // Keys that a short mask does not speak of are left out.
  const whole = short > 0 ? ops.pad(mask, -1, 0, short, isTruth ? false : -Infinity) : mask;
  return isTruth ? ops.where(whole, allowed, -Infinity) : ops.add(allowed, whole);
}

/** Softmax along the last axis; 0 where nothing is allowed. */
function weights(scores: Tensor): Tensor {
  const isNone = ops.equal(ops.amax(ops.detach(scores), { dim: -1, keepdim: true }), -Infinity);
  return ops.where(isNone, 0, ops.softmax(ops.where(isNone, 0, scores), { dim: -1 }));
}

const orNull = (value: Tensor | null | undefined): Tensor | null => value ?? null;

operator("Attention", {
  since: 23,
  inputs: [3, 6],
  outputs: [1, 3],
  make: ({ attributes, outputs }) => {
    const isCausal = attributes.flag("is_causal", false);
    const scale = attributes.float("scale");
    const softcap = attributes.float("softcap", 0);
    const queryHeads = attributes.int("q_num_heads");
    const keyHeads = attributes.int("kv_num_heads");
    attributes.ignore("softmax_precision", "qk_matmul_output_mode");
    for (const name of ["left_window_size", "right_window_size"]) {
      const size = attributes.int(name, -1);
      if (size !== -1) attributes.refuse(name, size, "windows are not supported");
    }
    return (inputs) => {
      const x = at(inputs, 0);
      const query = byHeads(x, queryHeads);
      const [heads, L, size] = query.shape.slice(1) as [number, number, number];
      const [key, value] = [1, 2].map((i) => {
        const past = orNull(inputs[i + 3]);
        const own = byHeads(at(inputs, i), keyHeads);
        return past === null ? own : ops.concat([past, own], 2);
      }) as [Tensor, Tensor];
      const S = key.shape[2] as number;
      const factor = Math.sqrt(scale ?? 1 / Math.sqrt(size));
      const product = ops.matmul(ops.mul(query, factor), ops.mul(shared(key, heads), factor), {
        transposeB: true,
      });
      const capped = softcap > 0 ? ops.mul(ops.tanh(ops.div(product, softcap)), softcap) : product;
      const before = orNull(inputs[4])?.shape[2] ?? 0;
      const scores = masked(capped, orNull(inputs[3]), isCausal ? causal(L, S, before) : null);
      const mayBeEmpty = scores !== capped;
      const share = mayBeEmpty ? weights(scores) : ops.softmax(scores, { dim: -1 });
      const y = ops.matmul(share, shared(value, heads));
      const joined =
        x.rank === 4 ? y : ops.reshape(ops.permute(y, [0, 2, 1, 3]), [y.shape[0] as number, L, -1]);
      return outputs.length > 1 ? [joined, key, value] : joined;
    };
  },
});
