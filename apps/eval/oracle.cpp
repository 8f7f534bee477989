#include "apps/eval/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "apps/common/bridge/bridge.hpp"
#include "apps/common/console/console.hpp"
#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/text.hpp"
#include "apps/common/options/values.hpp"
#include "apps/common/options/version.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "envs/numbers.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

using Rows = std::map<std::uint64_t, double>;  // seed -> return

// Every option that the planner reads, "cem horizon=12 iterations=10 ...".
std::string planner_options(const PlannerConfig& planner) {
  std::string text = planner.method;
  for_each_planner_field(planner, [&](std::string_view name, auto, const auto& value) {
    const std::string key(name);
    // Futures are the column of that name.
    if (key == "planner" || key == "samples_per_candidate" || !option_has_effect(planner, key))
      return;
    text += cat(" ", key, "=", write_value(value));
  });
  return text;
}

// What the oracle knows: "shared x16, state off by 0.3".
std::string knowledge(const Oracle& o) {
  const int courses = o.future.courses();
  return cat(future_word(o.future.future), courses > 1 ? cat(" x", courses) : "", o.state_text());
}

// What decides a return besides the seed: the further columns of a file of returns.
std::vector<std::pair<std::string, std::string>> request(const Oracle& o) {
  const bool plans = o.policy == "oracle";
  return {{"env", o.spec->name},
          {"env_options", o.options},
          {"policy", o.policy},
          {"planner", plans ? planner_options(o.planner) : ""},
          {"future", plans ? knowledge(o) : ""},
          {"version", version_text()}};
}

// The returns in a file, which must have been measured as `oracle` would measure them.
Rows read_rows(const std::string& csv, const Oracle& oracle) {
  Rows rows;
  if (csv.empty() || !std::filesystem::exists(csv)) return rows;
  const CsvTable table = CsvTable::read(csv);
  const std::size_t seed = table.column("--csv", "seed"), value = table.column("--csv", "return");
  for (const auto& [name, wanted] : request(oracle)) {
    const std::size_t column = table.column("--csv", name);
    for (const auto& row : table.rows())
      require(row[column] == wanted, csv, " holds returns whose ", name, " is '", row[column],
              "', and here it is '", wanted, "'; name another --csv, or remove this file");
  }
  for (const auto& row : table.rows()) {
    std::uint64_t key = 0;
    read_option(csv + ": seed", row[seed], key);
    read_option(csv + ": return", row[value], rows[key]);
  }
  return rows;
}

// `more`: columns that are the same in every row.
void write_rows(const std::string& csv, const Rows& rows,
                const std::vector<std::pair<std::string, std::string>>& more = {}) {
  std::string text = "seed,return", constant;
  for (const auto& [name, value] : more) {
    text += cat(",", name);
    constant += cat(",", csv_cell(value));
  }
  text += "\n";
  for (const auto& [seed, value] : rows) text += cat(seed, ",", number_text(value), constant, "\n");
  write_text_atomically(csv, text);
}

std::vector<double> play(const Oracle& oracle, const Env& env, std::span<const std::uint64_t> seeds,
                         const std::function<void(int, int)>& progress) {
  if (oracle.policy == "random") return random_returns(env, seeds);
  if (oracle.policy == "zero") return zero_returns(env, seeds);
  return oracle_returns(env, oracle.planner, seeds, progress, oracle.future, oracle.state_error);
}

// With the sample's standard deviation, as the registry has it.
ReferenceReturn summary(const std::vector<double>& returns) {
  const auto n = static_cast<double>(returns.size());
  double mean = 0, squares = 0;
  for (const double r : returns) mean += r / n;
  for (const double r : returns) squares += (r - mean) * (r - mean);
  return {mean, n > 1 ? std::sqrt(squares / (n - 1)) : 0, static_cast<int>(returns.size())};
}

std::string with_spread(const ReferenceReturn& r) {
  return cat(fixed(r.mean, 1), " ± ", fixed(r.std, 1));
}

}  // namespace

std::string Oracle::state_text() const {
  return state_error > 0 ? cat(", state off by ", write_value(state_error)) : "";
}

void OracleFlags::add(CommandLine& cli) {
  const char* group = "Oracle";
  cli.flag("--oracle", oracle, "evaluate a planner in the true simulator instead of an agent",
           group);
  cli.option("--env,--task", env, "name of the task (default pendulum_swingup)", group);
  cli.list("--env-option", env_options, "an option of the task, NAME=VALUE (repeatable)", group);
  cli.option("--policy", policy, "source of the actions: oracle, random or zero (default oracle)",
             group);
  cli.option("--future", future,
             "the oracle's model of randomness: average, one, shared, true or forgetful (default: "
             "the task's)",
             group);
  cli.option("--state-error", state_error,
             "the oracle knows each number of the state up to normal noise of so many times its "
             "standard deviation in the episode so far (default 0)",
             group);
  cli.option("--at-once", at_once,
             "number of episodes between two updates of --csv (default: all); changes no result",
             group);
  cli.flag("--check", check,
           "play every episode, also those in --csv, and exit with status 1 unless the mean agrees "
           "with the registered one: within 3 combined "
           "standard errors, or 1 % of the largest return",
           group);
  cli.flag("--row", row, "print a row of a Markdown table instead: measured and registered return",
           group);
}

std::string OracleFlags::given() const {
  if (!env.empty()) return "--env";
  if (!env_options.empty()) return "--env-option";
  if (!policy.empty()) return "--policy";
  if (!future.empty()) return "--future";
  if (!state_error.empty()) return "--state-error";
  if (!at_once.empty()) return "--at-once";
  return check ? "--check" : row ? "--row" : "";
}

