#include "operands.h"

#include <cstdio>

namespace thalweg {
namespace {

constexpr double kWhole = 9007199254740992.0;  // 2⁵³

bool is_whole(double value) {
  return value > -kWhole && value < kWhole && value == static_cast<double>(static_cast<int64_t>(value));
}

std::string shown(double value) {
  if (value != value) return "NaN";
  char text[32];
  std::snprintf(text, sizeof(text), "%.15g", value);
  return text;
}

}  // namespace

Operands::Operands(const Instruction& self, std::span<const View> views, std::span<const double> params,
                   const Table& table)
    : self_(self), views_(views), params_(params) {
  check_params();
  place_operands();
  check_operands(table);
}

void Operands::check_params() {
  const Layout& layout = *self_.layout;
  if (layout.lists_params) return place_params();
  for (size_t k = 0; k < layout.param_count; ++k) {
    if (k == params_.size()) refuse_missing_param(k, 0);
    check_kind(k, 0);
  }
  if (params_.size() == layout.param_count) return;
  refuse_number_of("ERR_VALUE", "parameters", static_cast<int64_t>(layout.param_count), params_.size());
}

// Finds where each parameter of the description begins, and checks it: others say how long lists are.
void Operands::place_params() {
  const Layout& layout = *self_.layout;
  const auto given = static_cast<int64_t>(params_.size());
  int64_t begin = 0;
  for (size_t k = 0; k < layout.param_count; ++k) {
    param_begins_[k] = begin;
    const int8_t list = layout.params[k].list;
    const int64_t count = list == kOne    ? 1
                          : list == kRest ? given - begin
                                          : integer(static_cast<size_t>(list));
    if (count > given - begin) refuse_missing_param(k, given - begin);
    for (int64_t i = 0; i < count; ++i) check_kind(k, i);
    begin += count;
  }
  param_begins_[layout.param_count] = begin;
  if (begin != given) refuse_number_of("ERR_VALUE", "parameters", begin, params_.size());
}

void Operands::check_kind(size_t param, int64_t at) const {
  const ParamSpec& spec = self_.layout->params[param];
  const double value = number(param, at);
  switch (spec.kind) {
    case ParamKind::size:
      if (!is_whole(value) || value < 0) refuse_param(param, at, "a whole number in [0, 2^53)");
      break;
    case ParamKind::integer:
      if (!is_whole(value)) refuse_param(param, at, "a whole number");
      break;
    case ParamKind::flag:
      if (value != 0 && value != 1) refuse_param(param, at, "0 or 1");
      break;
    case ParamKind::choice:
      if (!is_whole(value) || value < 0 || value >= spec.choice_count) {
        refuse_param(param, at, "the number of a choice");
      }
      break;
    case ParamKind::number:
      break;
  }
}

// Finds where each operand of the description begins among those that came.
void Operands::place_operands() {
  const Layout& layout = *self_.layout;
  const auto given = static_cast<int64_t>(views_.size());
  auto described = static_cast<int64_t>(layout.operand_count);
  if (layout.lists_operands) {
    described = 0;
    for (size_t k = 0; k < layout.operand_count; ++k) {
      operand_begins_[k] = described;
      const int8_t list = layout.operands[k].list;
      const int64_t left = given > described ? given - described : 0;
      const int64_t count = list == kOne ? 1 : list == kRest ? left : integer(static_cast<size_t>(list));
      if (list >= 0 && count > left) refuse_missing(k, left);
      described += count;
    }
    operand_begins_[layout.operand_count] = described;
  }
  if (layout.repeats >= 0) described = product(described, repeats());
  if (given > described) refuse_number_of("ERR_SHAPE", "operands", described, views_.size());
}

void Operands::check_operands(const Table& table) {
  const Layout& layout = *self_.layout;
  const int64_t turns = repeats();
  for (int64_t turn = 0; turn < turns; ++turn) {
    for (size_t k = 0; k < layout.operand_count; ++k) {
      const int64_t count = operands_in(k);
      for (int64_t i = 0; i < count; ++i) check_operand(k, turn + i, table);
    }
  }
}

void Operands::check_operand(size_t operand, int64_t at, const Table& table) {
  const OperandSpec& spec = self_.layout->operands[operand];
  const View& own = view(operand, at);
  if (own.data == nullptr) {
    if (!spec.optional) refuse_missing(operand, at);
    return;
  }
  if (spec.elements == Elements::own && !knows_dtype_) {
    knows_dtype_ = true;
    dtype_ = own.dtype;
    if (!self_.takes(self_, table, dtype_))
      fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype_));
    return;
  }
  const DType expected = expected_dtype(spec.elements, own.dtype);
  if (own.dtype != expected) refuse_dtype(operand, at, expected);
}

