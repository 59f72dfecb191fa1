// What an instruction is, told once: its operands and parameters by name, what it takes and gives, what it
// costs. The header of each task declares its instructions; from these follow the checks before a task is
// made, what JavaScript is told, and the costs. Plain data, known while compiling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "../kernels/isa/table.h"

namespace thalweg {

class Operands;
class Task;
class TaskStore;

// update: read and written.
enum class Access : uint8_t { read, write, update };

// The dtype of an operand. own: the instruction's, which is that of its first such operand. result: what the
// instruction gives. any: the task checks it.
enum class Elements : uint8_t { own, result, any, float64, int32, boolean };

// What the list of an operand or parameter says of how many there are, beside the number of a parameter.
constexpr int8_t kOne = -1;
constexpr int8_t kRest = -2;  // all that are left

struct OperandSpec {
  const char* name = nullptr;
  Access access = Access::read;
  Elements elements = Elements::own;
  bool optional = false;
  const char* list_name = nullptr;
  int8_t list = kOne;
};

enum class ParamKind : uint8_t {
  size,     // a whole number in [0, 2⁵³)
  integer,  // a whole number, |value| < 2⁵³
  flag,     // 0 or 1
  number,
  choice,  // the number of one of some names
};

constexpr int32_t kMaxChoices = 4;

struct ParamSpec {
  const char* name = nullptr;
  ParamKind kind = ParamKind::size;
  const char* list_name = nullptr;
  int8_t list = kOne;
  int32_t choice_count = 0;
  const char* choices[kMaxChoices] = {};
};

// The words of descriptions.
namespace describing {

consteval ParamSpec size(const char* name) { return {.name = name, .kind = ParamKind::size}; }
consteval ParamSpec integer(const char* name) { return {.name = name, .kind = ParamKind::integer}; }
consteval ParamSpec flag(const char* name) { return {.name = name, .kind = ParamKind::flag}; }
consteval ParamSpec number(const char* name) { return {.name = name, .kind = ParamKind::number}; }
consteval ParamSpec activation(const char* name) {
  return {.name = name,
          .kind = ParamKind::choice,
          .choice_count = 4,
          .choices = {"none", "relu", "tanh", "sigmoid"}};
}

consteval OperandSpec reads(const char* name, Elements elements = Elements::own) {
  return {.name = name, .access = Access::read, .elements = elements};
}
consteval OperandSpec writes(const char* name, Elements elements = Elements::result) {
  return {.name = name, .access = Access::write, .elements = elements};
}
consteval OperandSpec updates(const char* name) { return {.name = name, .access = Access::update}; }

// One that may be left out.
consteval OperandSpec optional(OperandSpec one) {
  one.optional = true;
  return one;
}

// As many as a parameter says that comes before, or all that are left: "rest".
template <typename Spec>
consteval Spec list(Spec one, const char* count) {
  one.list_name = count;
  return one;
}

}  // namespace describing

// The place of a name among parameters or operands; not a constant where there is none of that name.
template <typename Spec>
consteval size_t place_of(std::string_view name, const Spec* specs, size_t count) {
  size_t at = 0;
  while (name != specs[at].name) {
    if (++at == count) throw "no such name";
  }
  return at;
}

// The parameters and operands of an instruction, in the order in which they come.
struct Layout {
  static constexpr size_t kMaxParams = 12;
  static constexpr size_t kMaxOperands = 10;

  ParamSpec params[kMaxParams] = {};
  OperandSpec operands[kMaxOperands] = {};
  size_t param_count = 0;
  size_t operand_count = 0;
  int8_t repeats = kOne;  // the parameter that says how often the whole list of operands comes
  // Whether some are lists. If not, each stands where it stands in the description.
  bool lists_params = false;
  bool lists_operands = false;

  // The place of a parameter or an operand; not a constant where there is none of that name.
  consteval size_t param(std::string_view name) const { return place_of(name, params, param_count); }
  consteval size_t operand(std::string_view name) const { return place_of(name, operands, operand_count); }

  // Not consteval: Clang 14 evaluates it too early in a template.
  constexpr bool has_param(std::string_view name) const {
    for (size_t at = 0; at < param_count; ++at) {
      if (name == params[at].name) return true;
    }
    return false;
  }

  // Those operands as bits.
  template <typename... Names>
  consteval uint32_t bits(Names... names) const {
    return ((uint32_t{1} << operand(names)) | ... | 0);
  }

  constexpr uint32_t all_operands() const { return (uint32_t{1} << operand_count) - 1; }

  consteval Layout& add(std::initializer_list<ParamSpec> more) {
    for (ParamSpec one : more) {
      one.list = list_of(one.list_name);
      lists_params = lists_params || one.list != kOne;
      params[param_count++] = one;
    }
    return *this;
  }
  consteval Layout& add(std::initializer_list<OperandSpec> more) {
    for (OperandSpec one : more) {
      one.list = list_of(one.list_name);
      lists_operands = lists_operands || one.list != kOne;
      operands[operand_count++] = one;
    }
    return *this;
  }

 private:
  consteval int8_t list_of(const char* name) const {
    if (name == nullptr) return kOne;
    if (std::string_view(name) == "rest") return kRest;
    return static_cast<int8_t>(param(name));
  }
};

consteval Layout layout(std::initializer_list<ParamSpec> params,
                        std::initializer_list<OperandSpec> operands) {
  return Layout().add(params).add(operands);
}

// How a sentence of explain() is made: name(operands), a chain's ops, a product's formula, an update's rule.
enum class Sentence : uint8_t { call, chain, product, update };

// In what form an update takes its gradient.
enum class GradientForm : uint8_t { none, whole, outer, product };

// How threads may divide it: not at all, or together, each its part as the task says.
enum class Division : uint8_t { none, together };

struct Instruction;

// Makes the task of operands that have been checked against the description. Throws Error where their sizes
// do not fit. Null: there is nothing to do.
using Prepare = Task* (*)(const Operands& operands, const Table& table, TaskStore& store);

struct Instruction {
  const char* name;
  const char* family;  // those of a family differ in little more than their kernel
  Prepare prepare;
  const Layout* layout;
  bool (*takes)(const Instruction& self, const Table& table, DType dtype);  // whether it is defined for it
  Sentence sentence = Sentence::call;
  int32_t kernel = 0;  // which one of its family
  Gives gives = Gives::same;
  bool can_fail = false;  // for what the data holds
  Division division = Division::together;
  // It copies elements and does no arithmetic. Of an operand that it picks from or puts into it touches only
  // what it copies.
  bool moves = false;
  // The arithmetic, roughly: an addition, a product, a comparison or a call of a function counts as one. Of
  // an element of its largest operand, or of all where there is a function for it.
  double flops_an_element = 1;
  double (*flops)(const Operands& operands) = nullptr;
  const char* update_rule = nullptr;
  GradientForm gradient = GradientForm::none;
};

inline bool takes_floats(const Instruction&, const Table&, DType dtype) {
  return contains(DTypeSet::floats, dtype);
}
inline bool takes_numbers(const Instruction&, const Table&, DType dtype) {
  return contains(DTypeSet::numbers, dtype);
}
inline bool takes_all(const Instruction&, const Table&, DType) { return true; }

}  // namespace thalweg
