// What an optimizer does to its parameters, in place: one task for all that have the same settings.
//
// sgd:  parameters G, n of each, momentum, dampening, weight_decay, nesterov, maximize;
//       buffers for each: w, dw, velocity or none, lr, step, momentum or none.
// adam: parameters G, n of each, beta1, beta2, eps, weight_decay, decoupled, maximize;
//       buffers for each: w, dw, m, v, v_max or none, lr, step, beta1 or none.
// sgd_outer, adam_outer: parameters rows, columns, then the settings;
//       buffers w [rows, columns], dz [rows] and x [columns] instead of dw = dzᵀ·x, which is never written,
//       and the rest: one parameter, by its gradient at one sample.
// lr, step and the last are float64 [1], since they change from step to step; the last, where it is there,
// stands for the parameter of that name.
#include "update.h"

#include <algorithm>

#include "../dtypes.h"
#include "../task.h"
#include "update-call.h"

namespace thalweg {
namespace {

// Each thread has its part of a large one, the one that it has of its product and of its gradient.
template <typename Call>
bool is_large(const Parameter<Call>& parameter) {
  return parameter.n * static_cast<int64_t>(sizeof(*parameter.call.w)) > kSmallBytes;
}

// Which operands of an outer update consist of the rows of w.
template <typename Call>
constexpr uint32_t kRowOperandsOf = 0;
template <typename T>
constexpr uint32_t kRowOperandsOf<SgdCall<T>> = 0b1011;  // w, dz, velocity
template <typename T>
constexpr uint32_t kRowOperandsOf<AdamCall<T>> = 0b111011;  // w, dz, m, v, v_max

template <typename Call, typename Fn>
class UpdateTask final : public Task {
 public:
  Fn kernel;
  Parameter<Call>* parameters;
  int64_t count;
  int64_t elements;

  void run(const Team& team, void*, Failure) const override {
    const bool few = elements * static_cast<int64_t>(sizeof(*parameters->call.w)) <= kSmallBytes;
    const Range small = few ? Range{0, team.rank == 0 ? elements : 0} : share(elements, team, kGrain);
    for (int64_t i = 0; i < count; ++i) __builtin_prefetch(parameters[i].step);  // another thread counts
    for (int64_t i = 0; i < count; ++i) {
      const Parameter<Call>& parameter = parameters[i];
      const Range mine = is_large(parameter) ? share(parameter.n, team, kGrain)
                                             : Range{std::max(small.begin - parameter.begin, int64_t{0}),
                                                     std::min(small.end - parameter.begin, parameter.n)};
      if (mine.begin < mine.end) kernel(ready(parameter), mine.begin, mine.end);
    }
  }
};

// One parameter, by its gradient at one sample.
template <typename T, typename Call, typename Fn>
class OuterUpdateTask final : public Task {
 public:
  static constexpr size_t kVector = 2;  // the operand x
  static constexpr uint32_t kRowOperands = kRowOperandsOf<Call>;

  Fn kernel;
  Parameter<Call> parameter;
  DType dtype;
  int64_t weights;  // rows of w
  bool forms_products;
  bool reads_samples;
  Samples samples;

  bool can_read_samples(size_t operand, int64_t batch) const override {
    return operand == kVector && batch == 1;
  }
  void read_samples(size_t, const Samples& from) override {
    samples = from;
    reads_samples = true;
  }

  void run(const Team& team, void* scratch, Failure failure) const override {
    run_rows(share(weights, team), team, scratch, failure);
  }

  void run_rows(Range mine, const Team& team, void*, Failure) const override {
    if (mine.begin < mine.end) kernel(located(team.rank), mine.begin, mine.end);
  }

  bool can_form(const RowProducts& products) const override {
    return forms_products && products.dtype == dtype && products.w == parameter.call.w &&
           products.columns == parameter.call.dw.columns;
  }

  void run_rows_and_form(Range mine, const Team& team, const RowProducts& products,
                         const void* x) const override {
    if (mine.begin == mine.end) return;
    Call call = located(team.rank);
    call.next = {static_cast<const T*>(x), static_cast<T*>(products.y)};
    kernel(call, mine.begin, mine.end);
  }

