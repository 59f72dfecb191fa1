// What an instruction works on, as it came from JavaScript: nothing in it is trusted.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "../kernels/types.h"
#include "error.h"

namespace thalweg {

struct Buffer {
  void* data = nullptr;  // null: an operand left out
  int64_t count = 0;     // elements
  DType dtype = DType::float32;
};

// Reads buffers and parameters in order, and refuses what does not fit.
class Operands {
 public:
  Operands(const char* op, std::span<const Buffer> buffers, std::span<const double> params)
      : op_(op), buffers_(buffers), params_(params) {}

  const char* op() const { return op_; }

  // A whole number in [low, 2⁵³).
  int64_t integer(int64_t low = 0) {
    const double value = number();
    if (!(value >= static_cast<double>(low) && value < 9007199254740992.0) || value != std::floor(value)) {
      fail("ERR_VALUE", "parameter " + std::to_string(next_param_ - 1) + " is " + std::to_string(value));
    }
    return static_cast<int64_t>(value);
  }

  // A whole number of either sign, |value| < 2⁵³.
  int64_t signed_integer() { return integer(-9007199254740991); }

  bool flag() { return number() != 0; }

  double number() {
    if (next_param_ >= params_.size()) fail("ERR_VALUE", "too few parameters");
    return params_[next_param_++];
  }

  // The next buffer, of at least `count` elements and of that dtype.
  void* buffer(int64_t count, DType dtype) {
    void* data = optional(count, dtype);
    if (data == nullptr && count > 0) fail("ERR_SHAPE", "a buffer is missing");
    return data;
  }

  // As buffer(), or null where it was left out.
  void* optional(int64_t count, DType dtype) {
    if (next_buffer_ == buffers_.size()) return nullptr;  // the last operands may be left out altogether
    const Buffer& next = take();
    if (next.data == nullptr && next.count == 0) return nullptr;
    if (next.dtype != dtype) {
      fail("ERR_DTYPE", std::string("a buffer is ") + name_of(next.dtype) + ", not " + name_of(dtype));
    }
    if (next.count < count) {
      fail("ERR_SHAPE", "a buffer has " + std::to_string(next.count) + " elements, of " +
                            std::to_string(count) + " needed");
    }
    return next.data;
  }

  int64_t buffers_left() const { return static_cast<int64_t>(buffers_.size() - next_buffer_); }

  int64_t params_left() const { return static_cast<int64_t>(params_.size() - next_param_); }

  int64_t count_of_next() const { return next_buffer_ < buffers_.size() ? buffers_[next_buffer_].count : 0; }

  DType dtype_of_next() const {
    if (next_buffer_ >= buffers_.size()) fail("ERR_SHAPE", "too few buffers");
    return buffers_[next_buffer_].dtype;
  }

  DType dtype_of_last() const {
    if (buffers_.empty()) fail("ERR_SHAPE", "too few buffers");
    return buffers_.back().dtype;
  }

  // a·b, refused where it passes 2⁵³.
  int64_t product(int64_t a, int64_t b) const {
    int64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result) || result >= (int64_t{1} << 53)) {
      fail("ERR_SHAPE", "a size passes 2^53 elements");
    }
    return result;
  }

  [[noreturn]] void fail(const char* code, const std::string& what) const {
    throw Error(code, std::string(op_) + ": " + what);
  }

 private:
  const Buffer& take() {
    if (next_buffer_ >= buffers_.size()) fail("ERR_SHAPE", "too few buffers");
    return buffers_[next_buffer_++];
  }

  const char* op_;
  std::span<const Buffer> buffers_;
  std::span<const double> params_;
  size_t next_buffer_ = 0;
  size_t next_param_ = 0;
};

}  // namespace thalweg
