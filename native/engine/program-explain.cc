// What is told of a program: how a step would be done, and what its instructions cost.
#include <algorithm>
#include <set>
#include <vector>

#include "claim.h"
#include "cpu.h"
#include "program.h"
#include "threads.h"

namespace thalweg {
namespace {

// Where a task stands in a list, or −1.
int32_t place_in(const std::vector<const Task*>& tasks, const Task* task) {
  const auto place = std::find(tasks.begin(), tasks.end(), task);
  return place == tasks.end() ? -1 : static_cast<int32_t>(place - tasks.begin());
}

}  // namespace

Plan Program::plan(int64_t batch) {
  Claim claim(busy_);
  for (const View& input : inputs_) {
    if (batch < 0 || (batch > 0 && input.count % batch != 0)) {
      throw Error("ERR_SHAPE", "program: an input does not divide into that many samples");
    }
  }
  stage_inputs({batch, std::vector<bool>(batch > 0 ? inputs_.size() : 0)});
  constexpr double kOften = 1e6;
  Plan plan = {choose_crew(kOften * nanoseconds_, kOften * waits_, threads_).threads, {}};
  for (size_t at = 0; at < schedule_.tasks.size(); ++at) {
    const Scheduled& one = schedule_.tasks[at];
    const int32_t instruction = place_in(made_, one.task);
    const int32_t input = place_in(gathers_, one.task);
    const Plan::Does other = input >= 0 ? Plan::Does::gather : Plan::Does::note;
    const bool forms = schedule_.ahead != nullptr && at == schedule_.forms;
    const double ahead = forms ? schedule_.ahead->nanoseconds : 0;
    plan.entries.push_back({instruction >= 0 ? Plan::Does::instruction : other,
                            instruction >= 0 ? instruction : input, one,
                            forms ? place_in(made_, schedule_.ahead) : -1, one.task->nanoseconds + ahead});
  }
  return plan;
}

namespace {

double flops_of(const Operands& operands) {
  const Instruction& self = operands.instruction();
  if (self.flops != nullptr) return self.flops(operands);
  if (self.moves) return 0;
  int64_t most = 0;
  for (const View& view : operands.views()) most = std::max(most, view.count);
  return self.flops_an_element * static_cast<double>(most);
}

}  // namespace

// What is written over what outlives the run counts as read too.
double Program::bytes_moved(const InstructionSpec& instruction, const Operands& operands) const {
  if (operands.instruction().moves) return 2 * static_cast<double>(operands.bytes_copied());
  std::set<int32_t> read;
  std::set<int32_t> written;
  for (size_t i = 0; i < instruction.buffers.size(); ++i) {
    const int32_t buffer = instruction.buffers[i];
    if (buffer < 0) continue;
    const bool is_written = operands.access_of(i) != Access::read;
    if (is_written) written.insert(buffer);
    if (!is_written || spec_.buffers[static_cast<size_t>(buffer)].place != Place::arena) read.insert(buffer);
  }
  const auto total = [&](const std::set<int32_t>& buffers) {
    double bytes = 0;
    for (const int32_t buffer : buffers) bytes += static_cast<double>(locate(buffer).bytes());
    return bytes;
  };
  return total(written) + total(read);
}

std::vector<InstructionCost> Program::costs() {
  Claim claim(busy_);
  place_inputs(inputs_, loop_);  // tasks that could not be made the last time are made now
  std::vector<InstructionCost> costs;
  for (size_t i = 0; i < spec_.instructions.size(); ++i) {
    const InstructionSpec& instruction = spec_.instructions[i];
    const std::vector<View> views = locate_all(instruction);
    const Operands operands(instructions()[instruction.id], views, instruction.params, kernel_table());
    const double nanoseconds = made_[i] == nullptr ? 0 : made_[i]->nanoseconds;
    costs.push_back({flops_of(operands), bytes_moved(instruction, operands), nanoseconds});
  }
  return costs;
}

}  // namespace thalweg
