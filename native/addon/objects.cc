#include "objects.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "../engine/threads.h"
#include "environment.h"
#include "values.h"

namespace thalweg::addon {
namespace {

template <typename T>
std::span<const T> numbers(const Napi::Value& value, DType dtype) {
  const View buffer = to_view(value.Env(), value);
  if (buffer.dtype != dtype) throw Error("ERR_DTYPE", "expected another kind of typed array");
  return {static_cast<const T*>(buffer.data), static_cast<size_t>(buffer.count)};
}

std::vector<std::shared_ptr<Memory>> memories_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::shared_ptr<Memory>> memories;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    memories.push_back(MemoryObject::Unwrap(Napi::Value(array[i]).As<Napi::Object>())->memory());
  }
  return memories;
}

// Reads numbers one after the other and refuses to read past their end.
class Reader {
 public:
  explicit Reader(std::span<const double> values) : values_(values) {}
  bool done() const { return at_ == values_.size(); }
  double next() {
    if (at_ >= values_.size()) throw Error("ERR_VALUE", "program: a description ends too early");
    return values_[at_++];
  }
  int64_t integer() {
    const double value = next();
    if (!(value >= -1 && value < 9007199254740992.0))
      throw Error("ERR_VALUE", "program: a number is out of range");
    return static_cast<int64_t>(value);
  }

 private:
  std::span<const double> values_;
  size_t at_ = 0;
};

ProgramSpec spec_of(const Napi::CallbackInfo& info) {
  ProgramSpec spec;
  spec.arena_bytes = info[0].ToNumber().Int64Value();
  if (spec.arena_bytes < 0) throw Error("ERR_VALUE", "program: an arena of negative size");
  for (Reader from(numbers<double>(info[1], DType::float64)); !from.done();) {
    BufferSpec buffer;
    const int64_t place = from.integer();
    if (place < 0 || place > static_cast<int64_t>(Place::none))
      throw Error("ERR_VALUE", "program: no such place");
    buffer.place = static_cast<Place>(place);
    buffer.at = from.integer();
    buffer.count = from.integer();
    const int64_t dtype = from.integer();
    if (dtype < 0 || dtype >= static_cast<int64_t>(DType::count))
      throw Error("ERR_VALUE", "program: no such dtype");
    buffer.dtype = static_cast<DType>(dtype);
    spec.buffers.push_back(buffer);
  }
  spec.memories = memories_of(info[2]);
  for (Reader from(numbers<double>(info[3], DType::float64)); !from.done();) {
    InstructionSpec instruction;
    instruction.id = static_cast<uint32_t>(from.integer());
    const int64_t params = from.integer();
    const int64_t operands = from.integer();
    for (int64_t i = 0; i < params; ++i) instruction.params.push_back(from.next());
    for (int64_t i = 0; i < operands; ++i)
      instruction.buffers.push_back(static_cast<int32_t>(from.integer()));
    spec.instructions.push_back(std::move(instruction));
  }
  for (Reader from(numbers<double>(info[4], DType::float64)); !from.done();) {
    spec.outputs.push_back(static_cast<int32_t>(from.integer()));
  }
  spec.flush_denormals = info[5].ToBoolean();
  return spec;
}

}  // namespace

Napi::Function MemoryObject::define(Napi::Env env) {
  return DefineClass(
      env, "Memory",
      {InstanceMethod("write", &MemoryObject::write), InstanceMethod("read", &MemoryObject::read),
       InstanceMethod("release", &MemoryObject::release)});
}

MemoryObject::MemoryObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<MemoryObject>(info) {
  guarded(info.Env(), [&] {
    const int64_t bytes = info[0].ToNumber().Int64Value();
    if (bytes < 0) throw Error("ERR_VALUE", "memory: a negative size");
    memory_ = std::make_shared<Memory>(bytes);
    Napi::MemoryManagement::AdjustExternalMemory(info.Env(), bytes);
  });
}

MemoryObject::~MemoryObject() { let_go(); }

void MemoryObject::let_go() {
  if (memory_ == nullptr) return;
  Napi::MemoryManagement::AdjustExternalMemory(Env(), -memory_->bytes());
  memory_ = nullptr;
}

const std::shared_ptr<Memory>& MemoryObject::memory() const {
  if (memory_ == nullptr) throw Error("ERR_VALUE", "memory: it was released");
  return memory_;
}

void MemoryObject::copy(const Napi::CallbackInfo& info, bool in) {
  guarded(info.Env(), [&] {
    const View array = to_view(info.Env(), info[0]);
    const int64_t offset = info[1].IsUndefined() ? 0 : info[1].ToNumber().Int64Value();
    const int64_t bytes = array.bytes();
    if (offset < 0 || offset > memory()->bytes() || bytes > memory()->bytes() - offset) {
      throw Error("ERR_SHAPE", "memory: a copy past its end");
    }
    auto* here = static_cast<std::byte*>(memory()->data()) + offset;
    if (bytes > 0) std::memcpy(in ? here : array.data, in ? array.data : here, static_cast<size_t>(bytes));
  });
}

