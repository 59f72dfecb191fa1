#include "executor.h"

#include <memory>

#include "cpu.h"
#include "make-task.h"
#include "system.h"
#include "threads.h"

namespace thalweg {
namespace {

// Scratch of a task that runs on its caller's thread: kept, since the next one will want it too.
void* local_scratch(int64_t bytes) {
  thread_local std::unique_ptr<void, system::Release> memory;
  thread_local int64_t size = 0;
  if (bytes > size) {
    memory.reset(system::allocate(64, static_cast<size_t>(bytes)));
    size = memory == nullptr ? 0 : bytes;
    if (memory == nullptr) throw std::bad_alloc();
  }
  return memory.get();
}

struct Run {
  const Task* task;
  void* scratch;
  Failure::Shared failure;
};

}  // namespace

void execute(const Instruction& instruction, std::span<const View> views, std::span<const double> params) {
  alignas(64) std::byte memory[1024];
  TaskStore store(memory, sizeof(memory));
  const Table& table = kernel_table();
  const Operands operands(instruction, views, params, table);
  const Task* task = make_task(operands, table, store);
  if (task == nullptr) return;  // nothing to do

  const Crew crew = choose_crew(task->nanoseconds, 1, task->is_for_one ? 1 : thread_count());
  Run run{task, local_scratch(task->scratch_bytes(crew.threads)), {}};
  run_on(
      crew, task->has_barriers,
      [](void* context, const Team& team) {
        Run& it = *static_cast<Run*>(context);
        it.task->run(team, it.scratch, Failure(it.failure));
      },
      &run);
  if (run.failure.failed()) task->explain(run.failure.position());
}

}  // namespace thalweg
