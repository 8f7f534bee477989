// eval: how good is what was trained? Episodes without exploration noise, their returns, the score.
//
// Without options it repeats the run's final evaluation bit for bit: same environment seeds (1000,
// 1001, ...), same random streams, same batch of episodes. What is measured: common/acting.hpp.
#include <iostream>

#include "apps/common/acting.hpp"
#include "apps/common/checkpoint.hpp"
#include "apps/common/command_line.hpp"
#include "apps/common/interrupt.hpp"
#include "apps/common/pictures.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "envs/png.hpp"
#include "nn/json.hpp"

namespace planet {
namespace {

// What is evaluated, by the name a reader would look for: the checkpoint's folder, or the file.
std::string checkpoint_name(const LoadedModel& loaded) {
  const bool in_checkpoint = std::filesystem::exists(loaded.file.parent_path() / "done");
  return (in_checkpoint ? loaded.file.parent_path() : loaded.file).string();
}

void print_json(const LoadedModel& loaded, const Evaluation& e) {
  Json json = Json::object();
  json.set("env", loaded.config.env)
      .set("checkpoint", checkpoint_name(loaded))
      .set("episodes", e.returns.size())
      .set("seeds", Json::array_of(e.seeds))
      .set("returns", Json::array_of(e.returns))
      .set("return_mean", e.mean)
      .set("return_std", e.std)
      .set("score", e.score ? Json(*e.score) : Json());
  std::cout << json.dump(2) << std::endl;
}

void print_table(const LoadedModel& loaded, const Evaluation& e) {
  std::cout << "env         " << loaded.config.env << "\ncheckpoint  " << checkpoint_name(loaded)
            << "\nepisodes    " << e.returns.size() << ", no exploration noise, "
            << fixed(e.seconds, 1) << " s\n";
  for (std::size_t i = 0; i < e.returns.size(); ++i)
    std::cout << "  seed " << e.seeds[i] << "  return " << fixed(e.returns[i], 2) << "\n";
  std::cout << "return      " << fixed(e.mean, 2) << " +- " << fixed(e.std, 2) << "\n";
  const EnvSpec& spec = env_spec(loaded.config.env);
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

int eval(int argc, const char* const* argv) {
  CommandLine cli("eval", "Episodes of a trained agent without exploration noise.");
  std::string path, episodes_text, threads_text = "0", sheet;
  bool json = false;
  cli.positional("RUN|CHECKPOINT", path,
                 "a run folder (its latest), a checkpoint folder or a model.safetensors");
  cli.option("--episodes", episodes_text, "how many (default: as in the run's own evaluations)");
  cli.flag("--json", json, "one JSON object alone on stdout");
  cli.option("--sheet", sheet, "write a contact sheet: true frames over reconstructions (PNG)");
  cli.option("--threads", threads_text, "0: what the container gives; changes no result");
  if (!cli.parse(argc, argv)) return 0;
  int threads = 0;
  read_option("--threads", threads_text, threads);
  set_threads(useful_threads(threads));

  const LoadedModel loaded = load_model(path);
  int episodes = loaded.config.eval_episodes;
  if (!episodes_text.empty()) read_option("--episodes", episodes_text, episodes);
  require(episodes >= 1, "--episodes is ", episodes, "; it must be at least 1");

  catch_interrupts();
  const std::optional<Evaluation> e = evaluate(*loaded.model, loaded.config, episodes);
  if (!e) return status_interrupted;
  if (json) print_json(loaded, *e);
  else print_table(loaded, *e);
  if (!sheet.empty()) {
    write_png(sheet, reconstruction_sheet(*loaded.model, e->episodes, loaded.config.seed,
                                          loaded.config.env));
    std::cerr << "wrote " << sheet << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace planet

int main(int argc, char** argv) {
  return planet::run_main("eval", [&] { return planet::eval(argc, argv); });
}
