// oracle: the two ends of a task's score. 0 is uniformly random actions, 1 is the planner with
// nothing to learn: a planner in the true simulator (CEM: Table 1's last row). In tasks with
// several futures also what planners of different honesty get (--future,
// common/simulator/futures.hpp).
//
// For the registered constants, and for everybody who adds a task and needs its own. A row of the
// CSV is an episode; rows that are already there are kept, so a long measurement can be stopped and
// gone on with. What is played: common/simulator/simulator_dynamics.hpp.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>

#include "apps/common/console/console.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/options/values.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/base/text.hpp"
#include "envs/numbers.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

struct Options {
  std::string env = "pendulum_swingup", policy = "oracle", csv;
  int episodes = 10, at_once = 10, threads = 0;
  bool check = false, row = false;
  bool as_registered = true;  // task, budget and future: only then can two means agree
  std::uint64_t first_seed = 1000;
  EnvOptions env_options;
  PlannerConfig planner;
  FutureConfig future;
};

std::optional<Options> read_options(int argc, const char* const* argv) {
  CommandLine cli("oracle", "Returns of a planner in the true simulator, or of random actions.");
  Options o;
  std::string episodes = "10", at_once, threads = "0", seed = "1000", future;
  std::vector<std::string> assignments;
  cli.option("--env", o.env, "the task (default pendulum_swingup)");
  cli.option("--policy", o.policy, "oracle, random or zero (default oracle)");
  cli.option("--episodes", episodes, "how many (default 10)");
  cli.option("--seed", seed, "of the first episode; the others follow (default 1000)");
  cli.option("--csv", o.csv, "a row for each episode: seed,return; rows found there are kept");
  cli.option("--at-once", at_once,
             "episodes played side by side (default all); no change of result");
  cli.flag("--check", o.check,
           "status 1 unless the mean agrees with the registered one: within 3 combined standard "
           "errors, or 1 % of the largest return");
  cli.flag("--row", o.row, "print a row of a Markdown table instead: measured beside registered");
  cli.option("--threads", threads, "0: what the container gives; changes no result");
  cli.list("--env-option", assignments, "NAME=VALUE, repeatable");
  cli.option("--future", future, "average, one, shared, true or forgetful (default: the task's)",
             "Planner");
  cli.run_options("Planner");
  cli.footer("The planner's defaults are the task's registered budget.");
  if (!cli.parse(argc, argv)) return std::nullopt;

  const EnvSpec& spec = env_spec(o.env);
  for (const std::string& a : assignments) set_env_option(spec, o.env_options, a);
  const auto number = [](const std::string& name, const std::string& text, auto& value) {
    if (!text.empty()) read_option(name, text, value);
  };
  number("--episodes", episodes, o.episodes);
  number("--seed", seed, o.first_seed);
  number("--threads", threads, o.threads);
  o.at_once = o.episodes;
  number("--at-once", at_once, o.at_once);
  require(o.episodes >= 1 && o.at_once >= 1,
          "--episodes and --at-once must be at least 1, they are ", o.episodes, " and ", o.at_once);
  const std::vector<std::string> policies{"oracle", "random", "zero"};
  require(std::find(policies.begin(), policies.end(), o.policy) != policies.end(), "--policy is '",
          o.policy, "'", did_you_mean(o.policy, policies), "; it is one of ", join(policies));
  std::vector<Assignment> typed = cli.assignments();
  require((future.empty() && typed.empty()) || o.policy == "oracle",
          future.empty() && !typed.empty() ? typed.front().where : "--future",
          " is for --policy oracle; ", o.policy, " plans nothing");
  o.as_registered = typed.empty() && future.empty() && assignments.empty();
  require(!o.check || (spec.scale && o.policy != "zero"), "--check has nothing to hold ", o.policy,
          " on ", o.env, " against: no return is registered");
  require(!o.check || o.as_registered,
          "--check holds what is registered; leave options of the task and of the planner out");
  o.future = read_future(spec, future, take_assignment(typed, "samples_per_candidate"));
  o.planner = oracle_planner(spec, typed);
  return o;
}

using Rows = std::map<std::uint64_t, double>;  // seed -> return

Rows read_rows(const std::string& path) {
  Rows rows;
  if (path.empty() || !std::filesystem::exists(path)) return rows;
  std::istringstream in(read_text(path));
  std::string line;
  require(std::getline(in, line) && line == "seed,return", path,
          " does not begin with the header seed,return; it is not a file of this program's");
  while (std::getline(in, line)) {
    const std::size_t comma = line.find(',');
    std::uint64_t seed = 0;
    double value = 0;
    require(comma != std::string::npos, path, ": '", line, "' is not a row seed,return");
    read_option(path, line.substr(0, comma), seed);
    read_option(path, line.substr(comma + 1), value);
    rows[seed] = value;
  }
  return rows;
}

void write_rows(const std::string& path, const Rows& rows) {
  if (path.empty()) return;
  std::string text = "seed,return\n";
  for (const auto& [seed, value] : rows) text += cat(seed, ",", number_text(value), "\n");
  write_text_atomically(path, text);
}

ReferenceReturn summarise(const std::vector<double>& returns) {
  const auto n = static_cast<double>(returns.size());
  double mean = 0, squares = 0;
  for (const double r : returns) mean += r / n;
  for (const double r : returns) squares += (r - mean) * (r - mean);
  return {mean, n > 1 ? std::sqrt(squares / (n - 1)) : 0, static_cast<int>(returns.size())};
}

