// A program is used by one thread at a time.
#pragma once

#include <atomic>

#include "error.h"

namespace thalweg {

// Held for as long as a thread uses a program. Throws Error "ERR_BUSY" where another one does.
class Claim {
 public:
  explicit Claim(std::atomic<bool>& busy) : busy_(busy) {
    if (busy_.exchange(true)) throw Error("ERR_BUSY", "this program is running already");
  }
  ~Claim() { busy_.store(false); }

 private:
  std::atomic<bool>& busy_;
};

}  // namespace thalweg
