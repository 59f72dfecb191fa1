// What an instruction works on, as it came from JavaScript: nothing in it is trusted until it has been held
// against the instruction's description. A task then asks for it by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "../kernels/types.h"
#include "description.h"
#include "error.h"

namespace thalweg {

// An operand's elements, wherever they are.
struct View {
  void* data = nullptr;  // null: an operand left out
  int64_t count = 0;     // elements
  DType dtype = DType::float32;

  int64_t bytes() const { return count * bytes_of(dtype); }
};

// The operands and parameters of an instruction, by their places in its description.
class Operands {
 public:
  // Holds them against the description: how many there are, what kind of number each parameter is, that no
  // operand is missing and that the dtypes fit. Throws Error that names instruction, operand or parameter.
  Operands(const Instruction& self, std::span<const View> views, std::span<const double> params,
           const Table& table);

  const Instruction& instruction() const { return self_; }
  DType dtype() const { return dtype_; }
  DType dtype_given() const { return thalweg::dtype_given(self_.gives, dtype_); }

  // A parameter, of a list the `at`-th.
  double number(size_t param, int64_t at = 0) const { return number(*self_.layout, param, at); }
  int64_t integer(size_t param, int64_t at = 0) const { return static_cast<int64_t>(number(param, at)); }
  int64_t params_in(size_t list) const {
    return self_.layout->lists_params ? param_begins_[list + 1] - param_begins_[list] : 1;
  }

  // An operand, of a list the `at`-th; where the whole list of operands is repeated, that of the `at`-th.
  const View& view(size_t operand, int64_t at = 0) const { return view(*self_.layout, operand, at); }
  int64_t operands_in(size_t list) const {
    return self_.layout->lists_operands ? operand_begins_[list + 1] - operand_begins_[list] : 1;
  }

  // Its elements, of which there are at least `count`. Null where it was left out.
  void* elements(size_t operand, int64_t count, int64_t at = 0) const {
    return elements(*self_.layout, operand, count, at);
  }

  // The same where the layout is known while compiling, and with it where each stands.
  double number(const Layout& layout, size_t param, int64_t at) const {
    return params_[layout.lists_params ? static_cast<size_t>(param_begins_[param] + at) : param];
  }
  const View& view(const Layout& layout, size_t operand, int64_t at) const {
    const int64_t begin = layout.lists_operands ? operand_begins_[operand] : static_cast<int64_t>(operand);
    const int64_t step = layout.repeats < 0 ? 1 : static_cast<int64_t>(layout.operand_count);
    const auto place = static_cast<size_t>(begin + at * step);
    return place < views_.size() ? views_[place] : kLeftOut;  // the last may be left out altogether
  }
  void* elements(const Layout& layout, size_t operand, int64_t count, int64_t at) const {
    const View& own = view(layout, operand, at);
    if (own.count < count && own.data != nullptr) refuse_size(operand, at, count);
    return own.data;
  }

  // Which operand of the description a view is.
  size_t operand_of(size_t view) const;
  Access access_of(size_t view) const { return self_.layout->operands[operand_of(view)].access; }
  std::span<const View> views() const { return views_; }

  // The bytes that an instruction copies which `moves`: of all that it writes or, where it puts them into a
  // part of an operand, of all that it reads.
  int64_t bytes_copied() const;

