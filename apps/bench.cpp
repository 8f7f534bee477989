// bench: the speed of this build on this machine, absolute and relative to the machine's peak.
//
//   bench                     everything: machine, products, convolutions, elementwise, models
//   bench --only model --size tiny32
//   bench --ladder            one product from three loops to all threads, rung by rung
//   bench --profile           the time of a step and of a plan per op
//   bench --peer python3      interleaved with PyTorch and JAX, which do the same work
//   bench --scaling           the cost of twice the batch, length or candidates; the gain of threads
//   bench --oversubscribed    the cost of other busy programs
//   bench --memory            the memory of a thousand training steps
//   bench --envs              control steps and pictures per second
//
// Figures are medians and bests of repeated calls; on a shared machine trust ratios of one run.
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
#include "autograd/kernels/bf16.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet::bench {
namespace {

struct Options {
  std::vector<std::string> only, sizes;
  std::string threads = "0", seconds = "0.5", precision = "f32", json, peer;
  bool ladder = false, profile = false, oversubscribed = false, memory = false, scaling = false,
       envs = false;
};

bool parse(int argc, const char* const* argv, Options& o) {
  CommandLine cli("bench", "Measures this build on this machine: kernels, training step, plan.");
  cli.list(
      "--only", o.only,
      "measure this group: gemm, convolution, elementwise or model (repeatable; default: all)");
  cli.list("--size", o.sizes,
           "model size to measure: tiny32, small32, planet64 or paper (repeatable; default: all)");
  cli.option("--threads,--num-threads", o.threads,
             "number of threads used in all measurements; 0: as many as this process may use");
  cli.option("--seconds", o.seconds, "seconds of measuring per figure (default 0.5)");
  cli.output("--json", o.json, "", "also write every figure to this JSON file");
  cli.flag("--ladder", o.ladder,
           "time five implementations of the matrix product, from three loops to gemm()");
  cli.flag("--profile", o.profile, "show the time of a training step and of a plan per op");
  cli.option("--peer", o.peer,
             "compare with the peers that this Python has, PyTorch and JAX, timed in turn");
  cli.option("--precision", o.precision,
             "of the products of --only model and --memory: f32 (default) or bf16");
  cli.flag("--oversubscribed", o.oversubscribed,
           "time a step beside busy programs, and with too many threads");
  cli.flag("--scaling", o.scaling,
           "relative time with twice the batch, length and candidates; time by number of threads");
  cli.flag("--memory", o.memory, "show the peak memory of training steps and its growth");
  cli.flag("--envs", o.envs, "control steps and pictures per second of every task, on one core");
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
void run_all(const Options& o, double seconds, Precision precision) {
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
  if (precision == Precision::bf16)
    std::printf("\nmodels in bf16, %s\n", std::string(kernels::bf16_implementation()).c_str());
  group("model", "model", [&] { return model_cases(o.sizes, seconds, precision); });
  std::printf("\npeak memory %.2f GB\n", peak_memory() * 1e-9);
  if (!o.json.empty()) {
    write_text_atomically(o.json, to_json(machine, all).dump(2) + "\n");
    say_wrote(o.json);
  }
}

// Best times: the ladder shows what each idea allows, and the peak is a best time, too.
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
  planet::Precision precision = planet::Precision::f32;
  read_option("--precision", o.precision, precision);
  read_option("--threads", o.threads, threads);
  read_option("--seconds", o.seconds, seconds);
  require(seconds > 0 && seconds <= 60, "--seconds is ", seconds,
          "; it must be above 0 and at most 60");
  const bool others =
      o.ladder || o.profile || o.oversubscribed || o.scaling || o.envs || !o.peer.empty();
  planet::require(
      precision == planet::Precision::f32 || !others,
      "--precision is for the models of the default groups and for --memory; leave it out");
  use_threads(threads);
  if (o.ladder) print_ladder(seconds);
  if (o.profile) print_profile(o.sizes);
  if (o.oversubscribed) print_oversubscribed(o.sizes, seconds);
  if (o.scaling) print_scaling(o.sizes, seconds);
  if (o.memory) print_memory(o.sizes, precision);
  if (o.envs) print_envs(seconds);
  if (!o.peer.empty()) print_peer(o.peer, o.sizes, seconds);
  if (!others && !o.memory) run_all(o, seconds, precision);
  return 0;
}
