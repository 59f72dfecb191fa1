/** Node tests of the package onnx that importOnnx does not pass, by name, and why. */
export const EXCUSED: readonly [pattern: RegExp, why: string][] = [
  [/^test_cast.*(INT2|INT4|FLOAT4|FLOAT8)/, "there are no tensors of that dtype"],
  [/^test_equal_string/, "there are no tensors of strings"],
  [/^test_identity_(opt|sequence)$/, "there are no values but tensors"],
  [/^test_not_\dd$/, "the model is of opset 1"],
  [/^test_scatter.*_(max|min|mul|multiply)(_with_element_indices)?$/, "a reduction other than add"],
  [/^test_training_dropout(_default)?(_mask)?$/, "the random numbers are other ones"],
  [/^test_attention_.*window(?!_default|.*expanded)/, "windows of keys"],
  [
    /^test_attention_.*(qk_matmul|padded_kv|nonpad)(?!.*expanded)/,
    "an output of scores, or the number of keys as an input",
  ],
];
