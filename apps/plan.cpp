// plan: one decision of the agent made visible, from its belief to its action.
//
// The agent plays an episode up to a decision; the search of that decision is recorded (PlanTrace)
// and shown in pictures: the plan, the best and the worst candidate as the model imagines them, and
// the plan executed in the true environment.
#include <unistd.h>

#include <iostream>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/foresight/decision.hpp"
#include "apps/common/foresight/error_curves.hpp"
#include "apps/common/options/run_options.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

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

// ---- the program -------------------------------------------------------------------------------

void print_return(const std::string& name, const std::string& planned,
                  const Outlook::Imagined& again) {
  const Interval i = mean_interval(again.returns);
  std::cout << name << std::string(10 - name.size(), ' ') << planned << "imagined again "
            << fixed(i.mean, 3) << " +- " << fixed(*i.half, 3) << "\n";
}

void print_search(const LoadedModel& loaded, const Decision& d, const Numbers& n) {
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  std::cout << "belief    after " << counted(n.decisions, "decision")
            << " of the episode from seed " << n.seed << ", " << loaded.config.env << ", "
            << model_label(loaded.config) << "\nplanner   " << planner_text(loaded.config.planner)
            << "\n"
            << search_table(d.trace, terminal)
            << plan_table(d.plan, loaded.config.model.action_size, terminal);
}

void write_files(const LoadedModel& loaded, const Decision& d, const Outlook& seen,
                 const Numbers& n, const fs::path& out) {
  PlotOptions returns;
  returns.title =
      cat(loaded.config.env, ", ", model_label(loaded.config), ", ",
          counted(loaded.updates, "update"), ", seed ", n.seed, ", decision ", n.decisions + 1);
  returns.levels.emplace_back(mean_interval(seen.plan.returns).mean, "plan, imagined again");
  const std::ptrdiff_t A = loaded.config.model.action_size;
  const auto columns = static_cast<std::ptrdiff_t>(seen.truth.frames.size());
  write_png(out / "plan.png", open_loop_sheet(seen.strips(), 1, returns.title, columns));
  write_text_atomically(out / "search.svg", search_svg(d.trace, d.plan, A));
  write_text_atomically(out / "returns.svg", returns_svg(d.trace, returns));
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
  console.bar(-1, cat("playing ", counted(n.decisions, "decision")));
  const std::optional<WatchedEpisode> watched =
      watch_decision(*loaded.model, loaded.config, n.seed, n.decisions);
  if (!watched) return status_interrupted;
  console.clear_bar();
  const Decision& d = watched->decision;
  const Outlook seen =
      look_ahead(*loaded.model, loaded.config, n.seed, watched->episode, d, n.futures);
  write_files(loaded, d, seen, n, out);

  print_search(loaded, d, n);
  const auto from = [](const ScoredCandidate& c) {
    return cat("return ", fixed(c.value, 3), " in iteration ", c.iteration + 1, ", ");
  };
  print_return("plan", cat("in the true world ", fixed(seen.true_return, 3), ", "), seen.plan);
  print_return("best", from(seen.best), seen.imagined_best);
  print_return("worst", from(seen.worst), seen.imagined_worst);
  std::cout << "          (+- is the 95 % interval over " << n.futures << " futures)\n";
  std::cout << "look      " << (out / "plan.png").string() << "\n";
  for (const char* name : {"search.svg", "returns.svg", "search.csv"})
    std::cout << "          " << (out / name).string() << "\n";
  std::cout << std::flush;
  return 0;
}

}  // namespace planet
