// N steps of a program over mini-batches of a data set.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace thalweg {

// Where an input of a program comes from in a loop: the rows of a data set.
struct Source {
  const void* data = nullptr;
  int64_t bytes = 0;
  int64_t rows = 0;
  int64_t row_bytes = 0;
  // Rows of bytes b that stand for scale · (b − zero_point); a scale of 0 for rows taken as they are.
  double scale = 0;
  double zero_point = 0;
};

// Step s takes the rows order[s·batch …] of each source.
struct Loop {
  std::vector<Source> sources;
  const int32_t* order = nullptr;
  int64_t batch = 0;
  int64_t steps = 0;
  // Whether the log has all elements of each output or the first one alone.
  bool logs_all = false;
  double* log = nullptr;  // [steps, logged]: these elements after each step, one output after the other
  const std::atomic<bool>* stop = nullptr;  // asks for an end after the step in hand
};

// Where a thread is in a loop. Each has its own, since one may be a phase ahead of another.
struct alignas(64) Cursor {
  const Loop* loop = nullptr;
  int64_t step = 0;

  const int32_t* order() const { return loop->order + step * loop->batch; }
};

// The samples of an input, as a task reads them: of the step that its thread is in, or `ahead` steps later.
struct Samples {
  const Cursor* cursors = nullptr;  // of each thread
  size_t input = 0;
  int64_t ahead = 0;

  const Source& source(int32_t rank) const { return cursors[rank].loop->sources[input]; }
  const int32_t* order(int32_t rank) const {
    return cursors[rank].order() + ahead * cursors[rank].loop->batch;
  }
};

}  // namespace thalweg
