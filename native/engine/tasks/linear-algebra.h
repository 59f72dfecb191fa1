// Factors and solutions of matrices, one for each of S in a stack; all are row-major.
//
// cholesky:         x [n, n] symmetric positive definite, of which the lower triangle is read → the lower L
//                   with x = L·Lᵀ.
// solve_triangular: op(a)·y = b for a triangular a [n, n], of which one triangle is read, and b [n, m].
// solve:            a·y = b for any a, by LU with partial pivoting.
// slogdet:          sign and ln|det a| in y [2], by LU.
// eigh:             (x + xᵀ)/2 = V·diag(λ)·Vᵀ; y [n + 1, n] has λ in its first row, ascending, and then V.
// eigvalsh:         λ [n] alone.
// qr:               x [m, n] = Q·R for m ≥ n; y [m + n, n] has Q [m, n] and then R [n, n].
// svd:              x [m, n] = U·diag(σ)·Vᵀ for m ≥ n; y [1 + m + n, n] has σ in its first row, descending,
// and
//                   then U [m, n] and V [n, n].
// pinv:             V·diag(1/σ)·Uᵀ [n, m], without the σ that are at most max(atol, rtol·σ_1).
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_cholesky(const Operands&, const Table&, TaskStore&);
Task* prepare_solve_triangular(const Operands&, const Table&, TaskStore&);
Task* prepare_solve(const Operands&, const Table&, TaskStore&);
Task* prepare_slogdet(const Operands&, const Table&, TaskStore&);
Task* prepare_eigh(const Operands&, const Table&, TaskStore&);
Task* prepare_qr(const Operands&, const Table&, TaskStore&);
Task* prepare_svd(const Operands&, const Table&, TaskStore&);
Task* prepare_pinv(const Operands&, const Table&, TaskStore&);

double cholesky_flops(const Operands& operands);
double solve_triangular_flops(const Operands& operands);
double solve_flops(const Operands& operands);
double slogdet_flops(const Operands& operands);
double eigh_flops(const Operands& operands);
double qr_flops(const Operands& operands);
double svd_flops(const Operands& operands);
double pinv_flops(const Operands& operands);

namespace describing {
inline constexpr Layout kCholesky = layout({size("S"), size("n")}, {reads("x"), writes("L")});
inline constexpr Layout kSolveTriangular =
    layout({size("S"), size("n"), size("m"), flag("upper"), flag("transpose"), flag("unitDiagonal")},
           {reads("a"), reads("b"), writes("y")});
inline constexpr Layout kSolve =
    layout({size("S"), size("n"), size("m")}, {reads("a"), reads("b"), writes("y")});
inline constexpr Layout kSlogdet = layout({size("S"), size("n")}, {reads("a"), writes("y")});
inline constexpr Layout kEigh = layout({size("S"), size("n")}, {reads("x"), writes("y")});
inline constexpr Layout kQr = layout({size("S"), size("m"), size("n")}, {reads("x"), writes("y")});
inline constexpr Layout kSvd = layout({size("S"), size("m"), size("n")}, {reads("x"), writes("y")});
inline constexpr Layout kPinv =
    layout({size("S"), size("m"), size("n"), number("atol"), number("rtol")}, {reads("x"), writes("y")});
}  // namespace describing

// Which of the instructions that find eigenvalues.
enum class Eigh : int32_t { vectors, values };

inline constexpr std::array kLinearAlgebraInstructions = {
    Instruction{.name = "cholesky",
                .family = "linear_algebra",
                .prepare = prepare_cholesky,
                .layout = &describing::kCholesky,
                .takes = takes_floats,
                .can_fail = true,
                .flops = cholesky_flops},
    Instruction{.name = "solve_triangular",
                .family = "linear_algebra",
                .prepare = prepare_solve_triangular,
                .layout = &describing::kSolveTriangular,
                .takes = takes_floats,
                .flops = solve_triangular_flops},
    Instruction{.name = "solve",
                .family = "linear_algebra",
                .prepare = prepare_solve,
                .layout = &describing::kSolve,
                .takes = takes_floats,
                .can_fail = true,
                .flops = solve_flops},
    Instruction{.name = "slogdet",
                .family = "linear_algebra",
                .prepare = prepare_slogdet,
                .layout = &describing::kSlogdet,
                .takes = takes_floats,
                .flops = slogdet_flops},
    Instruction{.name = "eigh",
                .family = "linear_algebra",
                .prepare = prepare_eigh,
                .layout = &describing::kEigh,
                .takes = takes_floats,
                .kernel = static_cast<int32_t>(Eigh::vectors),
                .can_fail = true,
                .flops = eigh_flops},
    Instruction{.name = "eigvalsh",
                .family = "linear_algebra",
                .prepare = prepare_eigh,
                .layout = &describing::kEigh,
                .takes = takes_floats,
                .kernel = static_cast<int32_t>(Eigh::values),
                .can_fail = true,
                .flops = eigh_flops},
    Instruction{.name = "qr",
                .family = "linear_algebra",
                .prepare = prepare_qr,
                .layout = &describing::kQr,
                .takes = takes_floats,
                .flops = qr_flops},
    Instruction{.name = "svd",
                .family = "linear_algebra",
                .prepare = prepare_svd,
                .layout = &describing::kSvd,
                .takes = takes_floats,
                .can_fail = true,
                .flops = svd_flops},
    Instruction{.name = "pinv",
                .family = "linear_algebra",
                .prepare = prepare_pinv,
                .layout = &describing::kPinv,
                .takes = takes_floats,
                .can_fail = true,
                .flops = pinv_flops},
};

}  // namespace thalweg
