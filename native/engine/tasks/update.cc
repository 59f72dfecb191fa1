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
  size_t vector;  // the operand x
  Fn kernel;
  Parameter<Call> parameter;
  int64_t weights;  // rows of w
  bool forms_products;
  bool reads_samples;
  Samples samples;

  bool can_read_samples(size_t operand, int64_t batch) const override {
    return operand == vector && batch == 1;
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
    return forms_products && products.dtype == kDType<T> && products.w == parameter.call.w &&
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

// The layouts of a rule, and what is known of its rows: which operands of an outer update consist of those of
// w.
template <typename Call>
struct Rule;
template <typename T>
struct Rule<SgdCall<T>> {
  static constexpr const Layout& kWhole = describing::kSgd;
  static constexpr const Layout& kOuter = describing::kSgdOuter;
  static constexpr uint32_t kRowOperands = kOuter.bits("w", "dz", "velocity");
};
template <typename T>
struct Rule<AdamCall<T>> {
  static constexpr const Layout& kWhole = describing::kAdam;
  static constexpr const Layout& kOuter = describing::kAdamOuter;
  static constexpr uint32_t kRowOperands = kOuter.bits("w", "dz", "m", "v", "maxV");
};

template <typename T, typename Call, typename Fn>
Task* prepare_whole(const Operands& operands, Fn kernel, TaskStore& store) {
  const Named<Rule<Call>::kWhole> named(operands);
  auto* task = store.make<UpdateTask<Call, Fn>>();
  task->kernel = kernel;
  task->count = named.size("tensors");
  if (task->count == 0) operands.fail("ERR_SHAPE", "no tensors");
  task->parameters = store.array<Parameter<Call>>(static_cast<size_t>(task->count));
  Call settings{};
  read_settings(named, settings);
  for (int64_t i = 0; i < task->count; ++i) {
    Parameter<Call>& parameter = task->parameters[i];
    parameter.n = named.size("n", i);
    parameter.begin = task->elements;
    if (!is_large(parameter)) task->elements += (parameter.n + kGrain - 1) / kGrain * kGrain;
    parameter.call = settings;
    parameter.call.dw = {named.template read<T>("gradient", parameter.n, i), nullptr, 0};
    read_parameter(named, i, parameter);
    task->nanoseconds += nanoseconds_of(kUpdateCost<Call>, operands.dtype(), parameter.n);
  }
  return task;
}

template <typename T, typename Call, typename Fn>
Task* prepare_outer(const Operands& operands, Fn kernel, bool forms_products, TaskStore& store) {
  const Named<Rule<Call>::kOuter> named(operands);
  auto* task = store.make<OuterUpdateTask<T, Call, Fn>>();
  task->kernel = kernel;
  task->vector = Rule<Call>::kOuter.operand("x");
  task->forms_products = forms_products;
  const int64_t rows = named.size("rows");
  const int64_t columns = named.size("columns");
  Parameter<Call>& parameter = task->parameter;
  parameter.n = operands.product(rows, columns);
  parameter.call = Call{};
  read_settings(named, parameter.call);
  parameter.call.dw = {named.template read<T>("x", columns), named.template read<T>("dz", rows), columns};
  read_parameter(named, 0, parameter);
  if (parameter.n == 0) return nullptr;
  task->weights = rows;
  if (parameter.n * static_cast<int64_t>(sizeof(T)) > kSmallBytes) task->rows = rows;
  task->takes_any_rows = true;
  task->row_operands = Rule<Call>::kRowOperands;
  task->nanoseconds = nanoseconds_of(kUpdateCost<Call>, operands.dtype(), parameter.n);
  return task;
}

template <template <typename> typename Call, template <typename> typename Fn>
Task* prepare_by(const Operands& operands, const Floating<Fn>& kernels, const Table& table,
                 TaskStore& store) {
  return visit_types<float, double>(operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) {
    const Fn<T> kernel = kernels.template of<T>();
    return operands.instruction().gradient == GradientForm::outer
               ? prepare_outer<T, Call<T>>(operands, kernel, table.next_products, store)
               : prepare_whole<T, Call<T>>(operands, kernel, store);
  });
}

// Of all tensors.
template <const Layout& L>
double elements_of(const Named<L>& named) {
  double elements = 0;
  for (int64_t i = 0; i < named.size("tensors"); ++i) elements += static_cast<double>(named.size("n", i));
  return elements;
}

// The gradient's elements are products that are formed here.
template <const Layout& L>
double outer_flops(const Operands& operands) {
  const Named<L> named(operands);
  const double weights = static_cast<double>(named.size("rows")) * static_cast<double>(named.size("columns"));
  return weights * (1 + flops_of_update(named));
}

}  // namespace

double sgd_flops(const Operands& operands) {
  const Named<describing::kSgd> named(operands);
  return elements_of(named) * flops_of_update(named);
}

double adam_flops(const Operands& operands) {
  const Named<describing::kAdam> named(operands);
  return elements_of(named) * flops_of_update(named);
}

double sgd_outer_flops(const Operands& operands) { return outer_flops<describing::kSgdOuter>(operands); }

double adam_outer_flops(const Operands& operands) { return outer_flops<describing::kAdamOuter>(operands); }

Task* prepare_sgd(const Operands& operands, const Table& table, TaskStore& store) {
  return prepare_by<SgdCall>(operands, table.sgd, table, store);
}

Task* prepare_adam(const Operands& operands, const Table& table, TaskStore& store) {
  return prepare_by<AdamCall>(operands, table.adam, table, store);
}

}  // namespace thalweg
