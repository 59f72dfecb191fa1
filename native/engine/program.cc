#include "program.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "cblas.h"
#include "claim.h"
#include "cpu.h"
#include "denormals.h"
#include "loop-tasks.h"
#include "make-task.h"
#include "team-times.h"
#include "threads.h"

namespace thalweg {

struct Program::Run {
  Program* program;
  const Loop* loop;  // null: one step over the inputs as they are
  Failure::Shared failure;
  // The step that ends this piece of the run: an earlier one once someone wants to stop, or once another
  // number of threads seems to be faster. The first thread sets it at the beginning of the last step; all
  // threads read it after the last barrier of a step.
  std::atomic<int64_t> last = 0;
  int64_t done = 0;
  int64_t first = 0;   // of this piece
  double started = 0;  // when this piece began
  int64_t next_look = 0;
  bool is_aside = false;  // one thread works since the team was late

  bool is_stopped() const {
    return loop != nullptr && loop->stop != nullptr && loop->stop->load(std::memory_order_relaxed);
  }
  // Whether this piece ends with this step.
  bool ends_with(int64_t step, const Team& team);
};

bool Program::Run::ends_with(int64_t step, const Team& team) {
  if (is_stopped()) return true;
  if (step < next_look) return false;
  next_look = step + program->pace_.steps_between_looks();
  if (team.size > 1) return program->pace_.is_late(step - first, now() - started);
  return is_aside && !program->pace_.is_alone(now());
}

Program::Program(ProgramSpec spec)
    : spec_(std::move(spec)), arena_(new Memory(spec_.arena_bytes, Contents::unwritten)) {
  size_t inputs = 0;
  for (const BufferSpec& buffer : spec_.buffers) {
    if (buffer.at < 0 || buffer.count < 0) {
      throw Error("ERR_VALUE", "program: a buffer has a negative place or size");
    }
    if (buffer.place == Place::arena) {
      const int64_t end = buffer.at + buffer.count * bytes_of(buffer.dtype);
      if (end > spec_.arena_bytes) {
        throw Error("ERR_VALUE", "program: a buffer lies outside the arena");
      }
    } else if (buffer.place == Place::memory) {
      const auto index = static_cast<size_t>(buffer.at);
      if (index >= spec_.memories.size() ||
          spec_.memories[index]->bytes() < buffer.count * bytes_of(buffer.dtype)) {
        throw Error("ERR_VALUE", "program: a buffer lies outside its memory");
      }
    } else if (buffer.place == Place::input) {
      if (static_cast<size_t>(buffer.at) >= spec_.buffers.size()) {
        throw Error("ERR_VALUE", "program: there are fewer inputs");
      }
      inputs = std::max(inputs, static_cast<size_t>(buffer.at) + 1);
    }
  }
  inputs_.resize(inputs);
  stage_inputs({});
}

// The inputs of a loop have memory of their own; until another place is bound, they are there.
void Program::stage_inputs(const LoopShape& loop) {
  int64_t bytes = 0;
  for (const BufferSpec& buffer : spec_.buffers) {
    if (buffer.place == Place::input) bytes += (buffer.count * bytes_of(buffer.dtype) + 63) / 64 * 64;
  }
  if (staging_ == nullptr) staging_ = std::make_unique<Memory>(bytes, Contents::unwritten);
  auto* at = static_cast<std::byte*>(staging_->data());
  std::vector<View> staged(inputs_.size());
  for (const BufferSpec& buffer : spec_.buffers) {
    if (buffer.place != Place::input) continue;
    staged[static_cast<size_t>(buffer.at)] = {at, buffer.count, buffer.dtype};
    at += (buffer.count * bytes_of(buffer.dtype) + 63) / 64 * 64;
  }
  place_inputs(staged, loop);
}

View Program::locate(int32_t index) const {
  if (index < 0) return {};
  if (static_cast<size_t>(index) >= spec_.buffers.size()) throw Error("ERR_VALUE", "program: no such buffer");
  const BufferSpec& buffer = spec_.buffers[static_cast<size_t>(index)];
  switch (buffer.place) {
    case Place::arena:
      return {static_cast<std::byte*>(arena_->data()) + buffer.at, buffer.count, buffer.dtype};
    case Place::memory:
      return {spec_.memories[static_cast<size_t>(buffer.at)]->data(), buffer.count, buffer.dtype};
    case Place::input:
      return inputs_[static_cast<size_t>(buffer.at)];
    case Place::none:
      break;
  }
  return {};
}

// Makes every task ready for where its operands are now.
void Program::prepare() {
  const auto known = instructions();
  threads_ = thread_count();
  provider_ = matmul_provider();
  store_ = TaskStore();
  std::vector<Item> items;
  made_.clear();
  gathers_.assign(inputs_.size(), nullptr);
  std::vector<std::vector<Use>> uses(inputs_.size());
  for (const InstructionSpec& instruction : spec_.instructions) {
    if (instruction.id >= known.size()) throw Error("ERR_VALUE", "program: no such instruction");
    const std::vector<View> views = locate_all(instruction);
    const Operands operands(known[instruction.id], views, instruction.params, kernel_table());
    Task* task = make_task(operands, kernel_table(), store_);
    made_.push_back(task);
    if (task == nullptr) continue;
    for (size_t i = 0; i < views.size(); ++i) {
      if (instruction.buffers[i] < 0) continue;
      const BufferSpec& buffer = spec_.buffers[static_cast<size_t>(instruction.buffers[i])];
      if (buffer.place == Place::input) uses[static_cast<size_t>(buffer.at)].push_back({task, i});
    }
    items.push_back(item_of(instruction, operands, task));
  }
  if (loop_.batch > 0) add_loop(items, uses);
  schedule_ = loop_.batch > 0 ? schedule_loop(items, threads_) : Schedule{schedule(items, threads_)};
  for (size_t i = 0; i < uses.size(); ++i) {
    for (const Use& use : uses[i]) {
      if (use.task == schedule_.ahead) use.task->read_samples(use.operand, {cursors_.data(), i, 1});
    }
  }
  waits_ = static_cast<double>(std::count_if(schedule_.tasks.begin(), schedule_.tasks.end(),
                                             [](const Scheduled& one) { return one.ends_phase; }));
  nanoseconds_ = schedule_.ahead == nullptr ? 0 : schedule_.ahead->nanoseconds;
  all_nanoseconds_ = nanoseconds_;
  for (const Scheduled& one : schedule_.tasks) {
    all_nanoseconds_ += one.task->nanoseconds;
    if (one.work != Work::alone) nanoseconds_ += one.task->nanoseconds;
  }
  if (schedule_.keeps_formed) {
    const int64_t bytes = schedule_.ahead->rows * bytes_of(schedule_.ahead->row_products().dtype);
    formed_ = std::make_unique<Memory>(bytes, Contents::unwritten);
  }
  const int64_t scratch = scratch_bytes(schedule_.tasks, threads_);
  if (scratch_ == nullptr || scratch_->bytes() < scratch)
    scratch_ = std::make_unique<Memory>(scratch, Contents::unwritten);
}

// Adds what a loop does besides the instructions. Before each step it gathers the samples of each input,
// unless every reader of the input can read them in the data set. After the step it notes the outputs.
void Program::add_loop(std::vector<Item>& items, const std::vector<std::vector<Use>>& uses) {
  cursors_.assign(static_cast<size_t>(threads_), Cursor{});
  std::vector<View> outputs;
  for (const int32_t output : spec_.outputs) outputs.push_back(locate(output));
  std::vector<Item> all;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const View& input = inputs_[i];
    const Samples samples = {cursors_.data(), i};
    const auto is_output = [&](const View& output) { return output.data == input.data; };
    const auto can_read = [&](const Use& use) {
      return use.task->can_read_samples(use.operand, loop_.batch);
    };
    if (input.count == 0) continue;
    if (!loop_.scaled[i] && std::none_of(outputs.begin(), outputs.end(), is_output) &&
        std::all_of(uses[i].begin(), uses[i].end(), can_read)) {
      for (const Use& use : uses[i]) use.task->read_samples(use.operand, samples);
      continue;
    }
    const auto* begin = static_cast<const std::byte*>(input.data);
    gathers_[i] = make_gather(samples, input, loop_.batch, store_);
    all.push_back({gathers_[i], {{begin, begin + input.count * bytes_of(input.dtype), true, true}}, false});
  }
  all.insert(all.end(), items.begin(), items.end());
  const std::vector<View> logged = locate_logged(loop_.logs_all);
  Item log = {make_log(cursors_.data(), logged, store_), {}, false};
  for (const View& output : logged) {
    const auto* begin = static_cast<const std::byte*>(output.data);
    if (output.count > 0) log.uses.push_back({begin, begin + output.bytes(), false, false});
  }
  all.push_back(std::move(log));
  items = std::move(all);
}

