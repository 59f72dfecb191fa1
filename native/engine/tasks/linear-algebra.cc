// Factors and solutions of square matrices, one for each of S in a stack; all are row-major.
//
// cholesky:         x [n, n] symmetric positive definite, of which the lower triangle is read → the lower L
//                   with x = L·Lᵀ. Parameters: S, n. Buffers: x, L.
// solve_triangular: op(a)·y = b for a triangular a [n, n], of which one triangle is read, and b [n, m].
//                   Parameters: S, n, m, upper, transpose, unit diagonal. Buffers: a, b, y.
// solve:            a·y = b for any a, by LU with partial pivoting.
//                   Parameters: S, n, m. Buffers: a, b, y.
// slogdet:          sign and ln|det a|, by LU. Parameters: S, n. Buffers: a, y [2].
//
// Block by block, as LAPACK does: what is left to do behind a block is a matrix product.
#include "linear-algebra.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "product.h"

namespace thalweg {
namespace {

// Rows and columns that are done element by element before a product does the rest.
constexpr int64_t kBlock = 48;
// A failure's position is matrix · this + pivot.
constexpr int64_t kPivots = int64_t{1} << 20;
constexpr int64_t kMatrices = int64_t{1} << (Failure::kPositionBits - 20);

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
  Product<T> product;
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
  // What is done to one matrix, in so many elements of memory; gives the pivot where it cannot be done, or
  // −1.
  virtual int64_t one(int64_t s, T* elements, void* scratch) const = 0;
  virtual int64_t elements_of_one() const { return 0; }

  // c [M, N] −= op(a) · op(b)
  void subtract_product(Part<T> c, Part<const T> a, Part<const T> b, int64_t M, int64_t N, int64_t K,
                        bool transpose_a, bool transpose_b, void* scratch) const {
    if (M == 0 || N == 0 || K == 0) return;
    MatmulCallOf<T> call{};
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
    product.kernel(call, Team{});
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

  static std::string place(int64_t position) {
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
            call.M = left;
            call.N = std::max<int64_t>(columns, 1);
            call.K = std::max<int64_t>(inner, 1);
            call.transpose_a = flags == 1;
            call.transpose_b = flags == 2;
            call.lda = call.ldb = call.ldc = call.lds = n;
            call.alpha = -1;
            call.beta = 1;
            most = std::max(most, product.scratch_of(call, 1));
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

template <typename T>
class CholeskyTask final : public StackTask<T> {
 public:
  const T* x;
  T* l;

  void explain(int64_t position) const override {
    throw Error("ERR_VALUE", "cholesky: expected a positive definite matrix: " + this->place(position) +
                                 " is not above 0");
  }

 private:
  int64_t one(int64_t s, T*, void* scratch) const override {
    const int64_t n = this->n;
    const Part<T> to{l + s * n * n, n};
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(x + (s * n + i) * n, i + 1, to[i]);
      std::fill(to[i] + i + 1, to[i] + n, T(0));
    }
    for (int64_t begin = 0; begin < n; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, n);
      const Part<const T> left{to[begin], n};
      this->subtract_product(to.from(begin, begin), left, left, n - begin, end - begin, begin, false, true,
                             scratch);
      for (int64_t i = begin; i < n; ++i) {
        for (int64_t j = begin; j <= i && j < end; ++j) {
          T sum = to[i][j];
          for (int64_t k = begin; k < j; ++k) sum -= to[i][k] * to[j][k];
          if (i == j && !(sum > 0)) return i;
          to[i][j] = i == j ? std::sqrt(sum) : sum / to[j][j];
        }
      }
      for (int64_t i = begin; i < end; ++i) std::fill(to[i] + i + 1, to[i] + end, T(0));
    }
    return -1;
  }
};

template <typename T>
class SolveTriangularTask final : public StackTask<T> {
 public:
  const T* a;
  const T* b;
  T* y;
  bool upper, transpose, unit;

 private:
  int64_t one(int64_t s, T*, void* scratch) const override {
    const int64_t n = this->n;
    const int64_t m = this->m;
    std::copy_n(b + s * n * m, n * m, y + s * n * m);
    this->solve_in_place({a + s * n * n, n}, {y + s * n * m, m}, m, upper, transpose, unit, scratch);
    return -1;
  }
};

template <typename T>
class SolveTask final : public StackTask<T> {
 public:
  const T* a;
  const T* b;
  T* y;

  void explain(int64_t position) const override {
    throw Error("ERR_VALUE", "solve: expected an invertible matrix: " + this->place(position) + " is 0");
  }

 private:
  int64_t elements_of_one() const override { return this->n * this->n; }