void MemoryObject::write(const Napi::CallbackInfo& info) { copy(info, true); }
void MemoryObject::read(const Napi::CallbackInfo& info) { copy(info, false); }
void MemoryObject::release(const Napi::CallbackInfo&) { let_go(); }

Napi::Function ProgramObject::define(Napi::Env env) {
  return DefineClass(
      env, "Program",
      {InstanceMethod("run", &ProgramObject::run), InstanceMethod("runAsync", &ProgramObject::run_async),
       InstanceMethod("loop", &ProgramObject::loop), InstanceMethod("loopAsync", &ProgramObject::loop_async),
       InstanceMethod("milliseconds", &ProgramObject::milliseconds),
       InstanceMethod("estimate", &ProgramObject::estimate), InstanceMethod("plan", &ProgramObject::plan),
       InstanceMethod("costs", &ProgramObject::costs)});
}

ProgramObject::ProgramObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProgramObject>(info) {
  guarded(info.Env(), [&] {
    program_ = std::make_shared<Program>(spec_of(info));
    reported_ = program_->arena_bytes();
    Napi::MemoryManagement::AdjustExternalMemory(info.Env(), reported_);
  });
}

ProgramObject::~ProgramObject() {
  if (reported_ > 0) Napi::MemoryManagement::AdjustExternalMemory(Env(), -reported_);
}

namespace {

Napi::Object to_object(Napi::Env env, const Plan::Entry& entry) {
  constexpr const char* kWhat[] = {"instruction", "gather", "note"};
  constexpr const char* kWork[] = {"together", "byRows", "alone"};
  Napi::Object object = Napi::Object::New(env);
  object.Set("what", kWhat[static_cast<int32_t>(entry.what)]);
  object.Set("number", entry.number);
  object.Set("work", kWork[static_cast<int32_t>(entry.as.work)]);
  object.Set("thread", entry.as.rank);
  object.Set("endsPhase", entry.as.ends_phase);
  object.Set("forms", entry.forms);
  object.Set("nanoseconds", entry.nanoseconds);
  Napi::Array shares = Napi::Array::New(env);
  for (const Range& share : entry.as.shares) shares.Set(shares.Length(), static_cast<double>(share.end));
  object.Set("shares", shares);
  return object;
}

}  // namespace

Napi::Value ProgramObject::plan(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Plan plan = program_->plan(info[0].ToNumber().Int64Value());
    Napi::Array entries = Napi::Array::New(info.Env());
    for (const Plan::Entry& entry : plan.entries) entries.Set(entries.Length(), to_object(info.Env(), entry));
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("threads", plan.threads);
    object.Set("entries", entries);
    return object;
  });
}

Napi::Value ProgramObject::costs(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::vector<InstructionCost> costs = program_->costs();
    auto numbers = Napi::Float64Array::New(info.Env(), 3 * costs.size());
    size_t at = 0;
    for (const InstructionCost& cost : costs) {
      for (const double number : {cost.flops, cost.bytes, cost.nanoseconds}) numbers[at++] = number;
    }
    return numbers;
  });
}

void ProgramObject::run(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    program_->run(views_of(info[0]), views_of(info[1]));
    tell_shortage(info.Env());
  });
}

Napi::Value ProgramObject::milliseconds(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), runs_->milliseconds.load());
}

Napi::Value ProgramObject::estimate(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), program_->nanoseconds() / 1e6);
}

namespace {

// What takes less on one thread need not wait for another program's run that is under way: a single run,
// since somebody waits for its result, or a loop. A longer loop takes its turn: two that train beside each
// other would keep each other's threads waiting.
constexpr double kShortRunNanoseconds = 5e7;
constexpr double kShortLoopNanoseconds = 1e7;

}  // namespace

Napi::Value ProgramObject::promise_of(Napi::Env env, double short_step, Work work, Result result) {
  using Clock = std::chrono::steady_clock;
  const auto failure = std::make_shared<std::exception_ptr>();
  const auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
  // Runs of one program end in their order: they stay on the thread of those before.
  if (runs_->pending == 0) {
    const bool is_short = program_->nanoseconds() < short_step;
    runs_->lane = is_short && is_engine_busy() ? Background::Lane::aside : Background::Lane::team;
  }
  env.GetInstanceData<Environment>()->background.run(
      runs_->lane,
      [work = std::move(work), failure, runs = runs_] {
        const auto started = Clock::now();
        try {
          work();
        } catch (...) {
          *failure = std::current_exception();
        }
        runs->milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - started).count();
      },
      [failure, deferred, runs = runs_, result = std::move(result)](Napi::Env then) {
        --runs->pending;
        try {
          if (*failure != nullptr) std::rethrow_exception(*failure);
          deferred->Resolve(result(then));
        } catch (...) {
          deferred->Reject(caught(then));
        }
        tell_shortage(then);
      });
  ++runs_->pending;
  return deferred->Promise();
}