int64_t Program::logged(bool logs_all) const {
  int64_t count = 0;
  for (const int32_t output : spec_.outputs) {
    const bool is_whole = logs_all && output >= 0 && static_cast<size_t>(output) < spec_.buffers.size();
    count += is_whole ? std::max<int64_t>(1, spec_.buffers[static_cast<size_t>(output)].count) : 1;
  }
  return count;
}

// What a loop notes of each output: all elements or the first.
std::vector<View> Program::locate_logged(bool logs_all) const {
  std::vector<View> logged;
  for (const int32_t output : spec_.outputs) {
    logged.push_back(locate(output));
    if (!logs_all) logged.back().count = std::min<int64_t>(1, logged.back().count);
  }
  return logged;
}

std::vector<View> Program::locate_all(const InstructionSpec& instruction) const {
  std::vector<View> views;
  views.reserve(instruction.buffers.size());
  for (const int32_t buffer : instruction.buffers) views.push_back(locate(buffer));
  return views;
}

Item Program::item_of(const InstructionSpec& instruction, const Operands& operands, const Task* task) const {
  Item item = {task, {}, false};
  const int64_t most = operands.instruction().moves ? operands.bytes_copied() : INT64_MAX;
  for (size_t i = 0; i < operands.views().size(); ++i) {
    const View& own = operands.views()[i];
    if (own.data == nullptr || own.count == 0) continue;
    const auto* begin = static_cast<const std::byte*>(own.data);
    const bool is_written = operands.access_of(i) != Access::read;
    const bool by_rows = i < 32 && (task->row_operands >> i & 1) != 0;
    item.uses.push_back({begin, begin + own.bytes(), is_written, by_rows});
    const Place place = spec_.buffers[static_cast<size_t>(instruction.buffers[i])].place;
    if (place != Place::memory) continue;
    item.changes_state = item.changes_state || is_written;
    item.state_bytes = std::max(item.state_bytes, std::min(own.bytes(), most));
  }
  return item;
}