  // a·b, refused where it passes 2⁵³.
  int64_t product(int64_t a, int64_t b) const {
    int64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result) || result >= (int64_t{1} << 53)) {
      fail("ERR_SHAPE", "a size passes 2^53 elements");
    }
    return result;
  }

  [[noreturn, gnu::cold]] void fail(const char* code, const std::string& what) const;

 private:
  void check_params();
  void place_params();
  void check_kind(size_t param, int64_t at) const;
  void place_operands();
  int64_t repeats() const {
    const int8_t repeats = self_.layout->repeats;
    return repeats < 0 ? 1 : integer(static_cast<size_t>(repeats));
  }
  void check_operands(const Table& table);
  void check_operand(size_t operand, int64_t at, const Table& table);
  DType expected_dtype(Elements elements, DType any) const;
  // Apart from the checks, which are on the way of every eager op.
  [[noreturn, gnu::cold]] void refuse_param(size_t param, int64_t at, const char* expected) const;
  [[noreturn, gnu::cold]] void refuse_missing_param(size_t param, int64_t at) const;
  [[noreturn, gnu::cold]] void refuse_missing(size_t operand, int64_t at) const;
  [[noreturn, gnu::cold]] void refuse_dtype(size_t operand, int64_t at, DType expected) const;
  [[noreturn, gnu::cold]] void refuse_size(size_t operand, int64_t at, int64_t count) const;
  [[noreturn, gnu::cold]] void refuse_number_of(const char* code, const char* what, int64_t expected,
                                                size_t given) const;
  std::string name_of_param(size_t param, int64_t at) const;
  std::string name_of_operand(size_t operand, int64_t at) const;

  static constexpr View kLeftOut = {};

  const Instruction& self_;
  std::span<const View> views_;
  std::span<const double> params_;
  DType dtype_ = DType::float32;
  bool knows_dtype_ = false;
  int64_t param_begins_[Layout::kMaxParams + 1];
  int64_t operand_begins_[Layout::kMaxOperands + 1];
};

// A name of a parameter, looked up in the description while compiling.
template <const Layout& L, ParamKind... Kinds>
struct ParamName {
  size_t place;

  template <size_t N>
  consteval ParamName(const char (&name)[N]) : place(L.param(name)) {
    if (((L.params[place].kind != Kinds) && ...)) throw "a parameter of another kind";
  }
};

template <const Layout& L>
struct OperandName {
  size_t place;

  template <size_t N>
  consteval OperandName(const char (&name)[N]) : place(L.operand(name)) {}
};

// The same for one whose elements are T, and which may be written or not.
template <const Layout& L, typename T, bool kWritten>
struct ElementsName {
  size_t place;

  template <size_t N>
  consteval ElementsName(const char (&name)[N]) : place(L.operand(name)) {
    const OperandSpec& spec = L.operands[place];
    if ((spec.access != Access::read) != kWritten) throw "an operand that is read is not written";
    const bool fits = spec.elements == Elements::float64 ? std::is_same_v<T, double>
                      : spec.elements == Elements::int32 ? std::is_same_v<T, int32_t>
                                                         : true;
    if (!fits) throw "an operand of another dtype";
  }
};

// Operands asked for by the names of a description: a wrong name, kind or access does not compile.
template <const Layout& L>
class Named {
 public:
  explicit Named(const Operands& all) : all_(all) {}

  int64_t size(ParamName<L, ParamKind::size> name, int64_t at = 0) const {
    return static_cast<int64_t>(all_.number(L, name.place, at));
  }
  int64_t integer(ParamName<L, ParamKind::integer> name, int64_t at = 0) const {
    return static_cast<int64_t>(all_.number(L, name.place, at));
  }
  bool flag(ParamName<L, ParamKind::flag> name) const { return all_.number(L, name.place, 0) != 0; }
  double number(ParamName<L, ParamKind::number> name) const { return all_.number(L, name.place, 0); }
  int64_t choice(ParamName<L, ParamKind::choice> name) const {
    return static_cast<int64_t>(all_.number(L, name.place, 0));
  }
  int64_t params_in(ParamName<L, ParamKind::size, ParamKind::integer> list) const {
    return all_.params_in(list.place);
  }

  int64_t operands_in(OperandName<L> list) const { return all_.operands_in(list.place); }

  template <typename T>
  const T* read(ElementsName<L, T, false> name, int64_t count, int64_t at = 0) const {
    return static_cast<const T*>(all_.elements(L, name.place, count, at));
  }
  template <typename T>
  T* write(ElementsName<L, T, true> name, int64_t count, int64_t at = 0) const {
    return static_cast<T*>(all_.elements(L, name.place, count, at));
  }
  const View& view(OperandName<L> name, int64_t at = 0) const { return all_.view(L, name.place, at); }
  bool has(OperandName<L> name) const { return view(name).data != nullptr; }

  int64_t product(int64_t a, int64_t b) const { return all_.product(a, b); }
  [[noreturn]] void fail(const char* code, const std::string& what) const { all_.fail(code, what); }

 private:
  const Operands& all_;
};

}  // namespace thalweg
