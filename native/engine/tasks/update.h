// What an optimizer does to its parameters, in place.
//
// sgd, adam: one task for all tensors that have the same settings. n: the elements of each.
// sgd_outer, adam_outer: one tensor w [rows, columns] by its gradient at one sample, which is the outer
//       product of dz [rows] and x [columns] and is never written.
// sgd_product, adam_product: one tensor w [M, N] whose gradient is a product, alpha · op(a) · op(b).
// lr, step and the last operand are float64 [1], since they change from step to step; the last, where it is
// there, stands for the parameter of that name.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_sgd(const Operands&, const Table&, TaskStore&);
Task* prepare_adam(const Operands&, const Table&, TaskStore&);
Task* prepare_sgd_product(const Operands&, const Table&, TaskStore&);
Task* prepare_adam_product(const Operands&, const Table&, TaskStore&);

double sgd_flops(const Operands& operands);
double adam_flops(const Operands& operands);
double sgd_outer_flops(const Operands& operands);
double adam_outer_flops(const Operands& operands);
double sgd_product_flops(const Operands& operands);
double adam_product_flops(const Operands& operands);

namespace describing {

// What stands before the settings, and in the gradient's place.
struct UpdateForm {
  GradientForm form;

  consteval Layout begin() const {
    Layout result;
    switch (form) {
      case GradientForm::outer:
        return result.add({size("rows"), size("columns")}).add({updates("w"), reads("dz"), reads("x")});
      case GradientForm::product:
        return result
            .add({size("M"), size("N"), size("K"), flag("transposeA"), flag("transposeB"), number("alpha")})
            .add({updates("w"), reads("a"), reads("b")});
      default:
        result.add({size("tensors"), list(size("n"), "tensors")}).add({updates("w"), reads("gradient")});
        result.repeats = static_cast<int8_t>(result.param("tensors"));
        return result;
    }
  }
};

consteval Layout sgd(GradientForm form) {
  return UpdateForm{form}
      .begin()
      .add({number("momentum"), number("dampening"), number("weightDecay"), flag("nesterov"),
            flag("maximize")})
      .add({optional(updates("velocity")), reads("lr", Elements::float64), reads("step", Elements::float64),
            optional(reads("momentum", Elements::float64))});
}

consteval Layout adam(GradientForm form) {
  return UpdateForm{form}
      .begin()
      .add({number("beta1"), number("beta2"), number("eps"), number("weightDecay"), flag("decoupled"),
            flag("maximize")})
      .add({updates("m"), updates("v"), optional(updates("maxV")), reads("lr", Elements::float64),
            reads("step", Elements::float64), optional(reads("beta1", Elements::float64))});
}

inline constexpr Layout kSgd = sgd(GradientForm::whole);
inline constexpr Layout kAdam = adam(GradientForm::whole);
inline constexpr Layout kSgdOuter = sgd(GradientForm::outer);
inline constexpr Layout kAdamOuter = adam(GradientForm::outer);
inline constexpr Layout kSgdProduct = sgd(GradientForm::product);
inline constexpr Layout kAdamProduct = adam(GradientForm::product);

}  // namespace describing

constexpr Instruction describe_update(const char* name, const char* rule, GradientForm form, Prepare prepare,
                                      const Layout& layout, double (*flops)(const Operands&)) {
  constexpr const char* kFamilies[] = {nullptr, "update", "update_outer", "update_product"};
  return {.name = name,
          .family = kFamilies[static_cast<int32_t>(form)],
          .prepare = prepare,
          .layout = &layout,
          .takes = takes_floats,
          .sentence = Sentence::update,
          .flops = flops,
          .update_rule = rule,
          .gradient = form};
}

inline constexpr std::array kUpdateInstructions = {
    describe_update("sgd", "sgd", GradientForm::whole, prepare_sgd, describing::kSgd, sgd_flops),
    describe_update("adam", "adam", GradientForm::whole, prepare_adam, describing::kAdam, adam_flops),
    describe_update("sgd_outer", "sgd", GradientForm::outer, prepare_sgd, describing::kSgdOuter,
                    sgd_outer_flops),
    describe_update("adam_outer", "adam", GradientForm::outer, prepare_adam, describing::kAdamOuter,
                    adam_outer_flops),
    describe_update("sgd_product", "sgd", GradientForm::product, prepare_sgd_product, describing::kSgdProduct,
                    sgd_product_flops),
    describe_update("adam_product", "adam", GradientForm::product, prepare_adam_product,
                    describing::kAdamProduct, adam_product_flops),
};

}  // namespace thalweg
