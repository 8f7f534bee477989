// eval: measures a trained agent: episodes without exploration noise, their returns, the score.
//
// Without options it repeats the run's final evaluation bit for bit: same environment seeds (1000,
// 1001, ...), same random streams (common/run/acting.hpp). With --oracle the planner in the true
// simulator plays the same seeds, which is the upper end of the score: eval/oracle.hpp.
#include <algorithm>
#include <iostream>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/run_options.hpp"
#include "apps/common/report/pictures.hpp"
#include "apps/common/report/video.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/eval/oracle.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"

namespace planet {
namespace {

struct Options {
  std::string path, episodes, seed, precision, threads = "0", csv, sheet, video, export_folder;
  bool json = false;
  OracleFlags oracle;
  std::vector<Assignment> planner;  // over the checkpoint's, or over the task's registered budget
};

/// The evaluated policy: the agent of a checkpoint, or the oracle.
struct Subject {
  std::string env;
  std::optional<std::string> checkpoint;
  const Oracle* oracle = nullptr;
};

// The name of the evaluated model: the checkpoint's folder, or the file.
std::string checkpoint_name(const LoadedModel& loaded) {
  const bool in_checkpoint = std::filesystem::exists(loaded.file.parent_path() / "done");
  return (in_checkpoint ? loaded.file.parent_path() : loaded.file).string();
}

Json to_json(const ReferenceReturn& r) {
  return Json::object().set("mean", r.mean).set("std", r.std).set("episodes", r.episodes);
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
  if (const Oracle* oracle = subject.oracle) {
    json.set("policy", oracle->policy)
        .set("future", future_word(oracle->future.future))
        .set("samples_per_candidate", oracle->future.courses())
        .set("state_error", oracle->state_error);
    if (const std::optional<Agreement> c = compare_with_registered(*oracle, e))
      json.set("registered", to_json(c->registered)).set("agrees", c->agrees());
  }
  std::cout << json.dump(2) << std::endl;
}

std::string oracle_lines(const Oracle& oracle, const Evaluation& e) {
  std::string text = cat("policy      ", oracle.policy);
  if (oracle.policy == "oracle")
    text += cat(", in the true simulator: ", planner_text(oracle.planner), ", future ",
                future_text(oracle.future), oracle.state_text());
  text += "\n";
  if (const std::optional<Agreement> c = compare_with_registered(oracle, e))
    text += cat("registered  ", c->registered.mean, " +- ", c->registered.std, " over ",
                c->registered.episodes, " episodes: ", c->agrees() ? "agrees" : "differs", " (",
                fixed(c->apart, 2), " apart, ", fixed(c->allowed, 2), " may be)\n");
  return text;
}

void print_table(const Subject& subject, const Evaluation& e) {
  std::cout << "env         " << subject.env << "\n";
  if (subject.checkpoint) std::cout << "checkpoint  " << *subject.checkpoint << "\n";
  if (subject.oracle != nullptr) std::cout << oracle_lines(*subject.oracle, e);
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

// The metadata of an exported model.
Metadata about(const Evaluation& e) {
  Metadata out{{"return_mean", number_text(e.mean)},
               {"return_std", number_text(e.std)},
               {"evaluation_episodes", std::to_string(e.returns.size())}};
  if (e.score) out["score"] = number_text(*e.score);
  return out;
}

// Every episode, with the worst and the best marked.
std::vector<VideoClip> clips_of(const LoadedModel& loaded, const Evaluation& e) {
  const auto [worst, best] = std::ranges::minmax(e.returns);
  std::vector<VideoClip> clips;
  for (std::size_t i = 0; i < e.episodes.size(); ++i) {
    const double x = e.returns[i];
    const char* const mark = worst == best ? ""
                             : x == best   ? ", best"
                             : x == worst  ? ", worst"
                                           : "";
    clips.push_back({cat("seed ", e.seeds[i], mark), &e.episodes[i],
                     reconstruct(*loaded.model, e.episodes[i], loaded.config.seed),
                     seconds_per_row(loaded.config)});
  }
  return clips;
}

int eval_agent(const Options& o, std::uint64_t first_seed) {
  const std::string only_oracle = o.oracle.given();
  require(only_oracle.empty(), only_oracle,
          " is for --oracle; an agent has a task of its own and learned the rest");
  require(!o.path.empty(), "RUN|CHECKPOINT is missing: what is to be evaluated? Or --oracle");
  require(o.export_folder.empty() || o.planner.empty(),
          "--export hands on what was trained, its planner too; leave ",
          o.planner.empty() ? "" : o.planner.front().where, " out");
  require(o.export_folder.empty() || o.precision.empty(),
          "--export hands on what was trained, its precision too; leave --precision out");
  LoadedModel loaded = load_model(o.path, o.precision);
  apply_options(loaded.config, o.planner);
  loaded.config.check();
  const std::string name = checkpoint_name(loaded);
  require(!o.json || valid_utf8_prefix(name) == name.size(), "--json cannot name ", name,
          ", which is not UTF-8; rename it, or leave --json out");
  if (!o.export_folder.empty()) make_folder(o.export_folder);
  catch_interrupts();
  const std::optional<Evaluation> e = evaluate(
      *loaded.model, loaded.config, read_episodes(o, loaded.config.eval_episodes), first_seed);
  if (!e) return status_interrupted;
  print(o, {loaded.config.env, name}, *e);
  if (!o.csv.empty()) {
    write_returns(o.csv, *e);
    say_wrote(o.csv);
  }
  if (!o.sheet.empty()) {
    write_png(o.sheet, reconstruction_sheet(*loaded.model, e->episodes, loaded.config.seed,
                                            loaded.config.env));
    say_wrote(o.sheet);
  }
  if (!o.video.empty()) {
    if (!write_video(o.video, clips_of(loaded, *e))) return status_interrupted;
    say_wrote(o.video);
  }
  if (!o.export_folder.empty()) {
    export_model(loaded, o.export_folder, about(*e));
    say_wrote(std::filesystem::path(o.export_folder) / "model.safetensors");
  }
  return 0;
}

// The same seeds for a policy that does not learn. Status 1 if --check finds a difference.
int eval_oracle(const Options& o, std::uint64_t first_seed) {
  require(o.path.empty(), "--oracle plans in the true simulator; it takes no RUN|CHECKPOINT");
  require(o.export_folder.empty(), "--export writes a model; the oracle has no model");
  require(o.precision.empty(), "--precision is a model's; the oracle has no model");
  require(o.video.empty(), "--video shows what a model believes; the oracle has no model, and ",
          command("play", {"--policy", "oracle", "--video", o.video}), " shows an episode of it");
  require(o.sheet.empty(), "--sheet shows a model's reconstructions; the oracle has no model");
  const Oracle oracle = read_oracle(o.oracle, o.planner);
  const Evaluation e =
      evaluate_oracle(oracle, read_episodes(o, RunConfig{}.eval_episodes), first_seed, o.csv);
  if (!o.csv.empty()) say_wrote(o.csv);
  if (o.oracle.row) std::cout << markdown_row(oracle, e);
  else print(o, {oracle.spec->name, std::nullopt, &oracle}, e);
  return o.oracle.check && !compare_with_registered(oracle, e)->agrees() ? 1 : 0;
}

}  // namespace

int apps::eval(int argc, const char* const* argv) {
  CommandLine cli("eval",
                  "Episodes of a trained agent without exploration noise, or of the oracle.");
  Options o;
  cli.positional("RUN|CHECKPOINT", o.path,
                 "a run folder (its latest checkpoint), a checkpoint folder or a model.safetensors",
                 false);
  cli.option("--episodes", o.episodes,
             "number of episodes (default: as in the run's own evaluations)");
  cli.option("--seed", o.seed,
             "environment seed of the first episode; the others count up from it (default 1000)");
  cli.flag("--json", o.json, "print one JSON object, and nothing else, on standard output");
  cli.output(
      "--csv", o.csv, "",
      "write seed,return, one row per episode; --oracle plays only episodes not yet in this file");
  cli.output("--sheet", o.sheet, ".png",
             "write a contact sheet to this PNG file: true frames above reconstructions");
  cli.output(
      "--video", o.video, "",
      "write all episodes side by side as a video to this file, true and believed: .png or .apng; "
      ".gif or .mp4 where ffmpeg is installed");
  cli.option(
      "--export", o.export_folder,
      "write the model without its optimiser to this folder, with its score in the metadata");
  cli.option("--precision", o.precision, precision_help);
  cli.option("--threads", o.threads,
             "number of threads; 0: as many as this process may use; changes no result");
  o.oracle.add(cli);
  RunOptions planner;
  planner.add(cli, "Planner");
  cli.footer(
      "Planner options replace the checkpoint's own, or with --oracle those of the task's "
      "registered budget.");
  if (!cli.parse(argc, argv)) return 0;
  o.planner = planner.typed();
  int threads = 0;
  std::uint64_t first_seed = first_evaluation_seed;
  read_option("--threads", o.threads, threads);
  if (!o.seed.empty()) read_option("--seed", o.seed, first_seed);
  if (!o.video.empty()) VideoFile::check("--video", o.video);
  use_threads(threads);
  return o.oracle.oracle ? eval_oracle(o, first_seed) : eval_agent(o, first_seed);
}

}  // namespace planet
