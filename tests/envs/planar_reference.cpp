// The tasks with contacts against MuJoCo: control steps from given states, without MuJoCo.
//
// mujoco/NAME.csv has rows of state, action, state after one control step, reward; half of them
// with contact, and four of the cheetah's with crossed legs. mujoco/NAME-runs.csv has rows of
// state, 20 actions, state after them, sum of rewards. compare_dm_control.py --write-reference
// wrote both with dm_control 1.0.50 on MuJoCo 3.17, the ball of the cup at MuJoCo 2.2.2's inverse
// weight; MuJoCo 2.2.2 itself gives the same steps within 1e-12.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "envs/planar/contact.hpp"
#include "envs/registry.hpp"
#include "envs/tasks/planar_task.hpp"

using namespace planet;

namespace {

std::vector<std::vector<double>> read_rows(const std::string& name) {
  std::ifstream in(std::string(PLANET_SOURCE_DIR) + "/tests/envs/mujoco/" + name + ".csv");
  std::vector<std::vector<double>> rows;
  for (std::string line; std::getline(in, line);) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream numbers(line);
    rows.emplace_back();
    for (double x = 0; numbers >> x;) rows.back().push_back(x);
  }
  return rows;
}

}  // namespace

TEST_CASE("one control step is MuJoCo's within 1e-9, contacts included") {
  for (const char* name : {"cup_catch", "finger_spin", "cheetah_run", "walker_walk"}) {
    CAPTURE(name);
    EnvOptions options;
    options.action_repeat = 1;
    const auto env = make_env(name, options);
    const std::size_t S = env->state_names().size();
    const auto A = static_cast<std::size_t>(env->action_size());
    const auto rows = read_rows(name);
    REQUIRE(rows.size() >= 24);
    double worst = 0, worst_reward = 0;
    int moved = 0;
    for (const std::vector<double>& row : rows) {
      REQUIRE(row.size() == 2 * S + A + 1);
      const std::span<const double> all(row);
      env->set_state(all.first(S));
      const StepResult result = env->step(all.subspan(S, A));
      const std::vector<double> after = env->state();
      for (std::size_t i = 0; i < S; ++i) {
        const double error = std::abs(after[i] - row[S + A + i]);
        if (!(error <= worst)) worst = error;  // a NaN stays
        moved += std::abs(row[i] - row[S + A + i]) > 1e-3 ? 1 : 0;
      }
      worst_reward = std::max(worst_reward, std::abs(result.reward - row.back()));
    }
    CHECK(worst <= 1e-9);
    CHECK(worst_reward <= 1e-9);
    CHECK(moved > 100);
  }
}

TEST_CASE("twenty control steps end where MuJoCo's do, within 1e-7") {
  for (const char* name : {"cup_catch", "finger_spin", "cheetah_run", "walker_walk"}) {
    CAPTURE(name);
    EnvOptions options;
    options.action_repeat = 1;
    const auto env = make_env(name, options);
    const std::size_t S = env->state_names().size(), steps = 20;
    const auto A = static_cast<std::size_t>(env->action_size());
    const auto rows = read_rows(name + std::string("-runs"));
    REQUIRE(rows.size() == 3);
    for (const std::vector<double>& row : rows) {
      REQUIRE(row.size() == 2 * S + steps * A + 1);
      const std::span<const double> all(row);
      env->set_state(all.first(S));
      double total = 0;
      for (std::size_t k = 0; k < steps; ++k) total += env->step(all.subspan(S + k * A, A)).reward;
      const std::vector<double> after = env->state();
      for (std::size_t i = 0; i < S; ++i)
        CHECK(std::abs(after[i] - row[S + steps * A + i]) <= 1e-7);
      CHECK(std::abs(total - row.back()) <= 1e-7);
    }
  }
}

TEST_CASE("the reference holds steps in which bodies touch") {
  // Otherwise the test above would say nothing about contacts.
  struct Count {
    int touching = 0, crossed = 0;
  };
  const auto count = [](const char* name) {
    const auto task = env_spec(name).make_task(TaskValues({}));
    auto& planar_task = dynamic_cast<PlanarTask&>(*task);
    Count out;
    for (const std::vector<double>& row : read_rows(name)) {
      planar_task.set_state(std::span(row).first(planar_task.state_names().size()));
      planar::Contacts contacts;
      planar::find_contacts(planar_task.simulation().model(), planar_task.simulation().kinematics(),
                            contacts);
      out.touching += contacts.count > 0 ? 1 : 0;
      for (int k = 0; k < contacts.count; ++k) out.crossed += contacts.list[k].crossed ? 1 : 0;
    }
    return out;
  };
  CHECK(count("cup_catch").touching >= 4);
  CHECK(count("finger_spin").touching >= 4);
  CHECK(count("cheetah_run").touching >= 8);
  CHECK(count("cheetah_run").crossed >= 4);
  CHECK(count("walker_walk").touching >= 8);
}
