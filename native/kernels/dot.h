// The one order in which dot products are summed: the vectors of a line in turn into two sums, which are
// added, and then their lanes.
#pragma once

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "vector.h"

namespace thalweg {

// The sum of a vector's lanes, by halves: a chain of additions lane by lane takes longer than a short dot
// product.
template <typename T>
static inline __attribute__((always_inline)) T sum_of_lanes(Vector<T> v) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &v, sizeof(v));
#pragma GCC unroll 4
  for (int64_t half = kLanes<T> / 2; half > 0; half /= 2) {
    for (int64_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

// The lanes of a vector, as a list that a shuffle can be written from.
template <int... lanes>
struct LaneList {};
template <int n, int... lanes>
struct CountLanes : CountLanes<n - 1, n - 1, lanes...> {};
template <int... lanes>
struct CountLanes<0, lanes...> {
  using List = LaneList<lanes...>;
};

// Joins the halves of each group of lanes: those of a's groups come first, then those of b's.
template <int group, typename V, typename Join, int... lane>
static inline __attribute__((always_inline)) V join_halves(const Join& join, V a, V b, LaneList<lane...>) {
  constexpr int half = group / 2;
  constexpr int other = sizeof...(lane);
  const V low = __builtin_shufflevector(
      a, b, ((lane % group < half ? 0 : other) + lane / group * group + lane % half)...);
  const V high = __builtin_shufflevector(
      a, b, ((lane % group < half ? 0 : other) + lane / group * group + lane % half + half)...);
  return join(low, high);
}

// The lanes of each of kLanes vectors joined to one, in as many steps as a vector can be halved.
template <typename T, int group = static_cast<int>(kLanes<T>), typename Join>
static inline __attribute__((always_inline)) Vector<T> join_lanes(const Join& join, Vector<T>* v) {
  if constexpr (group > 1) {
    using Lanes = typename CountLanes<static_cast<int>(kLanes<T>)>::List;
#pragma GCC unroll 8
    for (int i = 0; i < group / 2; ++i) v[i] = join_halves<group>(join, v[i], v[i + group / 2], Lanes{});
    return join_lanes<T, group / 2>(join, v);
  }
  return v[0];
}

// The same of one vector, in every lane.
template <typename T, int group = static_cast<int>(kLanes<T>), typename Join>
static inline __attribute__((always_inline)) Vector<T> join_own_lanes(const Join& join, Vector<T> v) {
  if constexpr (group > 1) {
    using Lanes = typename CountLanes<static_cast<int>(kLanes<T>)>::List;
    return join_own_lanes<T, group / 2>(join, join_halves<group>(join, v, v, Lanes{}));
  }
  return v;
}

template <typename T>
static inline __attribute__((always_inline)) Vector<T> sums_of_lanes(Vector<T>* v) {
  return join_lanes<T>([](Vector<T> a, Vector<T> b) { return a + b; }, v);
}

template <typename T>
struct DotSum {
  Vector<T> even{};
  Vector<T> odd{};  // and what is left at the end of the line, of less than a vector

  T total() const { return sum_of_lanes<T>(even + odd); }
};

// Stores the first `count` lanes, in pieces and not by a mask: the next line begins where this one ends, and
// a load there would wait for a masked store.
template <int64_t piece, typename T>
static inline __attribute__((always_inline)) void store_pieces(T* to, const T* lanes, int64_t count) {
  if (count & piece) {
    __builtin_memcpy(to, lanes, static_cast<size_t>(piece) * sizeof(T));
    to += piece;
    lanes += piece;
  }
  if constexpr (piece > 1) store_pieces<piece / 2>(to, lanes, count);
}

// What vectors leave at the end of a line: `count` elements, less than one more vector, of a line of at least
// one. Other lanes are 0.
#if defined(__AVX512F__)

static inline __attribute__((always_inline)) Vector<float> load_lanes_or(uint32_t mask, const float* x,
                                                                         Vector<float> other) {
  return _mm512_mask_loadu_ps(other, static_cast<__mmask16>(mask), x);
}
static inline __attribute__((always_inline)) Vector<double> load_lanes_or(uint32_t mask, const double* x,
                                                                          Vector<double> other) {
  return _mm512_mask_loadu_pd(other, static_cast<__mmask8>(mask), x);
}
static inline __attribute__((always_inline)) Vector<float> only_lanes(uint32_t mask, Vector<float> v) {
  return _mm512_maskz_mov_ps(static_cast<__mmask16>(mask), v);
}
static inline __attribute__((always_inline)) Vector<double> only_lanes(uint32_t mask, Vector<double> v) {
  return _mm512_maskz_mov_pd(static_cast<__mmask8>(mask), v);
}

// With masks, the first lanes of a vector that does not overlap: its load waits for no store.
template <typename T>
class LastLanes {
 public:
  explicit LastLanes(int64_t count) : count_(count), mask_((uint32_t{1} << count) - 1) {}

  Vector<T> load_before(const T* end) const { return load_lanes_or(mask_, end - count_, Vector<T>{}); }
  Vector<T> only(Vector<T> v) const { return only_lanes(mask_, v); }
  void store_before(T* end, Vector<T> v) const {
    T lanes[kLanes<T>];
    store(static_cast<T*>(lanes), v);
    store_pieces<kLanes<T> / 2>(end - count_, static_cast<const T*>(lanes), count_);
  }

 private:
  int64_t count_;
  uint32_t mask_;
};

// The first lanes, one to all, of a vector that may be the last thing there is to read.
template <typename T>
class FirstLanes {
 public:
  explicit FirstLanes(int64_t count) : mask_((uint32_t{1} << count) - 1) {}

  Vector<T> load_or(const T* x, T other) const { return load_lanes_or(mask_, x, Vector<T>{} + other); }

 private:
  uint32_t mask_;
};

#else

template <typename T>
using LaneMask = decltype(Vector<T>{} < Vector<T>{});

// Those before `end`, the last lanes of a vector that overlaps with the one before. A choice and not a
// product with 0, which would make a NaN of ∞.
template <typename T>
class LastLanes {
 public:
  explicit LastLanes(int64_t count) : count_(count) {
#pragma GCC unroll 16
    for (int64_t l = 0; l < kLanes<T>; ++l) is_in_[l] = l >= kLanes<T> - count ? -1 : 0;
  }

  Vector<T> load_before(const T* end) const { return only(load(end - kLanes<T>)); }
  Vector<T> only(Vector<T> v) const { return is_in_ ? v : Vector<T>{}; }
  void store_before(T* end, Vector<T> v) const {
    T lanes[kLanes<T>];
    store(static_cast<T*>(lanes), v);
    store_pieces<kLanes<T> / 2>(end - count_, static_cast<const T*>(lanes) + kLanes<T> - count_, count_);
  }

 private:
  int64_t count_;
  LaneMask<T> is_in_;
};

// What is in a mask of the first `count` lanes, and 0 elsewhere.
#if defined(__AVX__)
static inline __attribute__((always_inline)) Vector<float> load_first(LaneMask<float> is_in, int64_t,
                                                                      const float* x) {
  return _mm256_maskload_ps(x, reinterpret_cast<__m256i>(is_in));
}
static inline __attribute__((always_inline)) Vector<double> load_first(LaneMask<double> is_in, int64_t,
                                                                       const double* x) {
  return _mm256_maskload_pd(x, reinterpret_cast<__m256i>(is_in));
}
#else
template <typename T>
static inline __attribute__((always_inline)) Vector<T> load_first(LaneMask<T>, int64_t count, const T* x) {
  Vector<T> v{};
  __builtin_memcpy(&v, x, static_cast<size_t>(count) * sizeof(T));
  return v;
}
#endif

// The first lanes, one to all, of a vector that may be the last thing there is to read.
template <typename T>
class FirstLanes {
 public:
  explicit FirstLanes(int64_t count) : count_(count) {
    LaneMask<T> lane{};
#pragma GCC unroll 16
    for (int64_t l = 0; l < kLanes<T>; ++l) lane[l] = l;
    is_in_ = lane < static_cast<decltype(lane[0] + 0)>(count);
  }

  Vector<T> load_or(const T* x, T other) const {
    return is_in_ ? load_first(is_in_, count_, x) : Vector<T>{} + other;
  }

 private:
  int64_t count_;
  LaneMask<T> is_in_;
};

#endif

}  // namespace thalweg
