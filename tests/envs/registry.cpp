// The registry: names, options and their sentences, scores and the two ends of the scale.
#include "envs/registry.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"
#include "tests/envs/support.hpp"
#include "tests/worlds/counting.hpp"

using namespace planet;
using test::contains;
using test::sentence;

TEST_CASE("every registered task is built as its entry says") {
  REQUIRE(list_envs().size() >= 4);
  for (const EnvSpec& spec : list_envs()) {
    CAPTURE(spec.name);
    const auto env = make_env(spec.name);
    CHECK(env->name() == spec.name);
    CHECK(env->image_size() == 64);
    CHECK(env->action_repeat() == spec.action_repeat);
    CHECK(env->episode_length() == spec.time_limit / spec.action_repeat);
    CHECK(spec.dt > 0);
    CHECK_FALSE(spec.description.empty());
    CHECK(env->state_names().size() >= 1);
    CHECK(env->state_names() == spec.state_names);
    CHECK(env->action_size() == spec.action_size);
    REQUIRE(spec.scale.has_value());
    CHECK(spec.max_return >= spec.scale->oracle.mean);
    for (const int n : {16, 32, 64}) {
      EnvOptions options;
      options.image_size = n;
      const auto small = make_env(spec.name, options);
      small->reset(1);
      CHECK(small->render().size() == static_cast<std::size_t>(3 * n * n));
    }
  }
}

TEST_CASE("the tasks without contacts have the published set-up") {
  struct Row {
    const char* name;
    int T, R, A;
    double random, oracle;
  };
  for (const Row& row :
       {Row{"pendulum_swingup", 200, 2, 1, 125.3, 189.4},
        Row{"point_mass_easy", 400, 4, 2, 70.4, 384.9},
        Row{"cartpole_swingup", 1000, 8, 1, 119, 851}, Row{"reacher_easy", 1000, 4, 2, 49, 950},
        Row{"reacher_shaped", 1000, 4, 2, 386, 989}, Row{"pendulum_dmc_sparse", 1000, 4, 1, 1, 100},
        Row{"pendulum_dmc_shaped", 1000, 4, 1, 41, 880},
        Row{"point_mass_dmc", 1000, 4, 2, 11, 868}}) {
    CAPTURE(row.name);
    const EnvSpec& spec = env_spec(row.name);
    CHECK(spec.time_limit == row.T);
    CHECK(spec.max_return == row.T);
    CHECK(spec.action_repeat == row.R);
    CHECK(spec.action_size == row.A);
    CHECK(*env_score(spec, {}, row.random) == doctest::Approx(0));
    CHECK(*env_score(spec, {}, row.oracle) == doctest::Approx(1));
  }
}

TEST_CASE("the tasks with several futures have the published set-up") {
  struct Row {
    const char* name;
    int T;
    double most, random, oracle;
  };
  for (const Row& row : {Row{"peg_catch", 120, 20, 6.9, 20}, Row{"peg_memory", 120, 20, 6.9, 18.9},
                         Row{"peg_cued", 120, 20, 7.0, 20}, Row{"peg_dodge", 200, 27, 18.2, 27},
                         Row{"duel", 150, 150, 53.6, 140.2}}) {
    CAPTURE(row.name);
    const EnvSpec& spec = env_spec(row.name);
    CHECK(spec.time_limit == row.T);
    CHECK(spec.action_repeat == 1);
    CHECK(spec.max_return == row.most);
    CHECK(*env_score(spec, {}, row.random) == doctest::Approx(0));
    CHECK(*env_score(spec, {}, row.oracle) == doctest::Approx(1));
    CHECK(make_env(row.name)->uniforms() == (spec.name == "duel" ? 2 : 1));
  }
  for (const char* name : {"pendulum_swingup", "point_mass_easy", "cartpole_swingup"})
    CHECK(make_env(name)->uniforms() == 0);
}

