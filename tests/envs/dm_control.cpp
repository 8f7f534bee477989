// dm_control's tasks against dm_control on MuJoCo: recorded states, actions and rewards in
// dm_control/NAME.csv (dm_control/make.py wrote them), so nothing has to be installed here.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "envs/numbers.hpp"
#include "envs/planar/contact.hpp"
#include "envs/registry.hpp"
#include "envs/tasks/planar_task.hpp"
#include "tests/envs/support.hpp"

using namespace planet;

namespace {

/// One control step of MuJoCo; of step 0 only the state is used.
struct Row {
  int run = 0, step = 0;
  std::vector<double> state, action;
  double reward = 0;
};

std::vector<Row> read_rows(const EnvSpec& spec) {
  std::ifstream in(std::string(PLANET_SOURCE_DIR) + "/tests/envs/dm_control/" + spec.name + ".csv");
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> columns(
      static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')) + 1, "a number");
  const std::size_t states = spec.state_names.size();
  REQUIRE(columns.size() == 2 + states + static_cast<std::size_t>(spec.action_size) + 1);
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    const std::vector<double> numbers = parse_state(line, columns);
    const auto at = [&](std::size_t k) { return numbers.begin() + static_cast<std::ptrdiff_t>(k); };
    rows.push_back({static_cast<int>(numbers[0]),
                    static_cast<int>(numbers[1]),
                    {at(2), at(2 + states)},
                    {at(2 + states), at(columns.size() - 1)},
                    numbers.back()});
  }
  return rows;
}

double worst(const std::vector<double>& ours, const std::vector<double>& theirs) {
  double most = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const double error = std::abs(ours.at(i) - theirs[i]);
    if (!(error <= most)) most = error;  // a NaN stays
  }
  return most;
}

// The environment with an action repeat of 1: one control step per decision.
std::unique_ptr<Env> by_control_steps(const EnvSpec& spec) {
  EnvOptions options;
  options.action_repeat = 1;
  options.image_size = 16;
  return make_env(spec.name, options);
}

const std::vector<std::string> dmc_tasks{
    "pendulum_dmc_sparse", "pendulum_dmc_shaped", "point_mass_dmc", "point_mass_easy",
    "cartpole_swingup",    "reacher_easy",        "reacher_shaped", "cup_catch",
    "finger_spin",         "cheetah_run",         "walker_walk"};

}  // namespace

TEST_CASE("one control step from any state agrees with MuJoCo to 1e-9 and so does its reward") {
  for (const std::string& name : dmc_tasks) {
    CAPTURE(name);
    const EnvSpec& spec = env_spec(name);
    const auto env = by_control_steps(spec);
    const std::vector<Row> rows = read_rows(spec);
    double state_error = 0, reward_error = 0;
    int steps = 0;
    for (std::size_t k = 1; k < rows.size(); ++k) {
      if (rows[k].step == 0) continue;
      env->set_state(rows[k - 1].state);
      const double reward = env->step(std::span<const double>(rows[k].action)).reward;
      state_error = std::max(state_error, worst(env->state(), rows[k].state));
      reward_error = std::max(reward_error, worst({reward}, {rows[k].reward}));
      ++steps;
    }
    MESSAGE(name << ": state within " << state_error << ", reward within " << reward_error);
    CHECK(steps >= 160);
    CHECK(state_error <= 1e-9);
    CHECK(reward_error <= 1e-9);
  }
}

TEST_CASE("runs of 20 control steps agree with MuJoCo to 1e-7") {
  for (const std::string& name : dmc_tasks) {
    CAPTURE(name);
    const EnvSpec& spec = env_spec(name);
    const auto env = by_control_steps(spec);
    double error = 0;
    for (const Row& row : read_rows(spec)) {
      if (row.step == 0) env->set_state(row.state);
      else {
        const double reward = env->step(std::span<const double>(row.action)).reward;
        error = std::max({error, worst(env->state(), row.state), worst({reward}, {row.reward})});
      }
    }
    MESSAGE(name << ": within " << error);
    CHECK(error <= 1e-7);
  }
}

TEST_CASE("the recorded runs cover the difficult cases") {
  // Beyond each soft stop on both sides; rewards on and off.
  const auto beyond = [](const char* name, std::size_t entry, double limit) {
    int low = 0, high = 0;
    for (const Row& row : read_rows(env_spec(name))) {
      low += row.state[entry] < -limit;
      high += row.state[entry] > limit;
    }
    return std::min(low, high);
  };
  CHECK(beyond("point_mass_easy", 0, 0.29) >= 5);
  CHECK(beyond("point_mass_easy", 1, 0.29) >= 5);
  CHECK(beyond("cartpole_swingup", 0, 1.8) >= 5);
  CHECK(beyond("reacher_easy", 1, 160 * 3.14159265358979 / 180) >= 5);
  for (const char* name : {"pendulum_dmc_sparse", "reacher_easy"}) {
    int paid = 0, unpaid = 0;
    for (const Row& row : read_rows(env_spec(name))) {
      paid += row.step > 0 && row.reward == 1;
      unpaid += row.step > 0 && row.reward == 0;
    }
    CAPTURE(name);
    CHECK(paid >= 5);
    CHECK(unpaid >= 10);
  }
}

TEST_CASE("the recorded runs hold steps in which bodies touch") {
  // Otherwise the tests above would not cover contacts.
  struct Count {
    int touching = 0, crossed = 0;
  };
  const auto count = [](const char* name) {
    const auto task = env_spec(name).make_task(TaskValues({}));
    auto& planar_task = dynamic_cast<PlanarTask&>(*task);
    Count out;
    for (const Row& row : read_rows(env_spec(name))) {
      planar_task.set_state(row.state);
      planar::Contacts contacts;
      planar::find_contacts(planar_task.simulation().model(), planar_task.simulation().kinematics(),
                            contacts);
      out.touching += contacts.count > 0 ? 1 : 0;
      for (int k = 0; k < contacts.count; ++k) out.crossed += contacts.list[k].crossed ? 1 : 0;
    }
    return out;
  };
  CHECK(count("cup_catch").touching >= 10);
  CHECK(count("finger_spin").touching >= 10);
  CHECK(count("cheetah_run").touching >= 40);
  CHECK(count("cheetah_run").crossed >= 4);
  CHECK(count("walker_walk").touching >= 40);
}
