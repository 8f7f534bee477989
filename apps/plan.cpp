// plan: one decision of the agent made visible, from its belief to its action.
//
// The agent plays an episode up to a decision; the search of that decision is recorded (PlanTrace)
// and shown in pictures: the plan, the best and the worst candidate as the model imagines them, and
// the plan executed in the true environment.
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/foresight/error_curves.hpp"
#include "apps/common/foresight/open_loop.hpp"
#include "apps/common/foresight/open_loop_pictures.hpp"
#include "apps/common/options/run_options.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/plan/plan_report.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "planner/agent.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string path, out, precision;
  std::string decisions = "20", seed = "1000", futures = "32", threads = "0";
  std::vector<Assignment> planner;
};

struct Numbers {
  std::int64_t decisions = 0, futures = 0;
  std::uint64_t seed = 0;
};

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("plan", "One decision of a trained agent: its search, made visible.");
  cli.positional(
      "RUN|CHECKPOINT", o.path,
      "a run folder (its latest checkpoint), a checkpoint folder or a model.safetensors");
  cli.option("--decisions", o.decisions, "number of decisions before the one shown (default 20)");
  cli.option("--seed", o.seed,
             "environment seed of the episode (default 1000, the first of an evaluation)");
  cli.option("--futures", o.futures,
             "futures imagined anew for the plan, the best and the worst candidate (default 32)");
  RunOptions planner;
  planner.add(cli, "Planner");
  cli.option("--out", o.out, "output folder (default RUN/plans/UPDATES)", "Output");
  cli.option("--precision", o.precision, precision_help, "Machine");
  cli.option("--threads,--num-threads", o.threads,
             "number of threads; 0: as many as this process may use; changes no result", "Machine");
  cli.footer(
      "Planner options replace those of the run. Writes plan.png (frames along the plan, the best "
      "and the worst candidate), search.svg (mean and spread per step, one panel per iteration), "
      "returns.svg (candidates and elites per iteration) and search.csv (every candidate).");
  if (!cli.parse(argc, argv)) return false;
  o.planner = planner.typed();
  return true;
}

Numbers read_numbers(const Options& o) {
  Numbers n;
  int threads = 0;
  read_option("--decisions", o.decisions, n.decisions);
  read_option("--seed", o.seed, n.seed);
  read_option("--futures", o.futures, n.futures);
  read_option("--threads", o.threads, threads);
  require(n.decisions >= 0, "--decisions is ", n.decisions, "; it must be at least 0");
  require(n.futures >= 2, "--futures is ", n.futures, "; a spread needs at least 2");
  use_threads(threads);
  return n;
}

// ---- one decision ------------------------------------------------------------------------------

struct Decision {
  std::unique_ptr<Env> env;  // before the action was executed
  std::vector<float> h, s;   // the belief from which it planned
  PlanTrace trace;
  Plan plan;
};

// Plays up to the decision. Returns nothing after Ctrl-C.
std::optional<Decision> decide(const LoadedModel& loaded, const Numbers& n) {
  Decision out;
  const RunConfig& config = loaded.config;
  out.env = make_env(config.env, config.make_env_options());
  MpcAgent agent(*loaded.model, config.planner,
                 AgentStreams::evaluating(
                     config.seed, static_cast<std::uint32_t>(n.seed - first_evaluation_seed)));
  out.env->reset(n.seed);
  for (std::int64_t i = 0; i < n.decisions; ++i) {
    if (interrupted()) return std::nullopt;
    const StepResult result = out.env->step(agent.act(out.env->render(), 0.0));
    require(!result.done(), "--decisions is ", n.decisions, ", but the episode from seed ", n.seed,
            " ends after ", i + 1);
  }
  agent.trace(&out.trace);
  agent.act(out.env->render(), 0.0);
  out.h.assign(agent.h().begin(), agent.h().end());
  out.s.assign(agent.s().begin(), agent.s().end());
  out.plan = agent.plan();
  return out;
}

// ---- imagined and true rollouts ----------------------------------------------------------------

// A sequence of actions imagined anew, with other random numbers than the planner's: the winner of
// a search is also the luckiest candidate, and fresh futures remove that bias.
struct Imagination {
  std::string name;
  std::vector<double> returns;  // [futures]
  std::vector<Image> frames;    // [1+H], of the first future; row 0 is the belief
};

Imagination imagine_again(const LoadedModel& loaded, const Decision& d, const std::string& name,
                          const std::vector<float>& actions, const Numbers& n) {
  const OpenLoop loop = imagine_actions(*loaded.model, d.h, d.s, actions, n.futures, n.seed);
  Imagination out{name, std::vector<double>(static_cast<std::size_t>(n.futures)), {}};
  for (std::ptrdiff_t t = 1; t < loop.T; ++t)
    for (std::size_t j = 0; j < out.returns.size(); ++j)
      out.returns[j] += static_cast<double>(loop.reward_at(t)[j]);
  out.frames = imagined_frames(*loaded.model, loop, 0);
  return out;
}

