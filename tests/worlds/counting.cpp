#include "tests/worlds/counting.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet::test {
namespace {

// The picture is 8 x 8 units around the origin, so a bit is one unit wide and two high.
constexpr double view = 8;
constexpr int bits = 8;

void draw_bits(Scene& scene, int value, double y) {
  for (int k = 0; k < bits; ++k) {
    const bool set = (value >> (bits - 1 - k) & 1) != 0;
    if (set) scene.box({k + 0.5 - view / 2, y}, {0.5, 1}, palette::lamp);
  }
}

double mean_action(const std::vector<double>& action) {
  double sum = 0;
  for (const double a : action) sum += a;
  return sum / static_cast<double>(action.size());
}

bool whole(double value, double max) {
  return value >= 0 && value <= max && value == std::floor(value);
}

}  // namespace

std::vector<std::string> Counting::state_names() const {
  std::vector<std::string> names{"count", "episode"};
  for (std::size_t i = 0; i < action_.size(); ++i) names.push_back(cat("action", i));
  return names;
}

void Counting::start(Rng& rng) {
  count_ = 0;
  episode_ = static_cast<int>(rng.below(256));
  std::fill(action_.begin(), action_.end(), 0.0);
}

TaskStep Counting::step(std::span<const double> action, std::span<const double>) {
  const double departure = (1 + mean_action(action_)) / 2;
  count_ = (count_ + 1) % 256;
  std::copy(action.begin(), action.end(), action_.begin());
  switch (kind_) {
    case CountingReward::arrival:
      return {(1 + mean_action(action_)) / 2, false};
    case CountingReward::departure:
      return {departure, false};
    case CountingReward::count:
      return {count_ / 255.0, false};
  }
  fail("unknown kind of counting reward");
}

void Counting::draw(Scene& scene) const {
  scene.clear({0, 0, 0});
  scene.look_at({0, 0}, view);
  draw_bits(scene, count_, 3);
  draw_bits(scene, episode_, -3);
  const double band = view / static_cast<double>(action_.size());
  for (std::size_t i = 0; i < action_.size(); ++i) {
    const double grey = (action_[i] + 1) / 2;
    const double x = (static_cast<double>(i) + 0.5) * band - view / 2;
    scene.box({x, 0}, {band / 2, 2}, {grey, grey, grey});
  }
}

CountingReading Counting::read(std::span<const std::uint8_t> pixels, int n, int action_size) {
  require(n >= 16 && n % 16 == 0 && action_size >= 1,
          "a counting picture is read at sizes that are"
          " multiples of 16, not at ",
          n);
  const Image image(n, n, pixels);
  const auto level = [&](int row, int column) {
    return static_cast<int>(image.at(column, row)[0]);
  };
  const auto number = [&](int row) {
    int value = 0;
    for (int k = 0; k < bits; ++k) {
      const int v = level(row, (2 * k + 1) * n / 16);
      require(v < 64 || v > 191, "bit ", k,
              " of a counting picture is neither dark nor light: ", v);
      value = 2 * value + (v > 191 ? 1 : 0);
    }
    return value;
  };
  CountingReading out{number(n / 8), number(n - n / 8), {}};
  for (int i = 0; i < action_size; ++i) {
    const int column = (2 * i + 1) * n / (2 * action_size);
    out.action.push_back(2 * level(n / 2, column) / 255.0 - 1);
  }
  return out;
}

std::vector<double> Counting::state() const {
  std::vector<double> out{static_cast<double>(count_), static_cast<double>(episode_)};
  out.insert(out.end(), action_.begin(), action_.end());
  return out;
}

void Counting::set_state(std::span<const double> state) {
  require(whole(state[0], 255) && whole(state[1], 255), "[counting] count and episode are ",
          state[0], " and ", state[1], "; both are whole numbers from 0 to 255");
  for (const double a : state.subspan(2))
    require(std::abs(a) <= 1, "[counting] an action of ", a, " is outside [-1, 1]");
  count_ = static_cast<int>(state[0]);
  episode_ = static_cast<int>(state[1]);
  std::copy(state.begin() + 2, state.end(), action_.begin());
}

EnvSpec counting_spec() {
  EnvSpec spec;
  spec.name = "counting";
  spec.description = "each picture shows its step number and the action that led to it";
  spec.time_limit = 20;
  spec.action_repeat = 1;
  spec.dt = 0.1;
  spec.max_return = 20;
  spec.options = {
      {.name = "reward",
       .default_value = "arrival",
       .description = "the frame that the reward is a function of",
       .choices = {"arrival", "departure", "count"}},
      {.name = "actions",
       .default_value = "1",
       .description = "number of actions",
       .choices = {},
       .min = 1,
       .max = 4,
       .integer = true},
  };
  spec.make_task = [](const TaskValues& values) -> std::unique_ptr<Task> {
    const std::string& word = values.word("reward");
    const CountingReward kind = word == "arrival"     ? CountingReward::arrival
                                : word == "departure" ? CountingReward::departure
                                                      : CountingReward::count;
    return std::make_unique<Counting>(static_cast<int>(values.number("actions")), kind);
  };
  return spec;
}

}  // namespace planet::test
