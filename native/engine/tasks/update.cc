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
#include "../registry.h"

namespace thalweg {
namespace {

// Threads share the elements of all parameters as if they lay one behind the other, in whole cache lines.
constexpr int64_t kGrain = 64;

template <typename Call>
struct Parameter {
  Call call;
  int64_t n;
  int64_t begin;  // elements of the parameters before it, rounded up to whole grains
  const double* lr;
  const double* step;
  const double* momentum;  // null: as in the call
};

template <typename T>
void set_step(SgdCall<T>& call, double step) {
  call.first = step <= 1;
}
template <typename T>
void set_momentum(SgdCall<T>& call, double momentum) {
  call.momentum = momentum;
}
template <typename T>
void set_momentum(AdamCall<T>& call, double momentum) {
  call.beta1 = momentum;
}
template <typename T>
void set_step(AdamCall<T>& call, double step) {
  call.step = step;
}

// Which operands of an outer update consist of the rows of w.
template <typename Call>
constexpr uint32_t kRowOperandsOf = 0;
template <typename T>
constexpr uint32_t kRowOperandsOf<SgdCall<T>> = 0b1011;  // w, dz, velocity
template <typename T>
constexpr uint32_t kRowOperandsOf<AdamCall<T>> = 0b111011;  // w, dz, m, v, v_max

// The call with what is known only while it runs.
template <typename Call>
Call ready(const Parameter<Call>& parameter) {
  Call call = parameter.call;
  call.lr = *parameter.lr;
  set_step(call, *parameter.step);
  if (parameter.momentum != nullptr) set_momentum(call, *parameter.momentum);
  return call;
}

template <typename Call, typename Fn>
class UpdateTask final : public Task {
 public:
  Fn kernel;
  Parameter<Call>* parameters;
  int64_t count;
  int64_t elements;

  void run(const Team& team, void*, Failure) const override {
    const Range mine = share(elements, team, kGrain);
    for (int64_t i = 0; i < count; ++i) {
      const Parameter<Call>& parameter = parameters[i];
      const int64_t begin = mine.begin > parameter.begin ? mine.begin - parameter.begin : 0;
      const int64_t end = mine.end - parameter.begin < parameter.n ? mine.end - parameter.begin : parameter.n;
      if (begin < end) kernel(ready(parameter), begin, end);
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

template <typename T>
void read_settings(Operands& operands, SgdCall<T>& call) {
  call.momentum = operands.number();
  call.dampening = operands.number();
  call.weight_decay = operands.number();
  call.nesterov = operands.flag();
  call.maximize = operands.flag();
}

template <typename T>
void read_settings(Operands& operands, AdamCall<T>& call) {
  call.beta1 = operands.number();
  call.beta2 = operands.number();
  call.eps = operands.number();
  call.weight_decay = operands.number();
  call.decoupled = operands.flag();
  call.maximize = operands.flag();
}

template <typename T>
void read_state(Operands& operands, int64_t n, DType dtype, SgdCall<T>& call) {
  call.velocity = static_cast<T*>(operands.optional(n, dtype));
  if (call.velocity == nullptr && call.momentum != 0)
    operands.fail("ERR_SHAPE", "momentum without a velocity");
}

template <typename T>
void read_state(Operands& operands, int64_t n, DType dtype, AdamCall<T>& call) {
  call.m = static_cast<T*>(operands.buffer(n, dtype));
  call.v = static_cast<T*>(operands.buffer(n, dtype));
  call.v_max = static_cast<T*>(operands.optional(n, dtype));
}

// Whether there is a state for a momentum other than the one of the settings.
template <typename T>
bool takes_momentum(const SgdCall<T>& call) {
  return call.velocity != nullptr;
}
template <typename T>
bool takes_momentum(const AdamCall<T>&) {
  return true;
}

// What follows the gradient.
template <typename T, template <typename> typename Call>
void read_rest(Operands& operands, DType dtype, Parameter<Call<T>>& parameter) {
  read_state(operands, parameter.n, dtype, parameter.call);
  parameter.lr = static_cast<const double*>(operands.buffer(1, DType::float64));
  parameter.step = static_cast<const double*>(operands.buffer(1, DType::float64));
  parameter.momentum = static_cast<const double*>(operands.optional(1, DType::float64));
  if (parameter.momentum != nullptr && !takes_momentum(parameter.call))
    operands.fail("ERR_SHAPE", "momentum without a velocity");
}

template <typename T, template <typename> typename Call, typename Fn>
Task* prepare(Operands& operands, Fn kernel, double nanoseconds, DType dtype, TaskStore& store) {
  auto* task = store.make<UpdateTask<Call<T>, Fn>>();
  task->kernel = kernel;
  task->count = operands.integer(1);
  if (task->count > operands.buffers_left()) operands.fail("ERR_SHAPE", "too few buffers");
  task->parameters = store.array<Parameter<Call<T>>>(static_cast<size_t>(task->count));
  for (int64_t i = 0; i < task->count; ++i) {
    Parameter<Call<T>>& parameter = task->parameters[i];
    parameter.n = operands.integer();
    parameter.begin = task->elements;
    task->elements += (parameter.n + kGrain - 1) / kGrain * kGrain;
    task->nanoseconds += nanoseconds * static_cast<double>(parameter.n);
  }
  Call<T> settings{};
  read_settings(operands, settings);
  for (int64_t i = 0; i < task->count; ++i) {
    Parameter<Call<T>>& parameter = task->parameters[i];
    parameter.call = settings;
    parameter.call.w = static_cast<T*>(operands.buffer(parameter.n, dtype));
    parameter.call.dw = {static_cast<const T*>(operands.buffer(parameter.n, dtype)), nullptr, 0};
    read_rest<T, Call>(operands, dtype, parameter);
  }
  return task;
}

template <typename T, template <typename> typename Call, typename Fn>
Task* prepare_outer(Operands& operands, Fn kernel, bool forms_products, double nanoseconds, DType dtype,
                    TaskStore& store) {
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
  read_rest<T, Call>(operands, dtype, parameter);
  if (parameter.n == 0) return nullptr;
  task->weights = rows;
  if (parameter.n * static_cast<int64_t>(sizeof(T)) > kSmallBytes) task->rows = rows;
  task->row_operands = OuterUpdateTask<T, Call<T>, Fn>::kRowOperands;
  task->nanoseconds = nanoseconds * static_cast<double>(parameter.n);
  return task;
}

template <template <typename> typename Call, typename Fn32, typename Fn64>
Task* prepare_kind(const Instruction& self, Operands& operands, Fn32 f32, Fn64 f64, const Table& table,
                   double nanoseconds, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  const bool outer = static_cast<Update>(self.kernel) == Update::outer;
  const bool forms = table.next_products;
  switch (dtype) {
    case DType::float32:
      return outer ? prepare_outer<float, Call>(operands, f32, forms, nanoseconds, dtype, store)
                   : prepare<float, Call>(operands, f32, nanoseconds, dtype, store);
    case DType::float64:
      return outer ? prepare_outer<double, Call>(operands, f64, forms, 2 * nanoseconds, dtype, store)
                   : prepare<double, Call>(operands, f64, 2 * nanoseconds, dtype, store);
    default:
      operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
  }
}

}  // namespace

Task* prepare_sgd(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  return prepare_kind<SgdCall>(self, operands, table.sgd_f32, table.sgd_f64, table, 0.1, store);
}

Task* prepare_adam(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  return prepare_kind<AdamCall>(self, operands, table.adam_f32, table.adam_f64, table, 0.3, store);
}

}  // namespace thalweg
