// ranking: does a model rank plans as the world does?
//
// CEM needs of its model no more than the order of the candidates. At moments of an agent's episodes 64
// sequences of actions are drawn around its plan. Each has a true return, played in a copy of the
// simulator, and one that the model imagines; the figure is the correlation of the two over the 64,
// averaged over the moments. The simulator itself, started from a state that is a little wrong, is the
// yardstick: where contacts multiply small errors, no model could rank better from what it believes.
//
// Prints a table by horizon, and writes it as CSV.
#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "planner/latent_dynamics.hpp"

namespace planet {
namespace {

constexpr std::ptrdiff_t J = 64;    // candidates at a moment
constexpr double spread = 0.5;      // their standard deviation around the plan
constexpr int decisions_apart = 8;  // between two moments

// A decision of an agent's episode.
struct Moment {
  EnvSnapshot world;
  std::vector<double> state;
  std::vector<float> h, s;  // the belief
  std::vector<float> plan;  // [H,A]
};

std::vector<Moment> moments_of(const LoadedModel& loaded, int episodes, Console& console) {
  const RunConfig& c = loaded.config;
  const std::unique_ptr<Env> env = make_env(c.env, c.make_env_options());
  require(env->can_be_copied(), c.env, " cannot be copied, so that no plan can be tried out in it");
  std::vector<Moment> moments;
  for (int k = 0; k < episodes; ++k) {
    MpcAgent agent(*loaded.model, c.planner,
                   AgentStreams::evaluating(c.seed, static_cast<std::uint32_t>(k)));
    env->reset(first_evaluation_seed + static_cast<std::uint64_t>(k));
    StepResult step;
    for (int t = 0; !step.done() && !interrupted(); ++t) {
      console.bar(-1, cat("playing episode ", k + 1, " of ", episodes, ", decision ", t));
      const std::span<const float> action = agent.act(env->render(), 0);
      if (t % decisions_apart == 0)
        moments.push_back({env->save(),
                           env->state(),
                           {agent.h().begin(), agent.h().end()},
                           {agent.s().begin(), agent.s().end()},
                           agent.plan().actions});
      step = env->step(action);
    }
  }
  return moments;
}

// The standard deviation of every number of the state over the moments.
std::vector<double> deviations(std::span<const Moment> moments) {
  const auto n = static_cast<double>(moments.size());
  std::vector<double> mean(moments.front().state.size()), std(mean.size());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    for (const Moment& m : moments) mean[i] += m.state[i] / n;
    for (const Moment& m : moments) std[i] += (m.state[i] - mean[i]) * (m.state[i] - mean[i]) / n;
    std[i] = std::sqrt(std[i]);
  }
  return std;
}

// Pearson's; nothing where one of the two does not vary.
std::optional<double> correlation(std::span<const double> x, std::span<const double> y) {
  const auto n = static_cast<double>(x.size());
  const double mx = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double my = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    xx += (x[j] - mx) * (x[j] - mx);
    yy += (y[j] - my) * (y[j] - my);
    xy += (x[j] - mx) * (y[j] - my);
  }
  if (xx < 1e-18 || yy < 1e-18) return std::nullopt;
  return xy / std::sqrt(xx * yy);
}

// Who ranks: the model with so many futures per candidate, or the simulator from a wrong state, each
// number of which is off by normal noise of this share of its standard deviation.
struct Judge {
  int futures = 0;
  double off = 0;
  std::string name() const {
    if (futures == 0) return cat("simulator, state off by ", fixed(100 * off, 0), " %");
    return cat("model, ", counted(futures, "future"));
  }
};
constexpr std::array judges = {Judge{1, 0}, Judge{16, 0}, Judge{0, 0.02}, Judge{0, 0.1}};

// Nothing where a return never varied.
std::string mean_text(const std::vector<double>& x, int digits) {
  return x.empty() ? "" : fixed(mean_of(x).mean, digits);
}

class Ranking {
 public:
  Ranking(const LoadedModel& loaded, std::span<const Moment> moments)
      : loaded_(loaded),
        moments_(moments),
        std_(deviations(moments)),
        env_(make_env(loaded.config.env, loaded.config.make_env_options())),
        simulator_(*env_),
        latent_(*loaded.model) {
    const int H = loaded.config.planner.horizon;
    for (const int h : {H / 4, H / 2, H})
      if (h >= 1 && (horizons_.empty() || h > horizons_.back())) horizons_.push_back(h);
    correlations_.resize(horizons_.size() * judges.size());
  }

  // False after Ctrl-C.
  bool judge(Console& console) {
    for (std::size_t m = 0; m < moments_.size(); ++m) {
      if (interrupted()) return false;
      console.bar(static_cast<double>(m) / static_cast<double>(moments_.size()),
                  cat("moment ", m, " of ", moments_.size()));
      judge(moments_[m], static_cast<std::uint32_t>(m));
    }
    return true;
  }

  const std::vector<int>& horizons() const { return horizons_; }
  /// Of the moments at which both returns vary.
  const std::vector<double>& correlations(std::size_t judge, std::size_t horizon) const {
    return correlations_[horizon * judges.size() + judge];
  }