 private:
  Call located(int32_t rank) const {
    Call call = ready(parameter);
    if (!reads_samples) return call;
    const auto* const x = static_cast<const T*>(samples.source(rank).data);
    call.dw.elements = x + *samples.order(rank) * call.dw.columns;
    return call;
  }
};

template <typename T, template <typename> typename Call, typename Fn>
Task* prepare(Operands& operands, Fn kernel, DType dtype, TaskStore& store) {
  auto* task = store.make<UpdateTask<Call<T>, Fn>>();
  task->kernel = kernel;
  task->count = operands.integer(1);
  if (task->count > operands.buffers_left()) operands.fail("ERR_SHAPE", "too few buffers");
  task->parameters = store.array<Parameter<Call<T>>>(static_cast<size_t>(task->count));
  for (int64_t i = 0; i < task->count; ++i) {
    Parameter<Call<T>>& parameter = task->parameters[i];
    parameter.n = operands.integer();
    parameter.begin = task->elements;
    if (!is_large(parameter)) task->elements += (parameter.n + kGrain - 1) / kGrain * kGrain;
    task->nanoseconds += kUpdateNanoseconds<Call<T>> * static_cast<double>(parameter.n);
  }
  Call<T> settings{};
  read_settings(operands, settings);
  for (int64_t i = 0; i < task->count; ++i) {
    Parameter<Call<T>>& parameter = task->parameters[i];
    parameter.call = settings;
    parameter.call.w = static_cast<T*>(operands.buffer(parameter.n, dtype));
    parameter.call.dw = {static_cast<const T*>(operands.buffer(parameter.n, dtype)), nullptr, 0};
    read_rest(operands, dtype, parameter);
  }
  return task;
}

template <typename T, template <typename> typename Call, typename Fn>
Task* prepare_outer(Operands& operands, Fn kernel, bool forms_products, DType dtype, TaskStore& store) {
  auto* task = store.make<OuterUpdateTask<T, Call<T>, Fn>>();
  task->kernel = kernel;
  task->dtype = dtype;
  task->forms_products = forms_products;
  const int64_t rows = operands.integer();
  const int64_t columns = operands.integer();
  Parameter<Call<T>>& parameter = task->parameter;
  parameter.n = operands.product(rows, columns);
  parameter.call = Call<T>{};
  read_settings(operands, parameter.call);
  parameter.call.w = static_cast<T*>(operands.buffer(parameter.n, dtype));
  const auto* const factors = static_cast<const T*>(operands.buffer(rows, dtype));
  parameter.call.dw = {static_cast<const T*>(operands.buffer(columns, dtype)), factors, columns};
  read_rest(operands, dtype, parameter);
  if (parameter.n == 0) return nullptr;
  task->weights = rows;
  if (parameter.n * static_cast<int64_t>(sizeof(T)) > kSmallBytes) task->rows = rows;
  task->takes_any_rows = true;
  task->row_operands = OuterUpdateTask<T, Call<T>, Fn>::kRowOperands;
  task->nanoseconds = kUpdateNanoseconds<Call<T>> * static_cast<double>(parameter.n);
  return task;
}

template <template <typename> typename Call, template <typename> typename Fn>
Task* prepare_kind(const Instruction& self, Operands& operands, const Floating<Fn>& kernels,
                   const Table& table, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  const bool outer = self.gradient == GradientForm::outer;
  return visit_types<float, double>(operands, dtype, [&]<typename T>(std::type_identity<T>) {
    const Fn<T> kernel = kernels.template of<T>();
    return outer ? prepare_outer<T, Call>(operands, kernel, table.next_products, dtype, store)
                 : prepare<T, Call>(operands, kernel, dtype, store);
  });
}

}  // namespace

Task* prepare_sgd(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  return prepare_kind<SgdCall>(self, operands, table.sgd, table, store);
}

Task* prepare_sgd_outer(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  return prepare_sgd(self, operands, table, store);
}

Task* prepare_adam_outer(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  return prepare_adam(self, operands, table, store);
}

Task* prepare_adam(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  return prepare_kind<AdamCall>(self, operands, table.adam, table, store);
}

}  // namespace thalweg
