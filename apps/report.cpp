// report: the page that train writes beside a run, for a run of any age or a model alone.
//
// The evaluation is played again, bit for bit (common/run/acting.hpp), because a run keeps only its
// mean; everything else comes from the run's files.
#include <algorithm>
#include <deque>
#include <iostream>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/files/episode_file.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/page/run_page.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string path, out, episodes, threads = "0";
};

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("report", "A run as one page: curves, episodes, a dream and a plan in motion.");
  cli.positional(
      "RUN|CHECKPOINT", o.path,
      "a run folder (its latest checkpoint), a checkpoint folder or a model.safetensors");
  cli.option("--episodes", o.episodes,
             "number of episodes to evaluate (default: as in the run's own evaluations)");
  cli.output("--out", o.out, ".html", "the page (default RUN/report.html)", "Output");
  cli.option("--threads", o.threads,
             "number of threads; 0: as many as this process may use; changes no result", "Machine");
  cli.footer(
      "train writes the same page at each evaluation. It is one file of at most 5 MB, which "
      "fetches nothing: send it to anybody.");
  return cli.parse(argc, argv);
}

}  // namespace

int apps::report(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  int threads = 0;
  read_option("--threads", o.threads, threads);
  const LoadedModel loaded = load_model(o.path);
  const RunConfig& config = loaded.config;
  int episodes = config.eval_episodes;
  if (!o.episodes.empty()) read_option("--episodes", o.episodes, episodes);
  require(o.episodes.empty() || config.has_env(), "--episodes is ", o.episodes,
          ", and this model has no environment to play them in; leave it out");
  require(episodes >= 1, "--episodes is ", episodes, "; it must be at least 1");
  std::optional<fs::path> run = loaded.run();
  if (run) run = run->lexically_proximate(fs::current_path());
  require(run || !o.out.empty(), o.path,
          " is a model alone, with no run around it; say with --out "
          "FILE where its page goes");
  const fs::path page = o.out.empty() ? *run / page_name : fs::path(o.out);
  require_writable(page);
  use_threads(threads);
  catch_interrupts();
  Console console(progress_from("auto"));
  std::optional<Evaluation> e;
  std::deque<Episode> recorded;
  if (config.has_env()) {
    e = evaluate(*loaded.model, config, episodes, first_evaluation_seed,
                 [&](std::int64_t decisions, std::int64_t of) {
                   console.bar(static_cast<double>(decisions) / static_cast<double>(of),
                               cat("evaluating: decision ", with_commas(decisions), " of ",
                                   with_commas(of)));
                 });
    console.clear_bar();
    if (!e) return status_interrupted;
  } else if (run) {  // those that it learned from
    const std::vector<fs::path> files = episode_files((*run / "episodes").string());
    for (std::size_t i = files.size() - std::min<std::size_t>(2, files.size()); i < files.size();
         ++i)
      recorded.push_back(load_episode_file(files[i], config.model));
  }
  write_text_atomically(page, run_page({o.path, config, *loaded.model, loaded.updates, run,
                                        e ? &*e : nullptr, &recorded}));
  say_wrote(page);
  return 0;
}

}  // namespace planet