namespace {

// Memory of its own for each buffer, which JavaScript may let go of at any time.
struct OwnedBuffers {
  explicit OwnedBuffers(const std::vector<View>& like) {
    for (const View& buffer : like) {
      memories.push_back(std::make_unique<Memory>(buffer.bytes()));
      buffers.push_back({memories.back()->data(), buffer.count, buffer.dtype});
    }
  }
  std::vector<std::unique_ptr<Memory>> memories;
  std::vector<View> buffers;
};

void copy_bytes(const View& from, const View& to) {
  if (from.count > 0) std::memcpy(to.data, from.data, static_cast<size_t>(from.bytes()));
}

}  // namespace

Napi::Value ProgramObject::run_async(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::vector<View> inputs = views_of(info[0]);
    const auto own_inputs = std::make_shared<OwnedBuffers>(inputs);
    const auto own_outputs = std::make_shared<OwnedBuffers>(views_of(info[1]));
    for (size_t i = 0; i < inputs.size(); ++i) copy_bytes(inputs[i], own_inputs->buffers[i]);
    const auto arrays = std::make_shared<Napi::ObjectReference>(Napi::Persistent(info[1].As<Napi::Object>()));
    return promise_of(
        info.Env(), kShortRunNanoseconds,
        [program = program_, own_inputs, own_outputs] {
          program->run(own_inputs->buffers, own_outputs->buffers);
        },
        [own_outputs, arrays](Napi::Env env) -> Napi::Value {
          const std::vector<View> outputs = views_of(arrays->Value());
          for (size_t i = 0; i < outputs.size() && i < own_outputs->buffers.size(); ++i) {
            // A buffer that was transferred meanwhile is empty.
            if (outputs[i].count == own_outputs->buffers[i].count)
              copy_bytes(own_outputs->buffers[i], outputs[i]);
          }
          return env.Undefined();
        });
  });
}

namespace {

// A loop with memory of its own for its order and its log.
struct OwnedLoop {
  Loop loop;
  std::vector<std::shared_ptr<Memory>> memories;
  std::vector<int32_t> order;
  std::vector<double> log;
  int64_t logged = 0;  // numbers a step
};

std::shared_ptr<OwnedLoop> loop_of(const Napi::CallbackInfo& info, const Program& program,
                                   bool takes_arrays) {
  auto owned = std::make_shared<OwnedLoop>();
  Loop& loop = owned->loop;
  const auto sources = info[0].As<Napi::Array>();
  const auto rows = numbers<double>(info[1], DType::float64);
  if (rows.size() != 4 * size_t{sources.Length()})
    throw Error("ERR_VALUE", "program: wrong number of sources");
  for (uint32_t i = 0; i < sources.Length(); ++i) {
    Source source;
    const Napi::Value data = sources[i];
    if (takes_arrays && data.IsTypedArray()) {
      const View array = to_view(info.Env(), data);
      source.data = array.data;
      source.bytes = array.bytes();
    } else {
      if (!data.IsObject() || data.IsTypedArray()) throw Error("ERR_DTYPE", "program: a source is no memory");
      owned->memories.push_back(MemoryObject::Unwrap(data.As<Napi::Object>())->memory());
      source.data = owned->memories.back()->data();
      source.bytes = owned->memories.back()->bytes();
    }
    source.rows = static_cast<int64_t>(rows[4 * i]);
    source.row_bytes = static_cast<int64_t>(rows[4 * i + 1]);
    source.scale = rows[4 * i + 2];
    source.zero_point = rows[4 * i + 3];
    loop.sources.push_back(source);
  }
  const auto order = numbers<int32_t>(info[2], DType::int32);
  loop.batch = info[3].ToNumber().Int64Value();
  loop.steps = info[4].ToNumber().Int64Value();
  if (loop.batch < 1 || loop.steps < 0 || loop.steps > static_cast<int64_t>(order.size()) / loop.batch) {
    throw Error("ERR_SHAPE", "program: the order has too few rows for its steps");
  }
  owned->order.assign(order.begin(), order.begin() + loop.steps * loop.batch);
  loop.logs_all = info[5].ToBoolean();
  owned->logged = program.logged(loop.logs_all);
  owned->log.resize(static_cast<size_t>(loop.steps * owned->logged));
  loop.order = owned->order.data();
  loop.log = owned->log.data();
  return owned;
}

Napi::Value log_of(Napi::Env env, const OwnedLoop& owned, int64_t done) {
  const size_t count = static_cast<size_t>(done * owned.logged);
  auto log = Napi::Float64Array::New(env, count);
  std::copy_n(owned.log.begin(), count, log.Data());
  return log;
}

}  // namespace

Napi::Value ProgramObject::loop(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto owned = loop_of(info, *program_, true);
    const int64_t done = program_->run_loop(owned->loop);
    tell_shortage(info.Env());
    return log_of(info.Env(), *owned, done);
  });
}

Napi::Value ProgramObject::loop_async(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto owned = loop_of(info, *program_, false);
    owned->loop.stop = &info.Env().GetInstanceData<Environment>()->background.stopping();
    const auto done = std::make_shared<int64_t>(0);
    return promise_of(
        info.Env(), kShortLoopNanoseconds / static_cast<double>(owned->loop.steps),
        [program = program_, owned, done] { *done = program->run_loop(owned->loop); },
        [owned, done](Napi::Env env) { return log_of(env, *owned, *done); });
  });
}

}  // namespace thalweg::addon
