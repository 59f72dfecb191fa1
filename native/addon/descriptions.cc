#include "descriptions.h"

#include <map>
#include <string>

#include "../engine/cpu.h"
#include "../engine/operands.h"
#include "../engine/registry.h"

namespace thalweg::addon {
namespace {

Napi::Value text_or_null(Napi::Env env, const char* text) {
  return text == nullptr ? env.Null() : Napi::Value(Napi::String::New(env, text));
}

Napi::Object to_object(Napi::Env env, const OperandSpec& operand) {
  constexpr const char* kAccess[] = {"read", "write", "update"};
  constexpr const char* kDTypeNames[] = {"own", "result", "any", "float64", "int32", "bool"};
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", operand.name);
  object.Set("access", kAccess[static_cast<int32_t>(operand.access)]);
  object.Set("dtype", kDTypeNames[static_cast<int32_t>(operand.elements)]);
  object.Set("optional", operand.optional);
  object.Set("list", text_or_null(env, operand.list_name));
  return object;
}

Napi::Object to_object(Napi::Env env, const ParamSpec& param) {
  constexpr const char* kKinds[] = {"size", "integer", "flag", "number", "choice"};
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", param.name);
  object.Set("kind", kKinds[static_cast<int32_t>(param.kind)]);
  object.Set("list", text_or_null(env, param.list_name));
  if (param.kind != ParamKind::choice) return object;
  Napi::Array choices = Napi::Array::New(env);
  for (int32_t i = 0; i < param.choice_count; ++i) choices.Set(choices.Length(), param.choices[i]);
  object.Set("choices", choices);
  return object;
}

template <typename Spec>
Napi::Array list_of(Napi::Env env, const Spec* specs, size_t count) {
  Napi::Array list = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; ++i) list.Set(i, to_object(env, specs[i]));
  return list;
}

// What several instructions share.
struct Lists {
  Napi::Array operands, params;
  Napi::Value repeats;
};

Lists lists_of(Napi::Env env, const Layout& layout) {
  const char* const repeats = layout.repeats < 0 ? nullptr : layout.params[layout.repeats].name;
  return {list_of(env, layout.operands, layout.operand_count),
          list_of(env, layout.params, layout.param_count), text_or_null(env, repeats)};
}

Napi::Array dtypes_of(Napi::Env env, const Instruction& instruction, const Table& table) {
  Napi::Array dtypes = Napi::Array::New(env);
  for (int32_t d = 0; d < kDTypes; ++d) {
    const auto dtype = static_cast<DType>(d);
    if (instruction.takes(instruction, table, dtype)) dtypes.Set(dtypes.Length(), name_of(dtype));
  }
  return dtypes;
}

Napi::Value update_of(Napi::Env env, const Instruction& instruction) {
  if (instruction.update_rule == nullptr) return env.Null();
  constexpr const char* kGradients[] = {"none", "whole", "outer", "product"};
  Napi::Object object = Napi::Object::New(env);
  object.Set("rule", instruction.update_rule);
  object.Set("gradient", kGradients[static_cast<int32_t>(instruction.gradient)]);
  return object;
}

Napi::Object to_object(Napi::Env env, const Instruction& instruction, const Lists& lists,
                       const Table& table) {
  constexpr const char* kGives[] = {"same", "float32", "float64", "int32", "bool"};
  constexpr const char* kSentences[] = {"call", "chain", "product", "update"};
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", instruction.name);
  object.Set("family", instruction.family);
  object.Set("operands", lists.operands);
  object.Set("repeats", lists.repeats);
  object.Set("params", lists.params);
  object.Set("dtypes", dtypes_of(env, instruction, table));
  object.Set("gives", kGives[static_cast<int32_t>(instruction.gives)]);
  object.Set("canFail", instruction.can_fail);
  object.Set("update", update_of(env, instruction));
  object.Set("sentence", kSentences[static_cast<int32_t>(instruction.sentence)]);
  return object;
}

}  // namespace

Napi::Array descriptions(Napi::Env env) {
  const auto known = instructions();
  // The one in use is chosen later, by what the environment asks for.
  const Table table = reference_table();
  std::map<const Layout*, Lists> lists;  // it is made while the library loads: each list once
  Napi::Array all = Napi::Array::New(env, known.size());
  for (uint32_t id = 0; id < known.size(); ++id) {
    const Instruction& instruction = known[id];
    const auto found = lists.try_emplace(instruction.layout).first;
    if (found->second.operands.IsEmpty()) found->second = lists_of(env, *instruction.layout);
    all.Set(id, to_object(env, instruction, found->second, table));
  }
  return all;
}

}  // namespace thalweg::addon
