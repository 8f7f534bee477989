#include "apps/common/options/env_table.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "apps/common/options/recipes.hpp"
#include "apps/common/options/values.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "envs/registry.hpp"
#include "nn/files/json.hpp"

namespace planet {
namespace {

using Cells = std::vector<std::string>;

// 125.3, 100, 0.08: the fewest digits that identify the number.
std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

std::string with_spread(const ReferenceReturn& r) {
  return number(r.mean) + " +- " + number(r.std);
}

std::string budget_text(const Recipe& recipe) {
  const PlannerConfig& b = recipe.oracle;
  const std::string futures = recipe.oracle_futures > 1 ? cat(" x", recipe.oracle_futures) : "";
  return cat(b.candidates, "/", b.iterations, "/", b.elites, futures);
}

Cells cells(const EnvSpec& spec) {
  Cells row{spec.name,
            cat(spec.time_limit),
            cat(spec.action_repeat),
            number(spec.dt * spec.action_repeat),
            cat(spec.action_size),
            cat(spec.state_names.size())};
  if (!spec.scale) row.insert(row.end(), {"-", "-", "-", "-"});
  else
    row.insert(row.end(), {number(spec.max_return), with_spread(spec.scale->random),
                           with_spread(spec.scale->oracle), budget_text(recipe_of(spec.name))});
  return row;
}

std::string table(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Cells& row : rows)
    for (std::size_t j = 0; j < row.size(); ++j) widths[j] = std::max(widths[j], row[j].size());
  std::string text;
  for (const Cells& row : rows) {
    std::string line = row[0] + std::string(widths[0] - row[0].size(), ' ');  // the name, left
    for (std::size_t j = 1; j + 1 < row.size(); ++j)                          // numbers, right
      line += std::string(2 + widths[j] - row[j].size(), ' ') + row[j];
    text += line + "  " + row.back() + "\n";
  }
  return text;
}

std::string option_text(const TaskOption& option) {
  return cat(option.name, "=", option.default_value, ", ", option.description,
             option.choices.empty() ? "" : cat(" (", join(option.choices), ")"));
}

std::string details(const EnvSpec& spec, std::size_t width) {
  std::string text = spec.name + "\n";
  text += paragraph("  ", spec.description, width);
  text += paragraph("  state    ", join(spec.state_names), width);
  const Recipe& recipe = recipe_of(spec.name);
  Cells training{cat("preset=", recipe.preset)};
  training.insert(training.end(), recipe.settings.begin(), recipe.settings.end());
  text += paragraph("  train    ", join(training), width);
  text += paragraph("  options  ", join(env_option_names(spec)), width);
  for (const TaskOption& option : spec.options)
    text += paragraph("           ", option_text(option), width);
  return text;
}

}  // namespace

std::string env_table(std::size_t width) {
  std::vector<Cells> rows{
      {"task", "T", "R", "sec", "A", "state", "most", "random", "oracle", "J/I/K"}};
  for (const EnvSpec& spec : list_envs()) rows.push_back(cells(spec));
  std::string text = table(rows) + "\n";
  text +=
      paragraph("",
                "T: control steps per episode; R: control steps per decision, with its duration in "
                "seconds; A: numbers per action, each in [-1, 1]; numbers in the state. No episode "
                "returns more than 'most'. random and oracle are the score's 0 and 1, mean +- "
                "standard deviation: uniformly random actions, and CEM in the true simulator with "
                "a horizon of 12 decisions, J candidates, I iterations, K elites (x16: returns "
                "averaged over 16 futures, the same for all candidates).",
                width);
  for (const EnvSpec& spec : list_envs()) text.append(1, '\n').append(details(spec, width));
  return text;
}

std::string env_json() {
  std::string text;
  for (const EnvSpec& spec : list_envs()) {
    const auto end = [&](auto which) {
      return spec.scale ? Json((*spec.scale.*which).mean) : Json();
    };
    text += Json::object()
                .set("name", spec.name)
                .set("description", spec.description)
                .set("time_limit", spec.time_limit)
                .set("action_repeat", spec.action_repeat)
                .set("dt", spec.dt)
                .set("action_size", spec.action_size)
                .set("state", join(spec.state_names))
                .set("options", join(env_option_names(spec)))
                .set("max_return", spec.max_return)
                .set("random_return", end(&ScoreScale::random))
                .set("oracle_return", end(&ScoreScale::oracle))
                .dump() +
            "\n";
  }
  return text;
}

}  // namespace planet
