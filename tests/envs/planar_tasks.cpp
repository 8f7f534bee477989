// Cup, finger, cheetah, walker: rewards by hand, starts by their rules, and the rules of all tasks.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "envs/check_env.hpp"
#include "envs/physics.hpp"
#include "envs/tasks/cheetah_run.hpp"
#include "envs/tasks/cup_catch.hpp"
#include "envs/tasks/finger_spin.hpp"
#include "envs/tasks/walker.hpp"
#include "tests/envs/support.hpp"

using namespace planet;
using physics::pi;

namespace {

constexpr std::array tasks{
    "cup_catch",   "cup_catch_r6", "cup_catch_shaped", "finger_spin",  "finger_spin_shaped",
    "cheetah_run", "walker_walk",  "walker_walk_r4",   "walker_stand", "walker_run"};

double reward_at(PlanarTask& task, const std::vector<double>& state) {
  task.set_state(state);
  return task.reward();
}

}  // namespace

TEST_CASE("the contact tasks have the published set-up") {
  struct Row {
    const char* name;
    int R, A, S;
    double dt, random, oracle;
  };
  for (const Row& row :
       {Row{"cup_catch", 4, 2, 8, 0.02, 21, 993}, Row{"cup_catch_r6", 6, 2, 8, 0.02, 83, 954},
        Row{"cup_catch_shaped", 4, 2, 8, 0.02, 82, 986}, Row{"finger_spin", 2, 2, 6, 0.02, 1, 667},
        Row{"finger_spin_shaped", 2, 2, 6, 0.02, 22, 735},
        Row{"cheetah_run", 4, 6, 18, 0.01, 13, 767}, Row{"walker_stand", 2, 6, 18, 0.025, 134, 966},
        Row{"walker_walk", 2, 6, 18, 0.025, 40, 967},
        Row{"walker_walk_r4", 4, 6, 18, 0.025, 48, 832},
        Row{"walker_run", 2, 6, 18, 0.025, 25, 403}}) {
    CAPTURE(row.name);
    const EnvSpec& spec = env_spec(row.name);
    CHECK(spec.time_limit == 1000);
    CHECK(spec.action_repeat == row.R);
    CHECK(spec.dt == row.dt);
    CHECK(spec.max_return == 1000);
    const auto env = make_env(row.name);
    CHECK(env->action_size() == row.A);
    CHECK(env->state_names().size() == static_cast<std::size_t>(row.S));
    CHECK(env->episode_length() == 1000 / row.R);
    CHECK(*env_score(spec, {}, row.random) == doctest::Approx(0));
    CHECK(*env_score(spec, {}, row.oracle) == doctest::Approx(1));
  }
  CHECK(make_env("cup_catch")->state_names()[2] == "ball_x");
  CHECK(make_env("finger_spin")->state_names()[5] == "hinge_dot");
  CHECK(make_env("cheetah_run")->state_names()[0] == "rootx");
  CHECK(make_env("walker_walk")->state_names()[0] == "rootz");  // the model file's order
  CHECK(make_env("walker_walk")->state_names()[8] == "left_ankle");
}

TEST_CASE("the contact tasks pass check_env") {
  for (const char* name : tasks) {
    CAPTURE(name);
    EnvOptions options;
    options.image_size = 16;
    options.time_limit = 60;
    const auto env = make_env(name, options);
    for (const std::string& fault : check_env(*env)) FAIL_CHECK(fault);
  }
}

TEST_CASE("the cup pays while the whole ball is inside its square") {
  CupCatch cup;
  // Cup at its rest, its target 0.55 m high; the ball's own height is 0.2 + z.
  const auto at = [&](PlanarTask& task, double x, double z) {
    return reward_at(task, {0, 0, x, z - 0.2, 0, 0, 0, 0});
  };
  CHECK(at(cup, 0, 0.55) == 1);
  CHECK(at(cup, 0.0249, 0.5749) == 1);
  CHECK(at(cup, -0.0249, 0.5251) == 1);
  CHECK(at(cup, 0.0251, 0.55) == 0);
  CHECK(at(cup, 0, 0.5249) == 0);
  CHECK(at(cup, 0.2, 0.3) == 0);
  // It moves with the cup.
  CHECK(reward_at(cup, {0.1, -0.1, 0.1, 0.25, 0, 0, 0, 0}) == 1);
  CHECK(reward_at(cup, {0.1, -0.1, 0, 0.35, 0, 0, 0, 0}) == 0);
  // Shaped: half the tolerance of the distance beyond 0.025, 0.1 at 0.325; full inside.
  CupCatch shaped("cup_catch_shaped", CupCatch::Reward::shaped);
  CHECK(at(shaped, 0, 0.55) == 1);
  CHECK(at(shaped, 0.0251, 0.55) == doctest::Approx(0.5).epsilon(1e-4));
  CHECK(at(shaped, 0, 0.55 - 0.325) == doctest::Approx(0.05).epsilon(1e-12));
  CHECK(at(shaped, 0.175, 0.55) == doctest::Approx(0.5 * std::pow(0.1, 0.25)).epsilon(1e-12));
}

