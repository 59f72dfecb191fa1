// What an optimizer does to one parameter, in place.
//
// sgd:  parameters n, momentum, dampening, weight_decay, nesterov, maximize;
//       buffers w, dw, velocity or none, lr [1] float64, step [1] float64.
// adam: parameters n, beta1, beta2, eps, weight_decay, decoupled, maximize;
//       buffers w, dw, m, v, v_max or none, lr [1] float64, step [1] float64.
// The learning rate and the step count are buffers, since they change from step to step.
#include "../registry.h"

namespace thalweg {
namespace {

template <typename T, typename Call, typename Fn>
class UpdateTask final : public Task {
 public:
  Fn kernel;
  Call call;
  int64_t n;
  const double* lr;
  const double* step;

  void run(const Team& team, void*, Failure&) const override {
    Call ready = call;
    ready.lr = *lr;
    set_step(ready, *step);
    const Range mine = share(n, team, 64);
    kernel(ready, mine.begin, mine.end);
  }

 private:
  static void set_step(SgdCall<T>& ready, double step) { ready.first = step <= 1; }
  static void set_step(AdamCall<T>& ready, double step) { ready.step = step; }
};

template <typename T>
Task* prepare_sgd_of(Operands& operands, SgdFn<T> kernel, DType dtype, TaskStore& store) {
  auto* task = store.make<UpdateTask<T, SgdCall<T>, SgdFn<T>>>();
  task->n = operands.integer();
  SgdCall<T>& call = task->call;
  call.momentum = operands.number();
  call.dampening = operands.number();
  call.weight_decay = operands.number();
  call.nesterov = operands.flag();
  call.maximize = operands.flag();
  call.w = static_cast<T*>(operands.buffer(task->n, dtype));
  call.dw = static_cast<const T*>(operands.buffer(task->n, dtype));
  call.velocity = static_cast<T*>(operands.optional(task->n, dtype));
  if (call.velocity == nullptr && call.momentum != 0)
    operands.fail("ERR_SHAPE", "momentum without a velocity");
  task->lr = static_cast<const double*>(operands.buffer(1, DType::float64));
  task->step = static_cast<const double*>(operands.buffer(1, DType::float64));
  task->kernel = kernel;
  task->nanoseconds = 0.5 * static_cast<double>(task->n);
  return task;
}

template <typename T>
Task* prepare_adam_of(Operands& operands, AdamFn<T> kernel, DType dtype, TaskStore& store) {
  auto* task = store.make<UpdateTask<T, AdamCall<T>, AdamFn<T>>>();
  task->n = operands.integer();
  AdamCall<T>& call = task->call;
  call.beta1 = operands.number();
  call.beta2 = operands.number();
  call.eps = operands.number();
  call.weight_decay = operands.number();
  call.decoupled = operands.flag();
  call.maximize = operands.flag();
  call.w = static_cast<T*>(operands.buffer(task->n, dtype));
  call.dw = static_cast<const T*>(operands.buffer(task->n, dtype));
  call.m = static_cast<T*>(operands.buffer(task->n, dtype));
  call.v = static_cast<T*>(operands.buffer(task->n, dtype));
  call.v_max = static_cast<T*>(operands.optional(task->n, dtype));
  task->lr = static_cast<const double*>(operands.buffer(1, DType::float64));
  task->step = static_cast<const double*>(operands.buffer(1, DType::float64));
  task->kernel = kernel;
  task->nanoseconds = 1.0 * static_cast<double>(task->n);
  return task;
}

[[noreturn]] void refuse(const Operands& operands, DType dtype) {
  operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
}

}  // namespace

Task* prepare_sgd(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  if (dtype == DType::float32) return prepare_sgd_of<float>(operands, table.sgd_f32, dtype, store);
  if (dtype == DType::float64) return prepare_sgd_of<double>(operands, table.sgd_f64, dtype, store);
  refuse(operands, dtype);
}

Task* prepare_adam(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  if (dtype == DType::float32) return prepare_adam_of<float>(operands, table.adam_f32, dtype, store);
  if (dtype == DType::float64) return prepare_adam_of<double>(operands, table.adam_f64, dtype, store);
  refuse(operands, dtype);
}

}  // namespace thalweg