DType Operands::expected_dtype(Elements elements, DType any) const {
  switch (elements) {
    case Elements::own:
      return dtype_;
    case Elements::result:
      return dtype_given();
    case Elements::float64:
      return DType::float64;
    case Elements::int32:
      return DType::int32;
    case Elements::boolean:
      return DType::boolean;
    default:
      return any;
  }
}

size_t Operands::operand_of(size_t view) const {
  const Layout& layout = *self_.layout;
  if (!layout.lists_operands) return view % layout.operand_count;
  size_t operand = 0;
  while (static_cast<size_t>(operand_begins_[operand + 1]) <= view) ++operand;
  return operand;
}

int64_t Operands::bytes_copied() const {
  int64_t read = 0;
  int64_t written = 0;
  bool puts = false;
  for (size_t i = 0; i < views_.size(); ++i) {
    const Access access = access_of(i);
    (access == Access::read ? read : written) += views_[i].bytes();
    puts = puts || access == Access::update;
  }
  return puts ? read : written;
}

void Operands::fail(const char* code, const std::string& what) const {
  throw Error(code, std::string(self_.name) + ": " + what);
}

void Operands::refuse_param(size_t param, int64_t at, const char* expected) const {
  fail("ERR_VALUE",
       "parameter " + name_of_param(param, at) + " is " + shown(number(param, at)) + ", not " + expected);
}

void Operands::refuse_missing_param(size_t param, int64_t at) const {
  fail("ERR_VALUE", "parameter " + name_of_param(param, at) + " is missing");
}

void Operands::refuse_missing(size_t operand, int64_t at) const {
  fail("ERR_SHAPE", "operand " + name_of_operand(operand, at) + " is missing");
}

void Operands::refuse_number_of(const char* code, const char* what, int64_t expected, size_t given) const {
  fail(code, "expected " + std::to_string(expected) + " " + what + ", got " + std::to_string(given));
}

void Operands::refuse_dtype(size_t operand, int64_t at, DType expected) const {
  fail("ERR_DTYPE", "operand " + name_of_operand(operand, at) + " is " + name_of(view(operand, at).dtype) +
                        ", not " + name_of(expected));
}

void Operands::refuse_size(size_t operand, int64_t at, int64_t count) const {
  fail("ERR_SHAPE", "operand " + name_of_operand(operand, at) + " has " +
                        std::to_string(view(operand, at).count) + " elements, of " + std::to_string(count) +
                        " needed");
}

std::string Operands::name_of_param(size_t param, int64_t at) const {
  const ParamSpec& spec = self_.layout->params[param];
  return spec.list == kOne ? spec.name : std::string(spec.name) + "[" + std::to_string(at) + "]";
}

std::string Operands::name_of_operand(size_t operand, int64_t at) const {
  const OperandSpec& spec = self_.layout->operands[operand];
  const bool is_listed = spec.list != kOne || repeats() > 1;
  return is_listed ? std::string(spec.name) + "[" + std::to_string(at) + "]" : spec.name;
}

}  // namespace thalweg
