// What the tasks on stacks of square matrices have in common: they go block by block, as LAPACK does, and
// what is left to do after a block is a matrix product.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "product.h"

namespace thalweg {

// Rows and columns that are done element by element before a product does the rest.
inline constexpr int64_t kBlock = 48;
// A failure's position is matrix · this + pivot.
inline constexpr int64_t kPivots = int64_t{1} << 20;
inline constexpr int64_t kMatrices = int64_t{1} << (Failure::kPositionBits - 20);

// Part of a matrix whose rows are `stride` elements apart.
template <typename T>
struct Part {
  T* data;
  int64_t stride;

  T* operator[](int64_t row) const { return data + row * stride; }
  Part from(int64_t row, int64_t column) const { return {data + row * stride + column, stride}; }
};

// y −= factor · x
template <typename T>
void subtract(T* y, const T* x, T factor, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] -= factor * x[i];
}

template <typename T>
class StackTask : public Task {
 public:
  MatmulKernel<T> kernel;
  int64_t count;
  int64_t n;
  int64_t m = 0;

  // The threads share the matrices.
  void run(const Team& team, void* scratch, Failure failure) const override {
    auto* const own = static_cast<std::byte*>(scratch) + team.rank * scratch_of_one();
    const Range mine = share(count, team);
    for (int64_t s = mine.begin; s < mine.end; ++s) {
      const int64_t bad = one(s, reinterpret_cast<T*>(own + scratch_of_products()), own);
      if (bad >= 0) return failure.report(s * kPivots + bad);
    }
  }

  int64_t scratch_bytes(int32_t threads) const override { return threads * scratch_of_one(); }

 protected:
  // Does one matrix, with elements_of_one() elements of memory. Gives the pivot where that fails, or −1.
  virtual int64_t one(int64_t s, T* elements, void* scratch) const = 0;
  virtual int64_t elements_of_one() const { return 0; }

  // c [M, N] −= op(a) · op(b)
  void subtract_product(Part<T> c, Part<const T> a, Part<const T> b, int64_t M, int64_t N, int64_t K,
                        bool transpose_a, bool transpose_b, void* scratch) const {
    if (M == 0 || N == 0 || K == 0) return;
    MatmulCallOf<T> call{};
    call.caches = caches();
    call.M = M;
    call.N = N;
    call.K = K;
    call.a = a.data;
    call.b = b.data;
    call.c = c.data;
    call.lda = a.stride;
    call.ldb = b.stride;
    call.ldc = c.stride;
    call.lds = c.stride;
    call.transpose_a = transpose_a;
    call.transpose_b = transpose_b;
    call.alpha = -1;
    call.beta = 1;
    call.scratch = scratch;
    kernel.run(call, Team{});
  }

