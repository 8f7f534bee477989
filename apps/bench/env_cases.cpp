#include "apps/bench/env_cases.hpp"

#include <cstdio>

#include "apps/bench/measure.hpp"
#include "autograd/base/philox.hpp"
#include "envs/registry.hpp"

namespace planet::bench {
namespace {

constexpr std::size_t together = 64;  // decisions or pictures per measured call

/// Plays random actions, which are drawn beforehand: only the environment is timed.
class Player {
 public:
  Player(const EnvSpec& spec, int image_size)
      : size_(static_cast<std::size_t>(spec.action_size)), actions_(together * size_) {
    EnvOptions options;
    options.image_size = image_size;
    env_ = make_env(spec.name, options);
    Rng rng(1, Stream::random_action);
    for (double& a : actions_) a = rng.uniform(-1, 1);
    env_->reset(1);
    pixels_.resize(env_->image_bytes());
  }
  void steps() {
    for (std::size_t k = 0; k < together; ++k) step(k);
  }
  void pictures() {
    for (std::size_t k = 0; k < together; ++k) env_->render(pixels_);
  }
  void step(std::size_t k) {
    if (env_->step(std::span<const double>(actions_).subspan(k * size_, size_)).done())
      env_->reset();
  }
  int repeat() const { return env_->action_repeat(); }

 private:
  std::size_t size_;
  std::vector<double> actions_;
  std::vector<std::uint8_t> pixels_;
  std::unique_ptr<Env> env_;
};

double a_second(const Timing& timing, double things) { return things / timing.median; }

}  // namespace

EnvRate measure_env(const EnvSpec& spec, double seconds) {
  Player small(spec, 32), large(spec, 64);
  const Timing steps = measure([&] { small.steps(); }, seconds);
  const Timing pictures = measure([&] { small.pictures(); }, seconds);
  const Timing pictures64 = measure([&] { large.pictures(); }, seconds);
  return {a_second(steps, static_cast<double>(together) * small.repeat()),
          a_second(pictures, together), a_second(pictures64, together),
          steps.allocations < 0 ? -1 : steps.allocations + pictures.allocations};
}

void print_envs(double seconds) {
  std::printf("%-22s %16s %16s %16s %8s\n", "per second on one core", "control steps",
              "pictures 32x32", "pictures 64x64", "allocs");
  for (const EnvSpec& spec : list_envs()) {
    const EnvRate r = measure_env(spec, seconds);
    std::printf("%-22s %16.0f %16.0f %16.0f %8s\n", spec.name.c_str(), r.control_steps, r.frames32,
                r.frames64, count_text(r.allocations).c_str());
    std::fflush(stdout);
  }
}

}  // namespace planet::bench
