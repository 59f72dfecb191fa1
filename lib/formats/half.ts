// float16 (IEEE binary16) and bfloat16 (the upper half of a float32). Functions from bits to bits: b is a float32's.

/** The float32 that equals a float16. A NaN keeps its bits. */
export function bitsOfFloat16(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // fraction · 2⁻²⁴: shifted until its leading 1 is the implicit one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** The float32 that equals a bfloat16. */
export function bitsOfBfloat16(half: number): number {
  return half << 16;
}

/** The nearest float16, of two the even one. A NaN stays one. */
export function toFloat16(b: number): number {
  const sign = (b >>> 16) & 0x8000;
  const magnitude = b & 0x7fffffff;
  if (magnitude > INFINITY) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 2¹⁶
  if (magnitude >= 0x38800000) return sign | roundedShift(magnitude - 0x38000000, 13); // 2⁻¹⁴
  if (magnitude < 0x33000000) return sign; // 2⁻²⁵
  // A multiple of 2⁻²⁴: the fraction is shifted by what the exponent is below that.
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  return sign | roundedShift(fraction, 126 - (magnitude >>> 23));
}

/** The nearest bfloat16, of two the even one. A NaN stays one. */
export function toBfloat16(b: number): number {
  const sign = (b >>> 16) & 0x8000;
  const magnitude = b & 0x7fffffff;
  if (magnitude > INFINITY) return sign | 0x7fc0 | (magnitude >>> 16);
  return sign | roundedShift(magnitude, 16);
}

const INFINITY = 0x7f800000;

/** bits / 2^shift, rounded to the nearest whole number, of two the even one. */
function roundedShift(bits: number, shift: number): number {
  const even = (bits >>> shift) & 1;
  return (bits + ((1 << (shift - 1)) - 1) + even) >>> shift;
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/**
 * A float32 from which `toFloat16` and `toBfloat16` round as from the float64: cut off, with the last bit set if
 * anything was cut ("round to odd"). Rounding to the nearest twice could go wrong at a tie.
 */
export function oddBitsOf(value: number): number {
  float[0] = value;
  const rounded = float[0] as number;
  const bits = floatBits[0] as number;
  if (rounded === value || Number.isNaN(value)) return bits;
  return (Math.abs(rounded) > Math.abs(value) ? bits - 1 : bits) | 1;
}
