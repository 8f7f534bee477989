// eval: how good is what was trained? Episodes without exploration noise, their returns, the score.
//
// Without options it repeats the run's final evaluation bit for bit: same environment seeds (1000,
// 1001, ...), same random streams, same batch of episodes. What is measured: common/run/acting.hpp.
// --oracle plays the same seeds with the planner in the true simulator, the upper end of the score.
#include <iostream>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/report/pictures.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "envs/numbers.hpp"
#include "nn/files/json.hpp"

namespace planet {
namespace {

struct Options {
  std::string path, episodes, threads = "0", sheet, export_folder;
  bool json = false;
  // Of --oracle, which needs no checkpoint.
  bool oracle = false;
  std::string env, future;
  std::vector<std::string> env_options;
  std::vector<Assignment> planner;  // over the checkpoint's, or over the task's registered budget
};

/// Who was evaluated in which task.
struct Subject {
  std::string env;
  std::optional<std::string> checkpoint;  // of an agent
  std::optional<FutureConfig> future;     // of the oracle
};

// What is evaluated, by the name a reader would look for: the checkpoint's folder, or the file.
std::string checkpoint_name(const LoadedModel& loaded) {
  const bool in_checkpoint = std::filesystem::exists(loaded.file.parent_path() / "done");
  return (in_checkpoint ? loaded.file.parent_path() : loaded.file).string();
}

void print_json(const Subject& subject, const Evaluation& e) {
  Json json = Json::object();
  json.set("env", subject.env)
      .set("checkpoint", subject.checkpoint ? Json(*subject.checkpoint) : Json())
      .set("episodes", e.returns.size())
      .set("seeds", Json::array_of(e.seeds))
      .set("returns", Json::array_of(e.returns))
      .set("return_mean", e.mean)
      .set("return_std", e.std)
      .set("score", e.score ? Json(*e.score) : Json());
  if (subject.future)
    json.set("future", future_word(subject.future->future))
        .set("samples_per_candidate", subject.future->courses());
  std::cout << json.dump(2) << std::endl;
}

void print_table(const Subject& subject, const Evaluation& e) {
  std::cout << "env         " << subject.env << "\n";
  if (subject.checkpoint) std::cout << "checkpoint  " << *subject.checkpoint << "\n";
  if (subject.future)
    std::cout << "oracle      plans in the true simulator, future " << future_text(*subject.future)
              << "\n";
  std::cout << "episodes    " << e.returns.size() << ", no exploration noise, "
            << fixed(e.seconds, 1) << " s\n";
  for (std::size_t i = 0; i < e.returns.size(); ++i)
    std::cout << "  seed " << e.seeds[i] << "  return " << fixed(e.returns[i], 2) << "\n";
  std::cout << "return      " << fixed(e.mean, 2) << " +- " << fixed(e.std, 2) << "\n";
  const EnvSpec& spec = env_spec(subject.env);
  if (e.score) {
    std::cout << "score       " << fixed(*e.score, 3) << "  (0: random actions, "
              << spec.scale->random.mean << "; 1: the planner in the true simulator, "
              << spec.scale->oracle.mean << ")\n";
  } else if (spec.scale) {
    std::cout << "score       none: its scale holds for the task's own settings only\n";
  } else {
    std::cout << "score       none: the task has no scale\n";
  }
  std::cout << std::flush;
}

void print(const Options& o, const Subject& subject, const Evaluation& e) {
  if (o.json) print_json(subject, e);
  else print_table(subject, e);
}

int read_episodes(const Options& o, int otherwise) {
  int episodes = otherwise;
  if (!o.episodes.empty()) read_option("--episodes", o.episodes, episodes);
  require(episodes >= 1, "--episodes is ", episodes, "; it must be at least 1");
  return episodes;
}

// What a model that is handed on says of itself.
Metadata about(const Evaluation& e) {
  Metadata out{{"return_mean", number_text(e.mean)},
               {"return_std", number_text(e.std)},
               {"evaluation_episodes", std::to_string(e.returns.size())}};
  if (e.score) out["score"] = number_text(*e.score);
  return out;
}

int eval_agent(const Options& o) {
  for (const auto& [flag, given] :
       {std::pair{"--env", !o.env.empty()}, std::pair{"--env-option", !o.env_options.empty()},
        std::pair{"--future", !o.future.empty()}})
    require(!given, flag, " is for --oracle; an agent has a task of its own and learned the rest");
  require(!o.path.empty(), "RUN|CHECKPOINT is missing: what is to be evaluated? Or --oracle");
  require(o.export_folder.empty() || o.planner.empty(),
          "--export hands on what was trained, its planner too; leave ",
          o.planner.empty() ? "" : o.planner.front().where, " out");
  LoadedModel loaded = load_model(o.path);
  put_over(loaded.config, o.planner);
  loaded.config.check();
  catch_interrupts();
  const std::optional<Evaluation> e =
      evaluate(*loaded.model, loaded.config, read_episodes(o, loaded.config.eval_episodes));
  if (!e) return status_interrupted;
  print(o, {loaded.config.env, checkpoint_name(loaded), std::nullopt}, *e);
  if (!o.sheet.empty()) {
    write_png(o.sheet, reconstruction_sheet(*loaded.model, e->episodes, loaded.config.seed,
                                            loaded.config.env));
    std::cerr << "wrote " << o.sheet << "\n";
  }
  if (!o.export_folder.empty()) {
    export_model(loaded, o.export_folder, about(*e));
    std::cerr << "wrote " << o.export_folder << "/model.safetensors\n";
  }
  return 0;
}

// The same seeds for the planner that has nothing to learn, with the task's registered budget.
int eval_oracle(const Options& o) {
  require(o.path.empty(), "--oracle plans in the true simulator; it takes no RUN|CHECKPOINT");
  require(o.export_folder.empty(), "--export writes a model; the oracle has no model");
  require(o.sheet.empty(), "--sheet shows a model's reconstructions; the oracle has no model");
  const EnvSpec& spec = env_spec(o.env.empty() ? "pendulum_swingup" : o.env);
  EnvOptions options;
  for (const std::string& text : o.env_options) set_env_option(spec, options, text);
  std::vector<Assignment> typed = o.planner;
  const FutureConfig future =
      read_future(spec, o.future, take_assignment(typed, "samples_per_candidate"));
  const PlannerConfig planner = oracle_planner(spec, typed);
  Evaluation e;
  const int episodes = read_episodes(o, RunConfig{}.eval_episodes);
  for (int k = 0; k < episodes; ++k) e.seeds.push_back(first_evaluation_seed + e.seeds.size());
  const double start = process_seconds();
  Console console(progress_from("auto"));
  e.returns = oracle_returns(
      *make_env(spec.name, options), planner, e.seeds,
      [&](int done, int all) {
        console.bar(static_cast<double>(done) / all, cat("decision ", done, " of ", all));
      },
      future);
  console.clear_bar();
  e.seconds = process_seconds() - start;
  e.summarise(spec, options);
  print(o, {spec.name, std::nullopt, future}, e);
  return 0;
}

}  // namespace

int apps::eval(int argc, const char* const* argv) {
  CommandLine cli("eval",
                  "Episodes of a trained agent without exploration noise, or of the oracle.");
  Options o;
  cli.positional("RUN|CHECKPOINT", o.path,
                 "a run folder (its latest), a checkpoint folder or a model.safetensors", false);
  cli.option("--episodes", o.episodes, "how many (default: as in the run's own evaluations)");
  cli.flag("--json", o.json, "one JSON object alone on stdout");
  cli.option("--sheet", o.sheet, "write a contact sheet: true frames over reconstructions (PNG)");
  cli.option("--export", o.export_folder,
             "write the model alone to this folder, with its score, to be handed on");
  cli.option("--threads", o.threads, "0: what the container gives; changes no result");
  cli.flag("--oracle", o.oracle, "no agent: the planner in the true simulator", "Oracle");
  cli.option("--env,--task", o.env, "the task (default pendulum_swingup)", "Oracle");
  cli.list("--env-option", o.env_options, "NAME=VALUE, a setting of the task's own", "Oracle");
  cli.option("--future", o.future, "average, one, shared, true or forgetful (default: the task's)",
             "Oracle");
  cli.run_options("Planner");
  cli.footer(
      "Planner options stand over the checkpoint's own, or with --oracle over the task's "
      "registered "
      "budget.");
  if (!cli.parse(argc, argv)) return 0;
  o.planner = cli.assignments();
  int threads = 0;
  read_option("--threads", o.threads, threads);
  set_threads(useful_threads(threads));
  return o.oracle ? eval_oracle(o) : eval_agent(o);
}

}  // namespace planet