 private:
  void judge(const Moment& moment, std::uint32_t number) {
    Rng rng(loaded_.config.seed, Stream::planner, number);
    const std::ptrdiff_t A = env_->action_size(), H = horizons_.back();
    std::vector<float> actions(static_cast<std::size_t>(H * J * A));
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const std::size_t step = i / static_cast<std::size_t>(J * A),
                        d = i % static_cast<std::size_t>(A);
      const double a = moment.plan[step * static_cast<std::size_t>(A) + d] + spread * rng.normal();
      actions[i] = static_cast<float>(std::clamp(a, -1.0, 1.0));
    }
    for (std::size_t h = 0; h < horizons_.size(); ++h) {
      Candidates candidates{horizons_[h], J, A, actions.data()};
      env_->load(moment.world);
      const std::vector<double> truth = returns(candidates, rng);
      for (std::size_t k = 0; k < judges.size(); ++k) {
        if (const auto r = correlation(truth, opinion(judges[k], moment, candidates, rng)))
          correlations_[h * judges.size() + k].push_back(*r);
      }
    }
  }

  std::vector<double> opinion(const Judge& judge, const Moment& moment, Candidates candidates,
                              Rng& rng) {
    if (judge.futures > 0) {
      candidates.samples = judge.futures;
      latent_.start(moment.h, moment.s);
      std::vector<double> imagined(J);
      latent_.imagine(candidates, rng, imagined.data());
      return imagined;
    }
    std::vector<double> state = moment.state;
    for (std::size_t i = 0; i < state.size(); ++i) state[i] += judge.off * std_[i] * rng.normal();
    env_->set_state(state);
    return returns(candidates, rng);
  }

  // In the simulator, from env_'s present state.
  std::vector<double> returns(const Candidates& candidates, Rng& rng) {
    std::vector<double> result(J);
    simulator_.start(*env_);
    simulator_.imagine(candidates, rng, result.data());
    return result;
  }

  const LoadedModel& loaded_;
  std::span<const Moment> moments_;
  std::vector<double> std_;
  std::unique_ptr<Env> env_;
  SimulatorDynamics simulator_;
  LatentDynamics latent_;
  std::vector<int> horizons_;                      // of H: a quarter, half, all
  std::vector<std::vector<double>> correlations_;  // [horizon,judge], of the moments
};

void print_table(const Ranking& ranking) {
  std::cout << "correlation of imagined and true returns\n"
            << std::left << std::setw(28) << "horizon";
  for (const int h : ranking.horizons()) std::cout << std::right << std::setw(8) << h;
  for (std::size_t k = 0; k < judges.size(); ++k) {
    std::cout << "\n" << std::left << std::setw(28) << judges[k].name();
    for (std::size_t h = 0; h < ranking.horizons().size(); ++h)
      std::cout << std::right << std::setw(8) << mean_text(ranking.correlations(k, h), 2);
  }
  std::cout << std::endl;
}

std::string csv_text(const Ranking& ranking, const std::string& run, const RunConfig& config) {
  std::string text = "run,env,judge,horizon,moments,correlation\n";
  for (std::size_t k = 0; k < judges.size(); ++k)
    for (std::size_t h = 0; h < ranking.horizons().size(); ++h)
      text += cat(run, ",", config.env, ",\"", judges[k].name(), "\",", ranking.horizons()[h], ",",
                  ranking.correlations(k, h).size(), ",", mean_text(ranking.correlations(k, h), 4),
                  "\n");
  return text;
}

}  // namespace

int apps::ranking(int argc, const char* const* argv) {
  CommandLine cli("ranking", "Whether a model ranks plans as the simulator does.");
  std::string run, episodes_text = "3", threads_text = "0", csv;
  cli.positional(
      "RUN|CHECKPOINT", run,
      "a run folder (its latest checkpoint), a checkpoint folder or a model.safetensors");
  cli.option("--episodes", episodes_text, "number of the agent's episodes (default 3)");
  cli.output("--csv", csv, "", "write one row per judge and horizon to this CSV file");
  cli.option("--threads", threads_text,
             "number of threads; 0: as many as this process may use; changes no result");
  if (!cli.parse(argc, argv)) return 0;
  int episodes = 0, threads = 0;
  read_option("--episodes", episodes_text, episodes);
  read_option("--threads", threads_text, threads);
  require(episodes >= 1, "--episodes is ", episodes, "; it must be at least 1");
  use_threads(threads);

  catch_interrupts();
  const LoadedModel loaded = load_model(run);
  Console console(progress_from("auto"));
  const std::vector<Moment> moments = moments_of(loaded, episodes, console);
  if (interrupted()) return status_interrupted;
  Ranking ranking(loaded, moments);
  if (!ranking.judge(console)) return status_interrupted;
  console.clear_bar();
  print_table(ranking);
  if (!csv.empty()) {
    write_text_atomically(csv, csv_text(ranking, run, loaded.config));
    say_wrote(csv);
  }
  return 0;
}

}  // namespace planet