void Program::bind(const std::vector<View>& inputs) {
  if (inputs.size() != inputs_.size()) throw Error("ERR_VALUE", "program: wrong number of inputs");
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].dtype != inputs_[i].dtype || inputs[i].count != inputs_[i].count) {
      throw Error("ERR_SHAPE",
                  "program: input " + std::to_string(i) + " does not have the size it was made for");
    }
  }
  place_inputs(inputs, {});
}

// Tasks are made anew only where something that they were made for has changed.
void Program::place_inputs(const std::vector<View>& inputs, const LoopShape& loop) {
  const bool stays = is_ready_ && threads_ == thread_count() && provider_ == matmul_provider() &&
                     loop == loop_ &&
                     std::equal(inputs.begin(), inputs.end(), inputs_.begin(),
                                [](const View& a, const View& b) { return a.data == b.data; });
  if (stays) return;
  is_ready_ = false;
  inputs_ = inputs;
  loop_ = loop;
  prepare();
  is_ready_ = true;
}

void Program::run(const std::vector<View>& inputs, const std::vector<View>& outputs) {
  Claim claim(busy_);
  bind(inputs);
  start(nullptr);
  for (size_t i = 0; i < outputs.size(); ++i) read_output(i, outputs[i]);
}

int64_t Program::run_loop(const Loop& loop) {
  Claim claim(busy_);
  if (loop.sources.size() != inputs_.size()) throw Error("ERR_VALUE", "program: wrong number of sources");
  LoopShape shape = {loop.batch, {}, loop.logs_all};
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Source& source = loop.sources[i];
    const bool scaled = source.scale != 0;
    if (scaled && inputs_[i].dtype != DType::float32 && inputs_[i].dtype != DType::float64) {
      throw Error("ERR_DTYPE", "program: a source of bytes is for an input of floats");
    }
    const int64_t element = scaled ? 1 : bytes_of(inputs_[i].dtype);
    const bool fits = inputs_[i].count * element == loop.batch * source.row_bytes &&
                      source.bytes >= source.rows * source.row_bytes;
    if (!fits) throw Error("ERR_SHAPE", "program: a source does not have the row size of its input");
    for (int64_t r = 0; r < loop.steps * loop.batch; ++r) {
      if (loop.order[r] >= 0 && loop.order[r] < source.rows) continue;
      throw Error("ERR_INDEX", "loop: expected order[" + std::to_string(r) + "] to be a sample in [0, " +
                                   std::to_string(source.rows) + "), got " + std::to_string(loop.order[r]));
    }
    shape.scaled.push_back(scaled);
  }
  stage_inputs(shape);
  if (loop.steps * static_cast<int64_t>(schedule_.tasks.size()) >= Failure::kMaxTasks) {
    throw Error("ERR_VALUE", "program: too many steps for one loop");
  }
  return start(&loop);
}

