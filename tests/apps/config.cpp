// config.toml, presets and what wins over what.
#include <doctest/doctest.h>

#include <map>

#include "apps/common/options/config_file.hpp"
#include "apps/common/options/recipes.hpp"
#include "autograd/base/error.hpp"

using namespace planet;

namespace {

// A value for every field that differs from every preset's: a new field without one fails here.
const std::map<std::string, std::string> other{{"env", "cartpole_swingup"},
                                               {"env_option", "view=5"},
                                               {"action_repeat", "3"},
                                               {"image_size", "32"},
                                               {"preset", "paper"},
                                               {"seed", "12345678901234567890"},
                                               {"precision", "bf16"},
                                               {"seed_episodes", "7"},
                                               {"updates_per_episode", "33"},
                                               {"episodes_per_round", "3"},
                                               {"batch_size", "9"},
                                               {"batch_length", "11"},
                                               {"collect", "random"},
                                               {"initial_model", "a model"},
                                               {"action_noise", "0.125"},
                                               {"total_episodes", "77"},
                                               {"steps", "123456789"},
                                               {"time_limit", "90s"},
                                               {"model", "ssm"},
                                               {"image_bits", "3"},
                                               {"encoder", "9:4 17:4 33:4"},
                                               {"embed_size", "132"},
                                               {"decoder", "34:5 17:6 3:6"},
                                               {"deter_size", "65"},
                                               {"stoch_size", "17"},
                                               {"hidden_size", "66"},
                                               {"reward_layers", "4"},
                                               {"reward_units", "67"},
                                               {"continue_head", "true"},
                                               {"min_std", "0.2"},
                                               {"free_nats", "0.3333333333333333"},
                                               {"free_nats_after_mean", "true"},
                                               {"kl_scale", "0.7"},
                                               {"kl_balance", "0.8"},
                                               {"global_kl_scale", "0.1"},
                                               {"overshooting_distance", "6"},
                                               {"overshooting_scale", "0.6"},
                                               {"overshooting_reward_scale", "0.4"},
                                               {"reward_scale", "8"},
                                               {"continue_scale", "0.5"},
                                               {"learning_rate", "0.00123"},
                                               {"learning_rate_drops", "20:0.001 30:1e-04"},
                                               {"adam_epsilon", "1e-05"},
                                               {"grad_clip", "99"},
                                               {"average_decay", "0.99"},
                                               {"planner", "icem"},
                                               {"horizon", "13"},
                                               {"iterations", "7"},
                                               {"candidates", "321"},
                                               {"elites", "23"},
                                               {"init_std", "0.9"},
                                               {"samples_per_candidate", "16"},
                                               {"warm_start", "true"},
                                               {"start_state", "per-candidate"},
                                               {"cem_covariance", "full"},
                                               {"icem_beta", "0.25"},
                                               {"icem_decay", "1.5"},
                                               {"icem_kept", "0.4"},
                                               {"icem_momentum", "0.2"},
                                               {"icem_execute", "mean"},
                                               {"mppi_temperature", "0.3"},
                                               {"mppi_min_std", "0.07"},
                                               {"mppi_max_std", "1.5"},
                                               {"total_updates", "77"},
                                               {"env_timeout", "5s"},
                                               {"eval_every", "2m"},
                                               {"eval_episodes", "4"},
                                               {"checkpoint_every", "12"},
                                               {"threads", "3"},
                                               {"rank_timeout", "11m"},
                                               {"replay_memory", "123456789"},
                                               {"progress", "plain"},
                                               {"check_finite", "true"}};

std::string message(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

RunConfig resolve(const std::string& file,
                  const std::vector<std::pair<std::string, std::string>>& typed) {
  std::vector<Assignment> line;
  for (const auto& [key, text] : typed) {
    const Field* field = find_field(key);
    REQUIRE(field != nullptr);
    line.push_back({field, text, field->flag()});
  }
  return resolve_config(parse_config(file, "config.toml"), line);
}

}  // namespace

TEST_CASE("an option that a run did not have when it was saved is not the recipe's of today") {
  std::string text = config_text(resolve("", {{"env", "reacher_easy"}}));
  const std::size_t at = text.find("learning_rate_drops = ");
  CHECK(!config_from_text(text, "saved").learning_rate_drops.empty());
  text.erase(at, text.find('\n', at) + 1 - at);
  CHECK(config_from_text(text, "saved").learning_rate_drops.empty());
  CHECK(!resolve(text, {}).learning_rate_drops.empty());  // a --config
}

TEST_CASE("every option survives config.toml") {
  for (const std::string& planner : planner_methods()) {  // each with the options of its own
    INFO(planner);
    RunConfig config;
    for (const Field& field : run_fields()) {
      INFO(field.key);
      if (field.key == "episodes") continue;  // it needs --collect none: the next case
      const auto value = other.find(field.key);
      REQUIRE(value != other.end());
      const std::string before = field.get(config), owner = method_of_option(field.key);
      if (!owner.empty() && owner != planner) continue;
      field.set(config, field.key == "planner" ? planner : value->second);
      CHECK((field.get(config) != before || value->second == "icem"));
    }
    config.model.action_size = 1;
    const RunConfig back = config_from_text(config_text(config), "config.toml");
    for (const Field& field : run_fields()) {
      INFO(field.key);
      CHECK(field.get(back) == field.get(config));
    }
    CHECK(back == config);
    CHECK(config_text(back) == config_text(config));
  }
}

TEST_CASE("the folder of recorded episodes survives config.toml") {
  RunConfig config = task_defaults("pendulum_swingup");
  config.collect = "none", config.episodes = "my data", config.total_episodes = 0;
  config.model.action_size = 1;
  CHECK(config_from_text(config_text(config), "config.toml") == config);
  config.episodes = "";
  CHECK(message([&] { config.check(); }).find("give their folder by --episodes") !=
        std::string::npos);
}

TEST_CASE("a planner option without effect is refused") {
  const auto error = [](const std::string& file,
                        const std::vector<std::pair<std::string, std::string>>& typed) {
    return message([&] { resolve(file, typed); });
  };
  CHECK(error("", {{"planner", "icem"}, {"icem_beta", "2"}}) == "");
  // Also when it is the default: somebody who types it expects something of it.
  CHECK(error("", {{"icem_beta", "2.5"}}) ==
        "--icem-beta would have no effect: it is for --planner icem, and the planner is cem");
  CHECK(error("", {{"planner", "random"}, {"elites", "20"}}) ==
        "--elites would have no effect: --planner random does not read it");
  CHECK(error("icem_beta = 2\n", {}) ==
        "[planner] an option icem_... was changed, but the planner is cem, which reads none of "
        "them");
  CHECK(error("model = \"rnn\"\n", {{"samples_per_candidate", "2"}})
            .find("all futures of an rnn are the same") != std::string::npos);
  CHECK(error("", {{"planner", "cme"}}).find("did you mean 'cem'") != std::string::npos);
  // A planner that is typed over another's file begins with its own defaults.
  const std::string file = "planner = \"icem\"\nicem_beta = 2\ncandidates = 64\n";
  CHECK(resolve(file, {{"icem_decay", "2"}}).planner.icem.beta == 2);
  const RunConfig over = resolve(file, {{"planner", "cem"}, {"cem_covariance", "full"}});
  CHECK(over.planner.icem == IcemOptions{});
  CHECK(over.planner.candidates == 64);
  CHECK(over.planner.cem.covariance == "full");
}

TEST_CASE("the defaults of every task survive config.toml") {
  for (const EnvSpec& spec : list_envs()) {
    INFO(spec.name);
    const RunConfig config = resolve("", {{"env", spec.name}});
    CHECK(config_from_text(config_text(config), "config.toml") == config);
  }
}

TEST_CASE(
    "the command line wins over the file and the file over the preset and that over the task") {
  const RunConfig task = resolve("", {});
  CHECK(task.preset == "tiny");
  CHECK(task.model.deter_size == 64);
  const RunConfig preset = resolve("", {{"preset", "paper"}});
  CHECK(preset.model.deter_size == 200);
  CHECK(preset.planner.candidates == 1000);
  CHECK(preset.model.free_nats == 3);
  // A task's tuning that is no size of the table stays when another row is chosen.
  CHECK(preset.updates_per_episode == task.updates_per_episode);
  const std::string file = "preset = \"small\"\ndeter_size = 77\nhidden_size = 78\n";
  const RunConfig filed = resolve(file, {});
  CHECK(filed.model.deter_size == 77);
  CHECK(filed.model.stoch_size == 16);
  CHECK(filed.batch_size == 32);
  const RunConfig typed = resolve(file, {{"deter_size", "79"}});
  CHECK(typed.model.deter_size == 79);
  CHECK(typed.model.hidden_size == 78);
  const RunConfig preset_and_file = resolve("deter_size = 77\n", {{"preset", "small"}});
  CHECK(preset_and_file.model.deter_size == 77);
  CHECK(preset_and_file.model.hidden_size == 128);
  // A preset that could have no effect is refused.
  CHECK(message([&] {
          resolve(file, {{"preset", "paper"}});
        }).find("give one of them") != std::string::npos);
  CHECK(resolve(file, {{"preset", "small"}}).model.deter_size == 77);
}

TEST_CASE("a task's recipe overrides its preset and is overridden by every typed option") {
  for (const EnvSpec& spec : list_envs()) {
    INFO(spec.name);
    const RunConfig config = resolve("", {{"env", spec.name}});
    const Recipe& recipe = recipe_of(spec.name);
    CHECK(config.preset == recipe.preset);
    for (const std::string& entry : recipe.settings) {
      const std::size_t equals = entry.find('=');
      const Field* field = find_field(entry.substr(0, equals));
      REQUIRE(field != nullptr);
      RunConfig expected;
      field->set(expected, entry.substr(equals + 1));
      CHECK(field->get(config) == field->get(expected));
    }
  }
  CHECK(resolve("", {{"env", "peg_catch"}}).learning_rate == 1e-3);  // it has none
  CHECK(resolve("", {}).learning_rate == 2e-3);
  CHECK(resolve("", {{"preset", "small"}}).learning_rate == 2e-3);
  CHECK(resolve("learning_rate = 3e-3\n", {}).learning_rate == 3e-3);
  CHECK(resolve("learning_rate = 3e-3\n", {{"learning_rate", "4e-3"}}).learning_rate == 4e-3);
}

TEST_CASE("the oracle of a task was measured with this budget") {
  struct Row {
    const char* task;
    int J, I, K, futures = 1;
  };
  for (const Row& row : {Row{"pendulum_swingup", 1000, 10, 100},
                         Row{"point_mass_easy", 1000, 10, 100},
                         Row{"cartpole_swingup", 1000, 10, 100},
                         Row{"reacher_easy", 500, 7, 50},
                         Row{"reacher_shaped", 300, 5, 30},
                         Row{"pendulum_dmc_sparse", 1000, 10, 100},
                         Row{"pendulum_dmc_shaped", 1000, 10, 100},
                         Row{"point_mass_dmc", 300, 5, 30},
                         Row{"cup_catch", 1000, 4, 20},
                         Row{"cup_catch_r6", 300, 5, 30},
                         Row{"cup_catch_shaped", 100, 3, 10},
                         Row{"finger_spin", 1000, 10, 100},
                         Row{"finger_spin_shaped", 100, 3, 10},
                         Row{"cheetah_run", 1000, 10, 100},
                         Row{"walker_stand", 100, 3, 10},
                         Row{"walker_walk", 100, 3, 10},
                         Row{"walker_walk_r4", 100, 3, 10},
                         Row{"walker_run", 100, 3, 10},
                         Row{"peg_catch", 300, 6, 30, 16},
                         Row{"peg_memory", 300, 6, 30, 16},
                         Row{"peg_cued", 300, 6, 30, 16},
                         Row{"peg_dodge", 300, 6, 30, 16},
                         Row{"duel", 300, 6, 30, 16}}) {
    CAPTURE(row.task);
    const Recipe& recipe = recipe_of(row.task);
    CHECK(recipe.oracle.method == "cem");
    CHECK(recipe.oracle.horizon == 12);
    CHECK(recipe.oracle.candidates == row.J);
    CHECK(recipe.oracle.iterations == row.I);
    CHECK(recipe.oracle.elites == row.K);
    CHECK(recipe.oracle_futures == row.futures);
  }
}

TEST_CASE("convolutions and free nats follow the image size") {
  const RunConfig at16 = resolve("", {{"image_size", "16"}});
  CHECK(at16.model.encoder.size() == 2);
  CHECK(at16.model.embed_size == 64);
  CHECK(at16.model.free_nats == 0.2);
  CHECK(at16.updates_per_episode == resolve("", {}).updates_per_episode);
  CHECK(resolve("", {{"image_size", "16"}, {"free_nats", "1"}}).model.free_nats == 1);
}

TEST_CASE("defaults that follow from the latent model are overridden by typed options and a file") {
  CHECK(resolve("", {}).model.latent_model == "rssm");
  const RunConfig rnn = resolve("", {{"model", "rnn"}});
  CHECK(rnn.model.kl_balance == 1);
  CHECK(rnn.model.free_nats == 0);
  const RunConfig typed =
      resolve("", {{"kl_balance", "0.5"}, {"model", "rnn"}, {"preset", "small"}});
  CHECK(typed.model.kl_balance == 0.5);
  CHECK(typed.model.free_nats == 0);
  CHECK(typed.model.deter_size == 128);
  CHECK(resolve("", {{"model", "ssm"}}).model.free_nats == 0.75);
  CHECK(message([&] {
          resolve("model = \"rssm\"\n", {{"model", "rnn"}});
        }).find("a config file is stronger than a model; give one of them") != std::string::npos);
  CHECK(resolve("model = \"rnn\"\nfree_nats = 0.1\n", {}).model.free_nats == 0.1);
}

TEST_CASE("a wrong line of a config file is named with the nearest right word") {
  const auto error = [](const std::string& text) {
    return message([&] { parse_config(text, "my.toml"); });
  };
  CHECK(error("seed = 1\nbatch_lenght = 5\n")
            .find("my.toml, line 2: there is no option "
                  "'batch_lenght' (did you mean 'batch_length'?)") != std::string::npos);
  CHECK(error("[planner]\n").find("sections are not used") != std::string::npos);
  CHECK(error("seed 1\n").find("comes '='") != std::string::npos);
  CHECK(error("seed = \n").find("value is missing") != std::string::npos);
  CHECK(error("seed = 1\nseed = 2\n").find("was set before") != std::string::npos);
  CHECK(error("seed = 1 2\n").find("something follows") != std::string::npos);
  CHECK(error("env = \"pendulum\n").find("closing quote") != std::string::npos);
  CHECK(error("seed = [1]\n").find("not a list") != std::string::npos);
  CHECK(error("env_option = [\"a=1\", \"b=2\"\n").find("closing bracket") != std::string::npos);
  CHECK(message([&] {
          resolve("batch_size = many\n", {});
        }).find("config.toml, line 1: batch_size is 'many'; it is a whole number") !=
        std::string::npos);
}

TEST_CASE("comments and spaces in a config file are free") {
  const RunConfig c =
      resolve("# a comment\n\n  seed=5 # five\nenv_option = [ \"view=3\" ] # wide\n", {});
  CHECK(c.seed == 5);
  CHECK(c.env_options.at("view") == "3");
}

TEST_CASE("a config file is read as Windows and other TOML writers leave it") {
  const RunConfig c = resolve(
      "\xef\xbb\xbf\"seed\" = 7\r\nenv = 'cartpole_swingup'\r\nenv_option = [\r\n"
      "    \"view=3\",\r\n]\r\n",
      {});
  CHECK(c.seed == 7);
  CHECK(c.env == "cartpole_swingup");
  CHECK(c.env_options.at("view") == "3");
}

TEST_CASE("values out of range are refused by name") {
  const auto error = [](const std::string& key, const std::string& value) {
    return message([&] { resolve("", {{key, value}}); });
  };
  CHECK(error("env", "pendulum_swingpu").find("did you mean 'pendulum_swingup'") !=
        std::string::npos);
  CHECK(error("preset", "tinny").find("tiny") != std::string::npos);
  CHECK(error("progress", "plian").find("did you mean 'plain'") != std::string::npos);
  CHECK(error("env_option", "veiw=3").find("view") != std::string::npos);
  CHECK(error("batch_size", "0").find("batch_size is 0") != std::string::npos);
  CHECK(error("batch_length", "200").find("an episode of pendulum_swingup has only 101 rows") !=
        std::string::npos);
  CHECK(error("elites", "300").find("elites") != std::string::npos);
  CHECK(error("grad_clip", "0").find("grad_clip") != std::string::npos);
  CHECK(error("adam_epsilon", "0").find("adam_epsilon") != std::string::npos);
  CHECK(error("image_size", "48").find("48") != std::string::npos);
  CHECK(error("model", "rsm").find("there is no model 'rsm' (did you mean 'rssm'?)") !=
        std::string::npos);
  CHECK(error("kl_balance", "1.5").find("kl_balance is 1.5") != std::string::npos);
  CHECK(error("overshooting_distance", "26").find("batch_length is 25") != std::string::npos);
  CHECK(error("overshooting_distance", "0").find("at least 1") != std::string::npos);
  CHECK(error("overshooting_scale", "0.5").find("would have no effect") != std::string::npos);
  CHECK(error("overshooting_reward_scale", "1").find("overshooting_reward_scale is 1") !=
        std::string::npos);
  CHECK(error("continue_scale", "2").find("would have no effect") != std::string::npos);
  CHECK(error("continue_head", "maybe").find("--continue-head is 'maybe'; it is") !=
        std::string::npos);
  CHECK(error("total_episodes", "3").find("includes the seed episodes") != std::string::npos);
  CHECK(error("collect", "randm").find("did you mean 'random'") != std::string::npos);
  CHECK(message([] {
          resolve("collect = \"random\"\naction_noise = 0.3\n", {{"action_noise", "0.1"}});
        }).find("none gets noise; leave it out") != std::string::npos);
  CHECK(resolve("collect = \"random\"\naction_noise = 0.3\n", {}).collect == "random");
  CHECK(message([] {
          resolve("", {{"action_repeat", "4"}, {"env_option", "action_repeat=2"}});
        }).find("give one of them") != std::string::npos);
}
