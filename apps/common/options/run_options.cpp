#include "apps/common/options/run_options.hpp"

#include <optional>

#include "autograd/base/error.hpp"

namespace planet {

void RunOptions::add(CommandLine& cli, const std::string& group) {
  // All of a run's options have values of their own; a group goes over those of a checkpoint.
  const std::optional<RunConfig> defaults =
      group.empty() ? std::optional(task_defaults(RunConfig{}.env)) : std::nullopt;
  for (const Field& field : run_fields()) {
    if (!group.empty() && field.group != group) continue;
    const std::string value = defaults ? field.get(*defaults) : "";
    const std::string help = value.empty() ? field.help : cat(field.help, " [", value, "]");
    fields_.push_back({&field, {}});
    const std::string names = field.flag() + (field.aliases.empty() ? "" : "," + field.aliases);
    // --check-finite alone is true; --check-finite=false is false.
    cli.list(names, fields_.back().values, help, field.group, field.kind == Field::Kind::boolean);
  }
}

std::vector<Assignment> RunOptions::typed() const {
  std::vector<Assignment> out;
  for (const auto& [field, values] : fields_) {
    const std::string flag = field->flag();
    require(values.size() <= 1 || field->kind == Field::Kind::list, flag, " is given ",
            values.size(), " times; give it once");
    for (const std::string& value : values) {
      const bool bare = field->kind == Field::Kind::boolean && value.empty();
      out.push_back({field, bare ? "true" : value, flag});
    }
  }
  return out;
}

}  // namespace planet