TEST_CASE("a wrong environment name gets the nearest right one") {
  CHECK(
      contains(sentence([] { make_env("pendulum_swing_up"); }), "did you mean 'pendulum_swingup'"));
  CHECK(contains(sentence([] { make_env("cartpole"); }), "cartpole_swingup"));
  for (const auto& [theirs, ours] : {std::pair{"Pendulum-v1", "pendulum_swingup"},
                                     {"CartPole-v1", "cartpole_swingup"},
                                     {"cartpole-swingup", "cartpole_swingup"},
                                     {"walker-walk", "walker_walk"},
                                     {"dmc_walker_run", "walker_run"},
                                     {"dm_control/cheetah-run-v0", "cheetah_run"},
                                     {"HalfCheetah-v4", "cheetah_run"},
                                     {"Walker2d-v5", "walker_walk"},
                                     {"Reacher-v4", "reacher_easy"},
                                     {"ball_in_cup-catch", "cup_catch"},
                                     {"point_mass-easy", "point_mass_easy"},
                                     {"finger-spin", "finger_spin"}}) {
    CAPTURE(theirs);
    const std::string said = sentence([&] { env_spec(theirs); });
    CHECK(contains(said, std::string("there is no environment '") + theirs + "'"));
    CHECK(contains(said, std::string("did you mean '") + ours + "'"));
  }
  const std::string far = sentence([] { env_spec("qqq"); });
  CHECK_FALSE(contains(far, "did you mean"));
  CHECK(contains(far, "there are pendulum_swingup"));
}

TEST_CASE("environment options are read and have their effect") {
  const EnvSpec& spec = env_spec("cartpole_swingup");
  EnvOptions options;
  set_env_option(spec, options, "view=3.3");
  set_env_option(spec, options, "time_limit=400");
  set_env_option(spec, options, "action_repeat=4");
  CHECK(options.view == 3.3);
  const auto changed = make_env("cartpole_swingup", options);
  CHECK(changed->episode_length() == 100);
  CHECK(changed->action_repeat() == 4);
  const auto usual = make_env("cartpole_swingup");
  changed->reset(1), usual->reset(1);
  CHECK(changed->state() == usual->state());
  CHECK(changed->render() != usual->render());

  const EnvSpec counting = test::counting_spec();
  EnvOptions more;
  set_env_option(counting, more, "actions=3");
  set_env_option(counting, more, "reward=count");
  CHECK(make_env(counting, more)->action_size() == 3);
}

TEST_CASE("a wrong environment option gets a sentence and the nearest right one") {
  EnvOptions o;
  const EnvSpec& pendulum = env_spec("pendulum_swingup");
  const EnvSpec counting = test::counting_spec();
  const auto text = [&](const EnvSpec& spec, const char* word) {
    return sentence([&] { set_env_option(spec, o, word); });
  };
  CHECK(contains(text(pendulum, "veiw=3"), "did you mean 'view'"));
  CHECK(contains(text(pendulum, "gravity=3"), "no option 'gravity'"));
  CHECK(contains(text(pendulum, "view"), "NAME=VALUE"));
  CHECK(contains(text(pendulum, "=3"), "NAME=VALUE"));
  CHECK(contains(text(pendulum, "view=wide"), "not a number"));
  CHECK(contains(text(pendulum, "view=0"), "lies between"));
  CHECK(contains(text(pendulum, "view=nan"), "lies between"));
  CHECK(contains(text(pendulum, "time_limit=10.5"), "whole number"));
  CHECK(contains(text(pendulum, "time_limit=-1"), "lies between"));
  CHECK(contains(text(counting, "reward=arival"), "did you mean 'arrival'"));
  CHECK(contains(text(counting, "actions=9"), "between 1 and 4"));
  CHECK(contains(text(counting, "view=3"), "fixed grid"));
  CHECK(o.values.empty());  // nothing of all this was kept

  EnvOptions direct;
  direct.image_size = 48;
  CHECK(contains(sentence([&] { make_env(counting, direct); }), "16, 32 or 64"));
  direct = {};
  direct.values["rewards"] = "count";
  CHECK(contains(sentence([&] { make_env(counting, direct); }), "did you mean 'reward'"));
  direct = {};
  direct.action_repeat = 201;
  CHECK(contains(sentence([&] { make_env("pendulum_swingup", direct); }), "action_repeat is 201"));
  direct = {};
  direct.view = 2;
  CHECK(contains(sentence([&] { make_env(counting, direct); }), "fixed grid"));
}

