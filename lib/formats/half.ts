// float16 (IEEE binary16) and bfloat16 (the upper half of a float32). Functions from bits to bits: b is a float32's.

/** A type of floats in 16 bits. */
export interface HalfFormat {
  /** The bits of infinity. */
  readonly infinity: number;
  /** The float32s that equal the halves. A NaN keeps its bits. */
  decode(halves: Uint16Array, into: Uint32Array): void;
  /** The nearest halves to float32s, of two the even one. A NaN stays one. */
  encode(bits: Uint32Array, into: Uint16Array): void;
}

// Each loop calls one function by its name, which the compiler of V8 inlines.
export const HALVES: { readonly float16: HalfFormat; readonly bfloat16: HalfFormat } = {
  float16: {
    infinity: 0x7c00,
    decode(halves, into) {
      for (let i = 0; i < halves.length; i++) into[i] = bitsOfFloat16(halves[i] as number);
    },
    encode(bits, into) {
      for (let i = 0; i < bits.length; i++) into[i] = toFloat16(bits[i] as number);
    },
  },
  bfloat16: {
    infinity: 0x7f80,
    decode(halves, into) {
      for (let i = 0; i < halves.length; i++) into[i] = (halves[i] as number) << 16;
    },
    encode(bits, into) {
      for (let i = 0; i < bits.length; i++) into[i] = toBfloat16(bits[i] as number);
    },
  },
};

function bitsOfFloat16(half: number): number {
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

function toFloat16(b: number): number {
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

function toBfloat16(b: number): number {
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
 * A float32 that is encoded to the half that is nearest to the float64: cut off, with the last bit set if
 * anything was cut ("round to odd"). Rounding to the nearest twice could go wrong at a tie.
 */
export function oddBitsOf(value: number): number {
  float[0] = value;
  const rounded = float[0] as number;
  const bits = floatBits[0] as number;
  if (rounded === value || Number.isNaN(value)) return bits;
  return (Math.abs(rounded) > Math.abs(value) ? bits - 1 : bits) | 1;
}