  int64_t one(int64_t s, T* elements, void* scratch) const override {
    const int64_t n = this->n;
    const int64_t m = this->m;
    const Part<T> lu{elements, n};
    const Part<T> x{y + s * n * m, m};
    std::copy_n(a + s * n * n, n * n, elements);
    std::copy_n(b + s * n * m, n * m, x.data);
    const int64_t bad =
        this->factorise(lu, scratch, [&](int64_t i, int64_t j) { std::swap_ranges(x[i], x[i] + m, x[j]); });
    if (bad >= 0) return bad;
    this->solve_in_place({elements, n}, x, m, false, false, true, scratch);
    this->solve_in_place({elements, n}, x, m, true, false, false, scratch);
    return -1;
  }
};

template <typename T>
class SlogdetTask final : public StackTask<T> {
 public:
  const T* a;
  T* y;

 private:
  int64_t elements_of_one() const override { return this->n * this->n; }

  int64_t one(int64_t s, T* elements, void* scratch) const override {
    const int64_t n = this->n;
    std::copy_n(a + s * n * n, n * n, elements);
    T sign = 1;
    T sum = 0;
    const Part<T> lu{elements, n};
    if (this->factorise(lu, scratch, [&](int64_t, int64_t) { sign = -sign; }) >= 0) {
      sign = 0;
      sum = -std::numeric_limits<T>::infinity();
    } else {
      for (int64_t i = 0; i < n; ++i) {
        if (lu[i][i] < 0) sign = -sign;
        sum += std::log(std::abs(lu[i][i]));
      }
    }
    y[2 * s] = sign;
    y[2 * s + 1] = sum;
    return -1;
  }
};

// What all begin with: the sizes, and the matrices behind the right-hand sides' columns where there are such.
template <template <typename> typename Of, typename T>
Of<T>* make(Operands& operands, const Product<T>& product, TaskStore& store) {
  auto* task = store.make<Of<T>>();
  task->product = product;
  task->count = operands.integer();
  task->n = operands.integer();
  if (task->n >= kPivots || task->count >= kMatrices) {
    operands.fail("ERR_SHAPE", "more matrices than 2^16, or larger ones than 2^20");
  }
  return task;
}

template <typename T>
int64_t elements(const StackTask<T>& task, Operands& operands, int64_t columns) {
  return operands.product(task.count, operands.product(task.n, columns));
}

// For so many products and sums in each matrix, a third of them in products.
template <typename T>
void estimate(StackTask<T>* task, double work) {
  task->nanoseconds = static_cast<double>(task->count) * (work / 4 + 50);
}

double power(int64_t n, int exponent) { return std::pow(static_cast<double>(n), exponent); }

}  // namespace

Task* prepare_cholesky(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  return with_product(operands, table, [&]<typename T>(const Product<T>& product) -> Task* {
    auto* task = make<CholeskyTask>(operands, product, store);
    const int64_t all = elements(*task, operands, task->n);
    task->x = static_cast<const T*>(operands.buffer(all, product.dtype));
    task->l = static_cast<T*>(operands.buffer(all, product.dtype));
    task->can_fail = true;
    estimate(task, power(task->n, 3) / 6);
    return all == 0 ? nullptr : task;
  });
}

Task* prepare_solve_triangular(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  return with_product(operands, table, [&]<typename T>(const Product<T>& product) -> Task* {
    auto* task = make<SolveTriangularTask>(operands, product, store);
    task->m = operands.integer();
    task->upper = operands.flag();
    task->transpose = operands.flag();
    task->unit = operands.flag();
    const int64_t results = elements(*task, operands, task->m);
    task->a = static_cast<const T*>(operands.buffer(elements(*task, operands, task->n), product.dtype));
    task->b = static_cast<const T*>(operands.buffer(results, product.dtype));
    task->y = static_cast<T*>(operands.buffer(results, product.dtype));
    estimate(task, power(task->n, 2) * static_cast<double>(task->m) / 2);
    return results == 0 ? nullptr : task;
  });
}

Task* prepare_solve(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  return with_product(operands, table, [&]<typename T>(const Product<T>& product) -> Task* {
    auto* task = make<SolveTask>(operands, product, store);
    task->m = operands.integer();
    const int64_t results = elements(*task, operands, task->m);
    task->a = static_cast<const T*>(operands.buffer(elements(*task, operands, task->n), product.dtype));
    task->b = static_cast<const T*>(operands.buffer(results, product.dtype));
    task->y = static_cast<T*>(operands.buffer(results, product.dtype));
    task->can_fail = true;
    estimate(task, power(task->n, 3) / 3 + power(task->n, 2) * static_cast<double>(task->m));
    return results == 0 ? nullptr : task;
  });
}

Task* prepare_slogdet(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  return with_product(operands, table, [&]<typename T>(const Product<T>& product) -> Task* {
    auto* task = make<SlogdetTask>(operands, product, store);
    task->a = static_cast<const T*>(operands.buffer(elements(*task, operands, task->n), product.dtype));
    task->y = static_cast<T*>(operands.buffer(operands.product(task->count, 2), product.dtype));
    estimate(task, power(task->n, 3) / 3);
    return task->count == 0 ? nullptr : task;
  });
}

}  // namespace thalweg
