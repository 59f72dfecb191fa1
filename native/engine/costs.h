// How fast this machine is, measured once: what the estimates of tasks and the choice of threads rest on.
#pragma once

namespace thalweg {

// Multiply-adds of float32 a nanosecond, by the matrix product in use on one thread.
double multiply_adds_a_nanosecond();

}  // namespace thalweg
