// The C library's logarithm of Γ without its global variable: GCC alone has it as a builtin.
#pragma once

extern "C" {
double lgamma_r(double x, int* sign) noexcept;
long double lgammal_r(long double x, int* sign) noexcept;
}
