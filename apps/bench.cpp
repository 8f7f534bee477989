// bench: how fast this build is on this machine, and how near to what the machine can do.
//
//   bench                     everything: machine, products, convolutions, elementwise, models
//   bench --only model --size tiny32
//   bench --ladder            one product from three loops to all threads, rung by rung
//   bench --profile           where the time of a step and of a plan goes, by op
//   bench --peer "CMD"        interleaved with another program that does the same work
//   bench --scaling           what twice the batch, length or candidates cost
//   bench --oversubscribed    what other busy programs cost
//   bench --memory            what a thousand training steps take
//   bench --envs              control steps and pictures a second
//
// Figures are medians and bests of repeated calls; on a shared machine believe ratios from one run.
#include <cstdio>
#include <fstream>
#include <iostream>

#include "apps/bench/env_cases.hpp"
#include "apps/bench/kernel_cases.hpp"
#include "apps/bench/machine.hpp"
#include "apps/bench/model_cases.hpp"
#include "apps/bench/report.hpp"
#include "apps/bench/studies.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/programs.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet::bench {
namespace {

struct Options {
  std::vector<std::string> only, sizes;
  std::string threads = "0", seconds = "0.5", json, peer;
  bool ladder = false, profile = false, oversubscribed = false, memory = false, scaling = false,
       envs = false;
};

bool parse(int argc, const char* const* argv, Options& o) {
  CommandLine cli("bench", "Measures this build on this machine: kernels, training step, plan.");
  cli.list("--only", o.only, "gemm, convolution, elementwise or model (repeatable; default: all)");
  cli.list("--size", o.sizes, "tiny32, small32, planet64 or paper (repeatable; default: all)");
  cli.option("--threads,--num-threads", o.threads,
             "threads of everything measured; 0: what this process may use");
  cli.option("--seconds", o.seconds, "time for each figure (default 0.5)");
  cli.option("--json", o.json, "also write every figure to this file");
  cli.flag("--ladder", o.ladder, "one product at every rung of apps/bench/ladder.hpp");
  cli.flag("--profile", o.profile, "where the time of a step and of a plan goes, by op");
  cli.option("--peer", o.peer,
             "a command, such as \"python3 apps/peer_torch.py\": both are timed in turn");
  cli.flag("--oversubscribed", o.oversubscribed,
           "a step beside busy programs, and with too many threads");
  cli.flag("--scaling", o.scaling,
           "twice the batch, length and candidates, and one thread, as multiples of the time");
  cli.flag("--memory", o.memory, "peak memory of training steps, and its growth");
  cli.flag("--envs", o.envs, "control steps and pictures a second of every task, on one core");
  if (!cli.parse(argc, argv)) return false;
  const std::vector<std::string> groups = {"gemm", "convolution", "elementwise", "model"};
  for (const std::string& g : o.only)
    require(std::find(groups.begin(), groups.end(), g) != groups.end(), "--only is '", g,
            "'; it is one of ", join(groups), did_you_mean(g, groups));
  for (const std::string& s : o.sizes) model_size(s);  // throws for a wrong one
  if (o.only.empty()) o.only = groups;
  if (o.sizes.empty()) o.sizes = model_size_names();
  return true;
}

// The default: every group, as tables, and as JSON when asked for.
void run_all(const Options& o, double seconds) {
  const Machine machine = measure_machine();
  print_machine(machine);
  std::vector<Result> all;
  const auto group = [&](const std::string& name, const std::string& title, const auto& cases) {
    if (std::find(o.only.begin(), o.only.end(), name) == o.only.end()) return;
    const std::vector<Result> results = cases();
    print_results(title, results, machine);
    std::fflush(stdout);
    all.insert(all.end(), results.begin(), results.end());
  };
  group("gemm", "matrix product, M x K x N",
        [&] { return gemm_cases(seconds, Blas(machine.threads)); });
  group("elementwise", "16 Ki elements", [&] { return elementwise_cases(seconds); });
  group("convolution", "convolution, forward, its adjoint, filter gradient",
        [&] { return conv_cases(seconds); });
  group("model", "model", [&] { return model_cases(o.sizes, seconds); });
  std::printf("\npeak memory %.2f GB\n", peak_memory() * 1e-9);
  if (!o.json.empty()) {
    write_text_atomically(o.json, to_json(machine, all).dump(2) + "\n");
    std::printf("wrote %s\n", o.json.c_str());
  }
}

// By best times: the ladder is about what each idea allows, and the peak is a best, too.
void print_ladder(double seconds) {
  const Machine machine = measure_machine();
  print_machine(machine);
  std::printf("\n%-64s %10s %9s %8s %9s\n", "512 x 512 x 512 in float", "best ms", "GFLOP/s",
              "of peak", "a step of");
  double before = 0;
  for (const Result& r : ladder_cases(seconds)) {
    const double rate = r.flops / r.timing.best;
    std::printf("%-64s %10.2f %9.1f %7.1f%%", r.name.c_str(), r.timing.best * 1e3, rate * 1e-9,
                100 * rate / machine.peak_flops);
    if (before > 0) std::printf(" %8.1fx", rate / before);
    std::printf("\n");
    before = rate;
  }
}

}  // namespace
}  // namespace planet::bench

int planet::apps::bench(int argc, const char* const* argv) {
  using namespace planet::bench;
  Options o;
  if (!parse(argc, argv, o)) return 0;
  int threads = 0;
  double seconds = 0;
  read_option("--threads", o.threads, threads);
  read_option("--seconds", o.seconds, seconds);
  require(seconds > 0 && seconds <= 60, "--seconds is ", seconds,
          "; it must be above 0 and at most 60");
  use_threads(threads);
  if (o.ladder) print_ladder(seconds);
  if (o.profile) print_profile(o.sizes);
  if (o.oversubscribed) print_oversubscribed(o.sizes, seconds);
  if (o.scaling) print_scaling(o.sizes, seconds);
  if (o.memory) print_memory(o.sizes);
  if (o.envs) print_envs(seconds);
  if (!o.peer.empty()) print_peer(o.peer, o.sizes, seconds);
  const bool study = o.ladder || o.profile || o.oversubscribed || o.scaling || o.memory || o.envs ||
                     !o.peer.empty();
  if (!study) run_all(o, seconds);
  return 0;
}