  // x [n, columns] ← op(a)⁻¹ · x
  void solve_in_place(Part<const T> a, Part<T> x, int64_t columns, bool upper, bool transpose, bool unit,
                      void* scratch) const {
    const auto at = [&](int64_t i, int64_t j) { return transpose ? a[j][i] : a[i][j]; };
    const bool backward = upper != transpose;
    const int64_t blocks = (n + kBlock - 1) / kBlock;
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t begin = (backward ? blocks - 1 - block : block) * kBlock;
      const int64_t end = std::min(begin + kBlock, n);
      for (int64_t step = 0; step < end - begin; ++step) {
        const int64_t i = backward ? end - 1 - step : begin + step;
        const int64_t first = backward ? i + 1 : begin;
        const int64_t last = backward ? end : i;
        for (int64_t j = first; j < last; ++j) subtract(x[i], x[j], at(i, j), columns);
        if (unit) continue;
        const T pivot = at(i, i);
        for (int64_t k = 0; k < columns; ++k) x[i][k] /= pivot;
      }
      const int64_t first = backward ? 0 : end;
      const int64_t rows = backward ? begin : n - end;
      const Part<const T> beside = transpose ? a.from(begin, first) : a.from(first, begin);
      subtract_product(x.from(first, 0), beside, {x[begin], x.stride}, rows, columns, end - begin, transpose,
                       false, scratch);
    }
  }

  // a ← L and U in one matrix, its rows exchanged so that each pivot is the largest in its column; `exchange`
  // is told of each exchange. Gives the first pivot that is 0, or −1.
  template <typename Exchange>
  int64_t factorise(Part<T> a, void* scratch, Exchange exchange) const {
    for (int64_t begin = 0; begin < n; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, n);
      for (int64_t k = begin; k < end; ++k) {
        int64_t best = k;
        for (int64_t i = k + 1; i < n; ++i) {
          if (std::abs(a[i][k]) > std::abs(a[best][k])) best = i;
        }
        if (best != k) {
          std::swap_ranges(a[k], a[k] + n, a[best]);
          exchange(k, best);
        }
        const T pivot = a[k][k];
        if (pivot == 0) return k;
        for (int64_t i = k + 1; i < n; ++i) {
          a[i][k] /= pivot;
          subtract(a[i] + k + 1, a[k] + k + 1, a[i][k], end - k - 1);
        }
      }
      const int64_t left = n - end;
      for (int64_t i = begin; i < end; ++i) {
        for (int64_t j = begin; j < i; ++j) subtract(a[i] + end, a[j] + end, a[i][j], left);
      }
      subtract_product(a.from(end, end), {a[end] + begin, a.stride}, {a[begin] + end, a.stride}, left, left,
                       end - begin, false, false, scratch);
    }
    return -1;
  }

  static std::string location(int64_t position) {
    return "matrix " + std::to_string(position / kPivots) + ", pivot " + std::to_string(position % kPivots);
  }

  ~StackTask() = default;

 private:
  static int64_t whole_lines(int64_t bytes) { return (bytes + 63) / 64 * 64; }

  // Of any of the products, which go from a block to the whole in each size.
  int64_t scratch_of_products() const {
    int64_t most = 0;
    for (int64_t left = n; left > 0; left -= kBlock) {
      for (const int64_t columns : {kBlock, left, m}) {
        for (const int64_t inner : {kBlock, n - left}) {
          for (const int flags : {0, 1, 2}) {
            MatmulCallOf<T> call{};
            call.caches = caches();
            call.M = left;
            call.N = std::max<int64_t>(columns, 1);
            call.K = std::max<int64_t>(inner, 1);
            call.transpose_a = flags == 1;
            call.transpose_b = flags == 2;
            call.lda = call.ldb = call.ldc = call.lds = n;
            call.alpha = -1;
            call.beta = 1;
            most = std::max(most, kernel.scratch_of(call, 1));
          }
        }
      }
    }
    return whole_lines(most);
  }

  int64_t scratch_of_one() const {
    return scratch_of_products() + whole_lines(elements_of_one() * static_cast<int64_t>(sizeof(T)));
  }
};

// What all begin with: how many matrices there are, and their size.
template <template <typename> typename Of, typename T, const Layout& L>
Of<T>* make_stack(const Named<L>& named, const MatmulKernel<T>& kernel, TaskStore& store) {
  auto* task = store.make<Of<T>>();
  task->kernel = kernel;
  task->count = named.size("S");
  task->n = named.size("n");
  if (task->n >= kPivots || task->count >= kMatrices) {
    named.fail("ERR_SHAPE", "more matrices than 2^16, or larger ones than 2^20");
  }
  return task;
}

// Elements of all matrices [n, columns].
template <typename T>
int64_t elements_of(const StackTask<T>& task, const Operands& operands, int64_t columns) {
  return operands.product(task.count, operands.product(task.n, columns));
}

// For this much work of a kind in each matrix: products, and as many sums.
template <typename T>
double stack_nanoseconds(const StackTask<T>& task, Cost cost, double work) {
  const auto count = static_cast<double>(task.count);
  return nanoseconds_of(cost, kDType<T>, count * work) + nanoseconds_of(Cost::matrix, kDType<T>, count);
}

// n^exponent · m
inline double power(int64_t n, int exponent, int64_t m = 1) {
  return std::pow(static_cast<double>(n), exponent) * static_cast<double>(m);
}

// Of all matrices, with whole numbers for each.
inline double stack_flops(int64_t count, double each) {
  return static_cast<double>(count) * std::floor(each + 0.5);
}

}  // namespace thalweg