TEST_CASE("the spinner pays for turning one way") {
  FingerSpin sparse, shaped("finger_spin_shaped", FingerSpin::Reward::shaped);
  const auto at = [](PlanarTask& task, double speed) {
    return reward_at(task, {-1, 0, 0, 3, 3, speed});
  };
  CHECK(at(sparse, -15) == 1);
  CHECK(at(sparse, -40) == 1);
  CHECK(at(sparse, -14.999) == 0);
  CHECK(at(sparse, 20) == 0);
  CHECK(at(shaped, -15) == 1);
  CHECK(at(shaped, -30) == 1);
  CHECK(at(shaped, -6) == doctest::Approx(0.4).epsilon(1e-14));
  CHECK(at(shaped, 6) == 0);
}

TEST_CASE("the cheetah is paid for the speed of its centre of mass") {
  CheetahRun task;
  std::vector<double> state(18, 0.0);
  const auto at = [&](double speed) {
    state[9] = speed;
    return reward_at(task, state);
  };
  CHECK(at(5) == doctest::Approx(0.5).epsilon(1e-14));
  CHECK(at(12) == 1);
  CHECK(at(0) == 0);
  CHECK(at(-3) == 0);
  // Turning about the torso's origin moves the centre of mass, which lies below it.
  state[11] = 1;
  CHECK(at(5) < 0.5);
}

TEST_CASE("the walker is paid for height, uprightness and speed") {
  Walker walk("walker_walk", 1), stand("walker_stand", 0), run("walker_run", 8);
  std::vector<double> state(18, 0.0);
  const auto at = [&](PlanarTask& task, double z, double tilt, double speed) {
    state[0] = z, state[2] = tilt, state[10] = speed;
    return reward_at(task, state);
  };
  // Its torso starts 1.3 m high; z is added.
  CHECK(at(stand, 0, 0, 0) == 1);
  CHECK(at(stand, -0.1, pi, 0) == doctest::Approx(0.75).epsilon(1e-12));
  CHECK(at(stand, -0.7, 0, 0) == doctest::Approx((3 * 0.1 + 1) / 4).epsilon(1e-12));
  CHECK(at(walk, 0, 0, 0) == doctest::Approx(1.0 / 6).epsilon(1e-12));
  CHECK(at(walk, 0, 0, 0.75) == doctest::Approx((5 * 0.75 + 1) / 6).epsilon(1e-12));
  CHECK(at(walk, 0, 0, 1) == 1);
  CHECK(at(walk, 0, 0, 3) == 1);
  CHECK(at(walk, 0, pi / 2, 1) == doctest::Approx(3.5 / 4).epsilon(1e-12));
  CHECK(at(run, 0, 0, 6) == doctest::Approx((5 * 0.75 + 1) / 6).epsilon(1e-12));
}

TEST_CASE("a cup begins at rest with a ball that touches nothing") {
  CupCatch task;
  Rng rng(1, Stream::env);
  double low = 1, high = 0, left = 1, right = -1;
  int beside = 0;
  for (int k = 0; k < 3000; ++k) {
    task.start(rng);
    const auto s = task.state();
    CHECK_FALSE(task.simulation().touching());
    for (const std::size_t i : {0u, 1u, 4u, 5u, 6u, 7u}) CHECK(s[i] == 0);
    left = std::min(left, s[2]), right = std::max(right, s[2]);
    low = std::min(low, s[3]), high = std::max(high, s[3]);
    // The bottom rod lies 0.5 m high and must be at least 0.033 m away from the ball.
    if (std::abs(s[2]) < 0.025) CHECK(std::abs(s[3] + 0.2 - 0.5) >= 0.033);
    beside += task.reward() > 0 ? 1 : 0;
  }
  CHECK(left < -0.19);
  CHECK(right > 0.19);
  CHECK(left >= -0.2);
  CHECK(right <= 0.2);
  CHECK(low >= 0.2);
  CHECK(low < 0.21);
  CHECK(high <= 0.5);
  CHECK(high > 0.49);
  CHECK(beside > 0);  // sometimes it begins inside
}