// The plan executed in the true environment until the episode ends, and its return.
Strip carry_out(const Decision& d, double& sum) {
  const int n = d.env->image_size(), A = d.env->action_size();
  Strip strip{"", {Image(n, n, d.env->render())}, false};
  StepResult result;
  const std::span<const float> actions(d.plan.actions);
  for (std::size_t i = 0; i < actions.size(); i += static_cast<std::size_t>(A)) {
    if (!result.done()) {
      result = d.env->step(actions.subspan(i, static_cast<std::size_t>(A)));
      sum += result.reward;
    }
    strip.frames.emplace_back(n, n, d.env->render());
  }
  strip.label = cat("true ", fixed(sum, 2));
  return strip;
}

Strip strip(const Imagination& x) {
  return {cat(x.name, " ", fixed(mean_interval(x.returns).mean, 2)), x.frames};
}

void print_return(const std::string& name, const std::string& planned, const Imagination& again) {
  const Interval i = mean_interval(again.returns);
  std::cout << name << std::string(10 - name.size(), ' ') << planned << "imagined again "
            << fixed(i.mean, 3) << " +- " << fixed(*i.half, 3) << "\n";
}

void print_search(const LoadedModel& loaded, const Decision& d, const Numbers& n) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  std::cout << "belief    after " << n.decisions << " decisions of the episode from seed " << n.seed
            << ", " << loaded.config.env << ", " << model_label(loaded.config) << "\nplanner   "
            << planner_text(loaded.config.planner) << "\n"
            << search_table(d.trace, terminal)
            << plan_table(d.plan, d.env->action_size(), terminal);
}

// ---- the program -------------------------------------------------------------------------------

void write_files(const LoadedModel& loaded, const Decision& d, const std::vector<Strip>& strips,
                 double plan_return, const Numbers& n, const fs::path& out) {
  const std::string title =
      cat(loaded.config.env, ", ", model_label(loaded.config), ", ", with_commas(loaded.updates),
          " updates, seed ", n.seed, ", decision ", n.decisions + 1);
  const std::ptrdiff_t A = d.env->action_size();
  const auto columns = static_cast<std::ptrdiff_t>(strips.front().frames.size());
  write_png(out / "plan.png", open_loop_sheet(strips, 1, title, columns));
  write_text_atomically(out / "search.svg", search_svg(d.trace, d.plan, A));
  write_text_atomically(
      out / "returns.svg",
      returns_svg(d.trace, title, std::pair(plan_return, std::string("plan, imagined again"))));
  write_text_atomically(out / "search.csv", search_csv(d.trace, A));
}

}  // namespace

int apps::plan(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  const Numbers n = read_numbers(o);
  LoadedModel loaded = load_model(o.path, o.precision);
  apply_options(loaded.config, o.planner);
  loaded.config.check();
  require(loaded.config.planner.iterations >= 1,
          "--iterations is 0; there would be no search to show");
  const fs::path out = loaded.output_folder("plans", o.out);
  make_folder(out);
  catch_interrupts();
  Console console(progress_from("auto"));
  console.bar(-1, cat("playing ", n.decisions, " decisions"));
  const std::optional<Decision> d = decide(loaded, n);
  if (!d) return status_interrupted;
  console.clear_bar();

  const std::ptrdiff_t A = d->env->action_size();
  const ScoredCandidate best = best_candidate(d->trace, A), worst = worst_candidate(d->trace, A);
  const Imagination plan = imagine_again(loaded, *d, "plan", d->plan.actions, n);
  const Imagination top = imagine_again(loaded, *d, "best", best.actions, n);
  const Imagination bottom = imagine_again(loaded, *d, "worst", worst.actions, n);
  double true_return = 0;
  const Strip truth = carry_out(*d, true_return);
  write_files(loaded, *d, {truth, strip(plan), strip(top), strip(bottom)},
              mean_interval(plan.returns).mean, n, out);

  print_search(loaded, *d, n);
  const auto from = [](const ScoredCandidate& c) {
    return cat("return ", fixed(c.value, 3), " in iteration ", c.iteration + 1, ", ");
  };
  print_return("plan", cat("in the true world ", fixed(true_return, 3), ", "), plan);
  print_return("best", from(best), top);
  print_return("worst", from(worst), bottom);
  std::cout << "          (+- is the 95 % interval over " << n.futures << " futures)\n";
  std::cout << "look      " << (out / "plan.png").string() << "\n";
  for (const char* name : {"search.svg", "returns.svg", "search.csv"})
    std::cout << "          " << (out / name).string() << "\n";
  std::cout << std::flush;
  return 0;
}

}  // namespace planet
