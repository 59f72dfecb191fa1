// What an optimizer does to its parameters, in place: one task for all that have the same settings.
//
// sgd:  parameters G, n of each, momentum, dampening, weight_decay, nesterov, maximize;
//       buffers for each: w, dw, velocity or none, lr, step, momentum or none.
// adam: parameters G, n of each, beta1, beta2, eps, weight_decay, decoupled, maximize;
//       buffers for each: w, dw, m, v, v_max or none, lr, step, beta1 or none.
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
      if (begin >= end) continue;
      Call ready = parameter.call;
      ready.lr = *parameter.lr;
      set_step(ready, *parameter.step);
      if (parameter.momentum != nullptr) set_momentum(ready, *parameter.momentum);
      kernel(ready, begin, end);
    }
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
    parameter.call.dw = static_cast<const T*>(operands.buffer(parameter.n, dtype));
    read_state(operands, parameter.n, dtype, parameter.call);
    parameter.lr = static_cast<const double*>(operands.buffer(1, DType::float64));
    parameter.step = static_cast<const double*>(operands.buffer(1, DType::float64));
    parameter.momentum = static_cast<const double*>(operands.optional(1, DType::float64));
    if (parameter.momentum != nullptr && !takes_momentum(parameter.call))
      operands.fail("ERR_SHAPE", "momentum without a velocity");
  }
  return task;
}

[[noreturn]] void refuse(const Operands& operands, DType dtype) {
  operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
}

}  // namespace

Task* prepare_sgd(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  if (dtype == DType::float32) return prepare<float, SgdCall>(operands, table.sgd_f32, 0.1, dtype, store);
  if (dtype == DType::float64) return prepare<double, SgdCall>(operands, table.sgd_f64, 0.2, dtype, store);
  refuse(operands, dtype);
}

Task* prepare_adam(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  if (dtype == DType::float32) return prepare<float, AdamCall>(operands, table.adam_f32, 0.3, dtype, store);
  if (dtype == DType::float64) return prepare<double, AdamCall>(operands, table.adam_f64, 0.6, dtype, store);
  refuse(operands, dtype);
}

}  // namespace thalweg