Oracle read_oracle(const OracleFlags& flags, std::vector<Assignment> planner) {
  Oracle o;
  o.spec = &find_env(flags.env.empty() ? "pendulum_swingup" : flags.env);
  for (const std::string& text : flags.env_options) set_env_option(*o.spec, o.env_options, text);
  o.options = join(flags.env_options, " ");
  const std::vector<std::string> policies{"oracle", "random", "zero"};
  o.policy = flags.policy.empty() ? "oracle" : flags.policy;
  require(std::ranges::count(policies, o.policy) == 1, "--policy is '", o.policy, "'",
          did_you_mean(o.policy, policies), "; it is one of ", join(policies));
  const std::string of_plans = !planner.empty()             ? planner.front().where
                               : !flags.future.empty()      ? "--future"
                               : !flags.state_error.empty() ? "--state-error"
                                                            : "";
  require(of_plans.empty() || o.policy == "oracle", of_plans, " is for --policy oracle; ", o.policy,
          " plans nothing");
  if (!flags.state_error.empty()) read_option("--state-error", flags.state_error, o.state_error);
  require(o.state_error >= 0 && std::isfinite(o.state_error), "--state-error is ", o.state_error,
          "; it must be finite and at least 0");
  if (!flags.at_once.empty()) read_option("--at-once", flags.at_once, o.at_once);
  require(flags.at_once.empty() || o.at_once >= 1, "--at-once is ", o.at_once,
          "; it must be at least 1");
  o.as_registered =
      planner.empty() && flags.future.empty() && o.state_error == 0 && flags.env_options.empty();
  require(!flags.check || (o.spec->scale && o.policy != "zero"), "--check has nothing to hold ",
          o.policy, " on ", o.spec->name, " against: no return is registered");
  require(!flags.check || o.as_registered,
          "--check holds what is registered; leave options of the task and of the planner out");
  o.afresh = flags.check;
  o.future = read_future(*o.spec, flags.future, take_assignment(planner, "samples_per_candidate"));
  o.planner = oracle_planner(*o.spec, planner);
  return o;
}

Evaluation evaluate_oracle(const Oracle& oracle, int episodes, std::uint64_t first_seed,
                           const std::string& csv) {
  const std::unique_ptr<Env> env = make_env(oracle.spec->name, oracle.env_options);
  Rows rows = read_rows(csv, oracle);
  if (oracle.afresh) rows.clear();
  Evaluation e;
  std::vector<std::uint64_t> missing;
  for (int k = 0; k < episodes; ++k) {
    e.seeds.push_back(first_seed + static_cast<std::uint64_t>(k));
    if (!rows.contains(e.seeds.back())) missing.push_back(e.seeds.back());
  }
  const double start = process_seconds();
  Console console(progress_from("auto"));
  while (!missing.empty()) {
    const std::size_t n = oracle.at_once == 0
                              ? missing.size()
                              : std::min(missing.size(), static_cast<std::size_t>(oracle.at_once));
    const auto seeds = std::span(missing).first(n);
    const auto returns = play(oracle, *env, seeds, [&](int done, int all) {
      console.bar(static_cast<double>(done) / all,
                  cat("decision ", done, " of ", all, ", ", missing.size(), " episodes to go"));
    });
    for (std::size_t k = 0; k < n; ++k) rows[seeds[k]] = returns[k];
    missing.erase(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(n));
    if (!csv.empty()) write_rows(csv, rows, request(oracle));
  }
  e.seconds = process_seconds() - start;
  for (const std::uint64_t seed : e.seeds) e.returns.push_back(rows.at(seed));
  e.summarise(*oracle.spec, oracle.env_options);
  return e;
}

void write_returns(const std::string& csv, const Evaluation& evaluation) {
  Rows rows;
  for (std::size_t k = 0; k < evaluation.seeds.size(); ++k)
    rows[evaluation.seeds[k]] = evaluation.returns[k];
  write_rows(csv, rows);
}

std::optional<Agreement> compare_with_registered(const Oracle& oracle, const Evaluation& e) {
  if (!oracle.spec->scale || oracle.policy == "zero" || !oracle.as_registered) return std::nullopt;
  const ScoreScale& scale = *oracle.spec->scale;
  Agreement c{summary(e.returns), oracle.policy == "oracle" ? scale.oracle : scale.random};
  const ReferenceReturn &a = c.measured, &b = c.registered;
  c.apart = std::abs(a.mean - b.mean);
  c.allowed = std::max(3 * std::sqrt(a.std * a.std / a.episodes + b.std * b.std / b.episodes),
                       0.01 * oracle.spec->max_return);
  return c;
}

std::string markdown_row(const Oracle& oracle, const Evaluation& e) {
  const PlannerConfig& p = oracle.planner;
  const int courses = oracle.future.courses();
  const std::string budget = oracle.policy == "oracle"
                                 ? cat(p.candidates, "/", p.iterations, "/", p.elites,
                                       courses > 1 ? cat(" x", courses) : "")
                                 : "";
  std::string registered = " | |";
  if (const std::optional<Agreement> c = compare_with_registered(oracle, e))
    registered = cat(with_spread(c->registered), " | ", fixed(c->apart, 1), " of ",
                     fixed(c->allowed, 1), " |");
  return cat("| `", oracle.spec->name, "` | ", oracle.policy, " | ", budget, " | ",
             e.returns.size(), " | ", with_spread(summary(e.returns)), " | ", registered, "\n");
}

}  // namespace planet