TEST_CASE("the score is 0 for the random policy and 1 for the oracle") {
  const EnvSpec& pendulum = env_spec("pendulum_swingup");
  CHECK(*env_score(pendulum, {}, 125.3) == doctest::Approx(0.0));
  CHECK(*env_score(pendulum, {}, 189.4) == doctest::Approx(1.0));
  CHECK(*env_score(pendulum, {}, 182.99) == doctest::Approx(0.9).epsilon(1e-12));
  const EnvSpec& cartpole = env_spec("cartpole_swingup");
  CHECK(*env_score(cartpole, {}, 119) == doctest::Approx(0.0));
  CHECK(*env_score(cartpole, {}, 851) == doctest::Approx(1.0));
}

TEST_CASE("there is no score where the scale was not measured") {
  const EnvSpec& spec = env_spec("pendulum_swingup");
  EnvOptions o;
  o.action_repeat = 4;
  CHECK_FALSE(env_score(spec, o, 150).has_value());
  o = {};
  o.time_limit = 100;
  CHECK_FALSE(env_score(spec, o, 150).has_value());
  o = {};
  o.view = 3;
  CHECK_FALSE(env_score(spec, o, 150).has_value());
  o = {};
  o.values.emplace("other", "1");
  CHECK_FALSE(env_score(spec, o, 150).has_value());
  CHECK_FALSE(env_score(test::counting_spec(), {}, 10).has_value());
  // Giving the registered values explicitly, or another size in pixels, changes nothing.
  o = {};
  o.action_repeat = 2, o.time_limit = 200, o.view = 2.7, o.image_size = 32;
  CHECK(env_score(spec, o, 150).has_value());
}

TEST_CASE("the random policy returns what the registry says") {
  for (const EnvSpec& spec : list_envs()) {
    CAPTURE(spec.name);
    const auto env = make_env(spec.name);
    const int n = 50;
    double sum = 0, square = 0;
    for (int k = 0; k < n; ++k) {
      const double total =
          test::random_episode(*env, 100 + static_cast<std::uint64_t>(k), false).total();
      sum += total, square += total * total;
    }
    const double mean = sum / n, variance = square / n - mean * mean;
    const ReferenceReturn& reference = spec.scale->random;
    const double error =
        std::sqrt(variance / n + reference.std * reference.std / reference.episodes);
    CAPTURE(mean);
    CHECK(std::abs(mean - reference.mean) <= 3 * error);
    // A spread larger than the mean comes from a few lucky episodes and is no reliable estimate.
    if (reference.std < reference.mean)
      CHECK(std::sqrt(variance) == doctest::Approx(reference.std).epsilon(0.25));
  }
}

TEST_CASE("a state survives being written as text bit for bit") {
  Rng rng(4, Stream::test);
  const std::vector<std::string> names{"a", "b", "c"};
  for (int k = 0; k < 2000; ++k) {
    const std::vector<double> state{rng.normal() * std::pow(10, rng.uniform(-300, 300)),
                                    rng.normal(), -0.1 * rng.uniform()};
    CHECK(parse_state(state_text(state), names) == state);
  }
  CHECK(parse_state(" 1 ,+2, -3e-4", names) == std::vector<double>{1, 2, -3e-4});
}

TEST_CASE("a malformed state gets a sentence that names the entry") {
  const std::vector<std::string> names{"theta", "omega"};
  const auto text = [&](const char* words) { return sentence([&] { parse_state(words, names); }); };
  CHECK(contains(text("1"), "has 2 entries (theta, omega), this one has 1"));
  CHECK(contains(text("1,2,3"), "this one has 3"));
  CHECK(contains(text("1,two"), "omega is 'two'"));
  CHECK(contains(text(""), "theta is ''"));
  CHECK(contains(text("1,"), "omega is ''"));
  CHECK(contains(text("nan,1"), "theta is 'nan'"));
  CHECK(contains(text("1,inf"), "omega is 'inf'"));
  CHECK(contains(text("1;2"), "theta is '1;2'"));
}
