// The engine's objects that JavaScript holds: collected with the objects that wrap them.
#pragma once

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>

#include "../engine/program.h"
#include "background.h"

namespace thalweg::addon {

// new Memory(bytes): memory that no JavaScript buffer owns. JavaScript's collector is told its size.
class MemoryObject : public Napi::ObjectWrap<MemoryObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit MemoryObject(const Napi::CallbackInfo& info);
  ~MemoryObject() override;

  // Throws Error where it was released.
  const std::shared_ptr<Memory>& memory() const;

 private:
  // write(array, byteOffset = 0), read(array, byteOffset = 0): copy a typed array in and out.
  void write(const Napi::CallbackInfo& info);
  void read(const Napi::CallbackInfo& info);
  void copy(const Napi::CallbackInfo& info, bool in);
  // release(): lets go of the memory at once; what runs on it keeps it until it ends.
  void release(const Napi::CallbackInfo& info);
  void let_go();

  std::shared_ptr<Memory> memory_;
};

// new Program(arenaBytes, buffers, memories, instructions, outputs, flushDenormals), where
// buffers: Float64Array of place, at, count, dtype for each;
// instructions: Float64Array of id, number of params and of operands, params…, operands… for each;
// outputs: Float64Array of buffers.
class ProgramObject : public Napi::ObjectWrap<ProgramObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ProgramObject(const Napi::CallbackInfo& info);
  ~ProgramObject() override;

 private:
  // run(inputs, outputs): one step; typed arrays are read and written in place.
  void run(const Napi::CallbackInfo& info);
  // runAsync(inputs, outputs): a promise; the inputs are copied at once, the outputs at the end.
  Napi::Value run_async(const Napi::CallbackInfo& info);
  // loop(sources: (Memory | typed array)[], rows, order: Int32Array, batch, steps, whole): the log, a
  // Float64Array of each output after each step: its first element, or if `whole` all. rows: Float64Array
  // of the number of rows, their bytes, scale and zero point for each source.
  Napi::Value loop(const Napi::CallbackInfo& info);
  // loopAsync(…, the same, …): a promise of the log; the event loop goes on. Sources are Memory only.
  Napi::Value loop_async(const Napi::CallbackInfo& info);
  // milliseconds(): what the last run on the engine's thread that has ended took.
  Napi::Value milliseconds(const Napi::CallbackInfo& info);
  // estimate(): what a step takes on one thread, about, in milliseconds. Not while it runs.
  Napi::Value estimate(const Napi::CallbackInfo& info);
  // plan(batch): what a step of a loop does, or of a run where that is 0, and who of the team does it.
  Napi::Value plan(const Napi::CallbackInfo& info);
  // costs(): flops, bytes moved and estimated nanoseconds on one thread of each instruction, a Float64Array.
  Napi::Value costs(const Napi::CallbackInfo& info);

  using Work = std::function<void()>;
  using Result = std::function<Napi::Value(Napi::Env)>;
  // Work on an engine's thread, and a promise of what `result` makes of it. It does not wait for another
  // program's run if a step takes fewer than `short_step` nanoseconds on one thread.
  Napi::Value promise_of(Napi::Env env, double short_step, Work work, Result result);

  // What outlives this object while runs are pending.
  struct Runs {
    std::atomic<double> milliseconds{0};
    // JavaScript's thread only: how many have not ended, and where they are.
    int32_t pending = 0;
    Background::Lane lane = Background::Lane::team;
  };

  std::shared_ptr<Program> program_;
  std::shared_ptr<Runs> runs_ = std::make_shared<Runs>();
  int64_t reported_ = 0;
};

}  // namespace thalweg::addon