int64_t Program::start(const Loop* loop) {
  Run run{this, loop, {}};
  if (run.is_stopped()) return 0;
  pace_.estimate(all_nanoseconds_);
  run_steps(run);
  if (!run.failure.failed()) return run.done;
  const auto tasks = static_cast<int64_t>(schedule_.tasks.size());
  for (const Scheduled& one : schedule_.tasks) {
    if (one.number != run.failure.task() % tasks) continue;
    explain(*one.task, run.failure.position(), loop == nullptr ? -1 : run.failure.task() / tasks);
  }
  return run.done;
}

// In pieces, each by the team or by one thread.
void Program::run_steps(Run& run) {
  const int64_t steps_wanted = run.loop == nullptr ? 1 : run.loop->steps;
  do {
    const auto left = static_cast<double>(steps_wanted - run.done);
    Crew crew = choose_crew(left * nanoseconds_, 1 + left * waits_, threads_);
    run.first = run.done;
    run.last = steps_wanted;
    run.started = now();
    run.is_aside = crew.threads > 1 && pace_.is_alone(run.started);
    if (run.is_aside) crew = {};
    run.next_look = run.first + pace_.steps_between_looks();
    run_on(
        crew, true, [](void* context, const Team& team) { steps(*static_cast<Run*>(context), team); }, &run);
    turns_ += run.last - run.first + 1;
    const double ended = now();
    const int64_t done = run.done - run.first;
    if (crew.threads > 1) {
      pace_.note_team(done, ended - run.started, ended);
    } else {
      pace_.note_alone(done, ended - run.started, ended);
    }
  } while (run.done < steps_wanted && !run.failure.failed() && !run.is_stopped());
}

// Throws what a task says of its failure, and in which step of a loop it was, unless that is −1.
void Program::explain(const Task& task, int64_t position, int64_t step) {
  try {
    task.explain(position);
  } catch (const Error& error) {
    if (step < 0 || std::strcmp(error.code(), "ERR_ANOMALY") == 0) throw;
    throw Error(error.code(),
                std::string(error.what()) + ", in step " + std::to_string(step) + " of the loop");
  }
}

