// A program: flat instructions over numbered buffers, made ready once and run many times.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cblas.h"
#include "loop.h"
#include "memory.h"
#include "operands.h"
#include "pace.h"
#include "registry.h"
#include "schedule.h"
#include "task.h"

namespace thalweg {

enum class Place : int32_t { arena, memory, input, none };

struct BufferSpec {
  Place place = Place::none;
  int64_t at = 0;  // arena: offset in bytes; memory, input: which one
  int64_t count = 0;
  DType dtype = DType::float32;
};

struct InstructionSpec {
  uint32_t id = 0;
  std::vector<double> params;
  std::vector<int32_t> buffers;  // −1 for an operand left out
};

struct ProgramSpec {
  int64_t arena_bytes = 0;
  bool flush_denormals = false;  // where it updates parameters: what decays would end in denormal numbers
  std::vector<BufferSpec> buffers;
  std::vector<std::shared_ptr<Memory>> memories;
  std::vector<InstructionSpec> instructions;
  std::vector<int32_t> outputs;
};

struct InstructionCost {
  double flops;
  double bytes;        // read and written, each operand once
  double nanoseconds;  // on one thread, estimated
};

// What a step does, in order, and which thread does it.
struct Plan {
  enum class Does : int32_t { instruction, gather, note };  // gather: an input's samples; note: the outputs

  struct Entry {
    Does what;
    int32_t number;  // of the instruction, or of the input
    Scheduled as;
    int32_t forms;       // the instruction of the next step whose products it forms in the same pass, or −1
    double nanoseconds;  // on one thread, estimated; with those of the instruction that it forms
  };

  int32_t threads;
  std::vector<Entry> entries;
};

class Program {
 public:
  // Throws Error where an instruction does not fit its buffers.
  explicit Program(ProgramSpec spec);

  // One step over these inputs, and copies of the outputs' elements. Throws Error "ERR_BUSY" while the
  // program runs, "ERR_INDEX" for an index out of its range.
  void run(const std::vector<View>& inputs, const std::vector<View>& outputs);

  // Many steps. Returns how many were done.
  int64_t run_loop(const Loop& loop);

  // Numbers that a loop notes after each step.
  int64_t logged(bool logs_all) const;
  size_t inputs() const { return inputs_.size(); }
  int64_t arena_bytes() const { return spec_.arena_bytes; }
  // What a step takes on one thread, estimated. Not while it runs.
  double nanoseconds() const { return all_nanoseconds_; }

  // How a loop of mini-batches of `batch` samples would be done, or for 0 a single step. Throws Error
  // "ERR_BUSY" while the program runs.
  Plan plan(int64_t batch);

  // Of each instruction. Throws Error "ERR_BUSY" while the program runs.
  std::vector<InstructionCost> costs();

 private:
  struct Run;

  // An operand of a task that is an input.
  struct Use {
    Task* task;
    size_t operand;
  };

  // What tasks for a loop are made for, besides the inputs' places.
  struct LoopShape {
    int64_t batch = 0;         // 0: no loop
    std::vector<bool> scaled;  // which inputs come from rows of bytes
    bool logs_all = false;     // the outputs' elements

    bool operator==(const LoopShape&) const = default;
  };

  View locate(int32_t buffer) const;
  std::vector<View> locate_logged(bool logs_all) const;
  void bind(const std::vector<View>& inputs);
  void prepare();
  std::vector<View> locate_all(const InstructionSpec& instruction) const;
  Item item_of(const InstructionSpec& instruction, const Operands& operands, const Task* task) const;
  double bytes_moved(const InstructionSpec& instruction, const Operands& operands) const;
  void add_loop(std::vector<Item>& items, const std::vector<std::vector<Use>>& uses);
  void stage_inputs(const LoopShape& loop);
  void place_inputs(const std::vector<View>& inputs, const LoopShape& loop);
  int64_t start(const Loop* loop);
  void run_steps(Run& run);
  static void steps(Run& run, const Team& team);
  static void explain(const Task& task, int64_t position, int64_t step);
  void read_output(size_t index, const View& to) const;

  ProgramSpec spec_;
  std::unique_ptr<Memory> arena_;
  std::unique_ptr<Memory> staging_;  // the inputs of a loop
  std::unique_ptr<Memory> scratch_;
  std::unique_ptr<Memory> formed_;  // of a loop, what a step forms for the next
  std::vector<View> inputs_;        // where they are now
  LoopShape loop_;
  std::vector<Cursor> cursors_;  // of each thread
  TaskStore store_;
  Schedule schedule_;
  std::vector<const Task*> made_;     // of each instruction; null where there is nothing to do
  std::vector<const Task*> gathers_;  // of each input; null where its samples are read where they lie
  double nanoseconds_ = 0;            // of the tasks of a step that threads share, on one thread, estimated
  double all_nanoseconds_ = 0;        // of a step on one thread, estimated
  double waits_ = 0;                  // barriers of a step
  int64_t turns_ = 0;                 // of the team, so far: steps done, or begun
  Pace pace_;
  int32_t threads_ = 0;
  MatmulProvider provider_ = MatmulProvider::own;
  bool is_ready_ = false;  // false where making the tasks failed half way
  std::atomic<bool> busy_{false};
};

}  // namespace thalweg