TEST_CASE("a finger begins at rest anywhere clear of the spinner") {
  FingerSpin task;
  Rng rng(1, Stream::env);
  std::array<double, 3> low{9, 9, 9}, high{-9, -9, -9};
  for (int k = 0; k < 2000; ++k) {
    task.start(rng);
    const auto s = task.state();
    CHECK_FALSE(task.simulation().touching());
    for (std::size_t i = 0; i < 3; ++i) {
      low[i] = std::min(low[i], s[i]), high[i] = std::max(high[i], s[i]);
      CHECK(s[3 + i] == 0);
    }
  }
  const double limit = 110 * pi / 180;
  for (std::size_t i = 0; i < 3; ++i) {
    const double end = i < 2 ? limit : pi;
    CHECK(low[i] >= -end);
    CHECK(low[i] < -end + 0.02);
    CHECK(high[i] <= end);
    CHECK(high[i] > end - 0.02);
  }
}

TEST_CASE("a cheetah begins after two seconds of rest") {
  CheetahRun task;
  Rng rng(1, Stream::env);
  int touching = 0;
  double most = 0;
  for (int k = 0; k < 100; ++k) {
    Rng same = rng;
    task.start(rng);
    // The same by hand: six angles between their limits, 200 steps without action.
    std::vector<double> drawn(18, 0.0);
    for (std::size_t j = 3; j < 9; ++j) {
      const auto& range = CheetahRun::cheetah_model().dof[j].range;
      drawn[j] = same.uniform(range.low, range.high);
    }
    planar::Simulation sim(CheetahRun::cheetah_model());
    sim.set_state(drawn);
    for (int step = 0; step < 200; ++step) sim.step(std::array<double, 6>{});
    for (std::size_t j = 0; j < 9; ++j) CHECK(task.state()[j] == sim.q()[j]);
    touching += sim.touching() ? 1 : 0;
    for (std::size_t j = 9; j < 18; ++j) most = std::max(most, std::abs(task.state()[j]));
  }
  CHECK(touching >= 99);  // it lies on the ground
  CHECK(most > 0);
  CHECK(most < 3);
}

TEST_CASE("a walker begins in any pose, at rest, its torso 1.3 m high") {
  Walker task("walker_walk", 1);
  Rng rng(1, Stream::env);
  double low = 9, high = -9;
  for (int k = 0; k < 1000; ++k) {
    task.start(rng);
    const auto s = task.state();
    CHECK(s[0] == 0);
    CHECK(s[1] == 0);
    low = std::min(low, s[2]), high = std::max(high, s[2]);
    for (std::size_t j = 3; j < 9; ++j) {
      const auto& range = Walker::walker_model().dof[j].range;
      CHECK(s[j] >= range.low);
      CHECK(s[j] <= range.high);
    }
    for (std::size_t j = 9; j < 18; ++j) CHECK(s[j] == 0);
  }
  CHECK(low < -pi + 0.02);
  CHECK(high > pi - 0.02);
}

TEST_CASE("an episode of a contact task repeats, and goes on from a copy or from its state") {
  for (const char* name : tasks) {
    CAPTURE(name);
    EnvOptions options;
    options.image_size = 16;
    options.time_limit = 120;
    const auto env = make_env(name, options), other = make_env(name, options);
    CHECK(test::random_episode(*env, 7) == test::random_episode(*other, 7));
    CHECK_FALSE(test::random_episode(*env, 7) == test::random_episode(*env, 8));
    env->reset(3);
    Rng rng(3, Stream::test);
    for (int k = 0; k < 8; ++k) env->step(test::random_action(*env, rng));
    const auto copy = env->clone();
    other->set_state(env->state());
    CHECK(other->state() == env->state());
    CHECK(other->render() == env->render());
    for (int k = 0; k < 6; ++k) {
      const auto action = test::random_action(*env, rng);
      const StepResult result = env->step(action);
      CHECK(copy->step(action).reward == result.reward);
      CHECK(other->step(action).reward == result.reward);
      CHECK(copy->state() == env->state());
      CHECK(other->state() == env->state());
    }
  }
}

TEST_CASE("a moving camera shows the ground passing but not the absolute position") {
  // Equal poses 0.4 m apart differ in the picture; 4.5 m apart the stripes repeat.
  for (const char* name : {"cheetah_run", "walker_walk"}) {
    CAPTURE(name);
    EnvOptions options;
    options.image_size = 32;
    const auto env = make_env(name, options);
    const std::size_t x = name[0] == 'c' ? 0 : 1;
    const auto picture = [&](double place) {
      std::vector<double> state(18, 0.0);
      state[x] = place;
      env->set_state(state);
      return env->render();
    };
    const auto here = picture(0.1);
    CHECK(here == picture(4.6));
    for (double shift = 0.2; shift < 4.4; shift += 0.1) {
      const auto there = picture(0.1 + shift);
      double nats = 0;  // half the squared difference, as the loss counts
      for (std::size_t i = 0; i < here.size(); ++i) {
        const double d = (int{here[i]} - int{there[i]}) / 255.0;
        nats += 0.5 * d * d;
      }
      CAPTURE(shift);
      CHECK(nats > 0.5);
    }
  }
}