namespace {

// The rows of an update, and of the product of the next step that it forms: in memory of its own, or
// finished.
void run_and_form(const Scheduled& update, const Task& next, const Team& team, void* own, void* scratch) {
  const Range mine = update.rows(team);
  RowProducts products = next.row_products();
  if (own != nullptr) products.y = own;
  update.task->run_rows_and_form(mine, team, products, next.row_factor(team.rank));
  if (own == nullptr) next.finish_rows(mine, scratch);
}

// What was formed in memory of its own, by one thread.
void finish_formed(const Task& task, const Memory& formed, void* scratch) {
  std::memcpy(task.row_products().y, formed.data(), static_cast<size_t>(formed.bytes()));
  task.finish_rows({0, task.rows}, scratch);
}

}  // namespace

void Program::steps(Run& run, const Team& crew) {
  Program& self = *run.program;
  Team team = crew;
  const FlushDenormals flush(self.spec_.flush_denormals);
  auto* const scratch = static_cast<std::byte*>(self.scratch_->data());
  const auto count = static_cast<int64_t>(self.schedule_.tasks.size());
  int64_t phase = 0;
  const Task* const ahead = run.last.load(std::memory_order_relaxed) > 0 ? self.schedule_.ahead : nullptr;
  if (ahead != nullptr) {
    self.cursors_[static_cast<size_t>(team.rank)] = {run.loop, run.first - 1};
    ahead->run_rows(share(ahead->rows, team), team, scratch, Failure(run.failure));
    barrier(team);
  }
  for (int64_t step = run.first; step < run.last.load(std::memory_order_relaxed); ++step) {
    team.turn = self.turns_ + step - run.first;
    if (run.loop != nullptr) {
      self.cursors_[static_cast<size_t>(team.rank)] = {run.loop, step};
      if (team.rank == 0 && run.ends_with(step, team)) run.last.store(step + 1, std::memory_order_relaxed);
    }
    const bool keeps_formed = ahead != nullptr && self.schedule_.keeps_formed;
    if (keeps_formed && step > run.first && team.rank == 0) finish_formed(*ahead, *self.formed_, scratch);
    for (const Scheduled& one : self.schedule_.tasks) {
      const Failure failure(run.failure, step * count + one.number, phase);
      void* const own = scratch + one.scratch_at;
      const bool forms = &one == &self.schedule_.tasks[self.schedule_.forms];
      if (ahead != nullptr && forms && step + 1 < run.loop->steps) {
        run_and_form(one, *ahead, team, keeps_formed ? self.formed_->data() : nullptr, own);
      } else if (one.work == Work::together) {
        one.task->run(team, own, failure);
      } else if (one.work == Work::by_rows) {
        one.task->run_rows(one.rows(team), team, own, failure);
      } else if (team.rank == one.rank % team.size && !run.failure.failed()) {
        one.task->run(Team{}, own, failure);
      }
      if (team.size == 1 && run.failure.failed()) return;
      if (!one.ends_phase) continue;
      barrier(team);
      if (run.failure.failed_by(phase)) return;
      ++phase;
    }
    if (team.rank == 0) run.done = step + 1;
  }
}

void Program::read_output(size_t index, const View& to) const {
  if (index >= spec_.outputs.size()) throw Error("ERR_VALUE", "program: no such output");
  const View from = locate(spec_.outputs[index]);
  if (from.dtype != to.dtype || from.count != to.count) {
    throw Error("ERR_SHAPE", "program: an output does not have the size it was made for");
  }
  if (from.count == 0) return;  // where there may be no memory at all
  std::memcpy(to.data, from.data, static_cast<size_t>(from.count * bytes_of(from.dtype)));
}

}  // namespace thalweg
