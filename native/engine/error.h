// What the engine throws; native/addon turns it into a JavaScript error, once.
#pragma once

#include <stdexcept>
#include <string>

namespace thalweg {

class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;  // a string literal: "ERR_SHAPE", "ERR_DTYPE", "ERR_INDEX", "ERR_VALUE"
};

}  // namespace thalweg