// What the registry says of this; nothing for another set-up, or for doing nothing.
std::optional<ReferenceReturn> registered(const Options& o, const EnvSpec& spec) {
  if (!spec.scale || o.policy == "zero" || !o.as_registered) return std::nullopt;
  return o.policy == "oracle" ? spec.scale->oracle : spec.scale->random;
}

// How far two means may be apart: 3 standard errors of their difference, or 1 % of the largest
// return, where all episodes are alike and the standard error says nothing.
double tolerated(const ReferenceReturn& a, const ReferenceReturn& b, double largest) {
  const double error = std::sqrt(a.std * a.std / a.episodes + b.std * b.std / b.episodes);
  return std::max(3 * error, 0.01 * largest);
}

bool agrees(const ReferenceReturn& a, const ReferenceReturn& b, double largest) {
  return std::abs(a.mean - b.mean) <= tolerated(a, b, largest);
}

std::string with_spread(const ReferenceReturn& r, int digits) {
  return cat(fixed(r.mean, digits), " ± ", fixed(r.std, digits));
}

void print_row(const Options& o, const EnvSpec& spec, const ReferenceReturn& measured) {
  const std::optional<ReferenceReturn> reference = registered(o, spec);
  std::cout << "| `" << o.env << "` | " << o.policy << " | ";
  if (o.policy == "oracle")
    std::cout << o.planner.candidates << "/" << o.planner.iterations << "/" << o.planner.elites
              << (o.future.courses() > 1 ? cat(" x", o.future.courses()) : "");
  std::cout << " | " << measured.episodes << " | " << with_spread(measured, 1) << " | ";
  if (reference)
    std::cout << with_spread(*reference, 1) << " | "
              << fixed(std::abs(measured.mean - reference->mean), 1) << " of "
              << fixed(tolerated(measured, *reference, spec.max_return), 1) << " |";
  else std::cout << " | |";
  std::cout << "\n";
}

void print_summary(const Options& o, const EnvSpec& spec, const ReferenceReturn& measured) {
  const auto [mean, std, episodes] = measured;
  std::cout << o.policy << " on " << o.env;
  if (o.policy == "oracle")
    std::cout << ", " << planner_text(o.planner) << ", future " << future_text(o.future);
  std::cout << "\nreturn " << fixed(mean, 2) << " +- " << fixed(std, 2) << " over " << episodes
            << (episodes == 1 ? " episode" : " episodes") << ", standard error "
            << fixed(std / std::sqrt(static_cast<double>(episodes)), 2) << "\n";
  if (const std::optional<ReferenceReturn> r = registered(o, spec))
    std::cout << "registered " << r->mean << " +- " << r->std << " over " << r->episodes
              << " episodes: " << (agrees(measured, *r, spec.max_return) ? "agrees" : "differs")
              << " (" << fixed(std::abs(mean - r->mean), 2) << " apart, "
              << fixed(tolerated(measured, *r, spec.max_return), 2) << " may be)\n";
  std::cout << std::flush;
}

std::vector<double> play_episodes(const Options& o, const Env& env,
                                  std::span<const std::uint64_t> seeds,
                                  const std::function<void(int, int)>& progress) {
  if (o.policy == "random") return random_returns(env, seeds);
  if (o.policy == "zero") return zero_returns(env, seeds);
  return oracle_returns(env, o.planner, seeds, progress, o.future);
}

}  // namespace

int apps::oracle(int argc, const char* const* argv) {
  const std::optional<Options> read = read_options(argc, argv);
  if (!read) return 0;
  const Options& o = *read;
  set_threads(useful_threads(o.threads));
  const std::unique_ptr<Env> env = make_env(o.env, o.env_options);
  Rows rows = read_rows(o.csv);
  std::vector<std::uint64_t> missing;
  for (int k = 0; k < o.episodes; ++k) {
    const std::uint64_t seed = o.first_seed + static_cast<std::uint64_t>(k);
    if (!rows.contains(seed)) missing.push_back(seed);
  }

  Console console(progress_from("auto"));
  while (!missing.empty()) {
    const std::size_t n = std::min(missing.size(), static_cast<std::size_t>(o.at_once));
    const auto seeds = std::span(missing).first(n);
    const auto returns = play_episodes(o, *env, seeds, [&](int done, int all) {
      console.bar(static_cast<double>(done) / all,
                  cat("decision ", done, " of ", all, ", ", missing.size(), " episodes to go"));
    });
    for (std::size_t k = 0; k < n; ++k) rows[seeds[k]] = returns[k];
    missing.erase(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(n));
    write_rows(o.csv, rows);
  }
  console.clear_bar();
  std::vector<double> returns;
  for (int k = 0; k < o.episodes; ++k) {
    const std::uint64_t seed = o.first_seed + static_cast<std::uint64_t>(k);
    returns.push_back(rows.at(seed));
    if (!o.row) std::cout << "seed " << seed << "  return " << fixed(rows.at(seed), 2) << "\n";
  }
  const EnvSpec& spec = env_spec(o.env);
  const ReferenceReturn measured = summarise(returns);
  if (o.row) print_row(o, spec, measured);
  else print_summary(o, spec, measured);
  return o.check && !agrees(measured, *registered(o, spec), spec.max_return) ? 1 : 0;
}

}  // namespace planet
