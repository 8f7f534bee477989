// futures: which futures does a model predict, and are they right?
//
// In the peg tasks a ball bounces left or right. From chosen moments of held-out episodes
// (studies/tools/lookahead.hpp) on, the model sees no more frames and imagines 64 futures under the
// recorded actions. Each picture is classified: is the ball on the left, on the right, half on both
// sides, or gone (studies/tools/two_places.hpp)?
//
//   peg_catch              the side is undecided: half of the futures should go left, half right
//   peg_memory, peg_cued   the side was visible, then hidden: all futures should be on that side
//
// Prints one row per run, as a table and as CSV, and draws a contact sheet of one moment's futures.
#include <algorithm>
#include <array>
#include <iostream>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/threads.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/files/sheet.hpp"
#include "apps/common/foresight/open_loop.hpp"
#include "apps/common/foresight/open_loop_pictures.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/programs.hpp"
#include "apps/studies/tools/lookahead.hpp"
#include "apps/studies/tools/two_places.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

constexpr int sheet_futures = 10;  // of one moment, side by side

constexpr std::array parts = {&Judgement::left, &Judgement::right,     &Judgement::blurred,
                              &Judgement::none, &Judgement::true_side, &Judgement::energy};

// The outcomes of all futures of a run, averaged over its moments.
struct Foreseen {
  std::string run;
  RunConfig config;
  std::size_t moments = 0;
  Judgement mean;
};

// The imagined pictures of one moment, [K,n,n,3] in the model's range.
std::vector<float> imagine(const WorldModel& model, const Lookaheads& data, const Moment& moment,
                           int samples) {
  OpenLoopOptions options;
  options.context = moment.seen + 1;
  options.rows = moment.shown + 1;
  options.samples = samples;
  options.episode = static_cast<std::uint32_t>(moment.episode);
  const OpenLoop futures = open_loop(model, data.episodes[moment.episode], options);
  return decode(model, futures.features_at(moment.shown));
}

double view_of(const RunConfig& config) {
  const double given = config.make_env_options().view;
  return given > 0 ? given : env_spec(config.env).view;
}

Foreseen foresee(const LoadedModel& loaded, const Lookaheads& data, int samples) {
  Foreseen f{"", loaded.config, data.moments.size(), {}};
  const double share = 1 / static_cast<double>(f.moments);
  for (const Moment& moment : data.moments) {
    if (interrupted()) break;
    const std::vector<float> pictures = imagine(*loaded.model, data, moment, samples);
    const Judgement j =
        judge(pictures, TwoPlaces(moment.left, moment.right), moment.x, view_of(loaded.config));
    for (double Judgement::*part : parts) f.mean.*part += share * j.*part;
  }
  return f;
}

// ---- output ------------------------------------------------------------------------------------

SheetRow sheet_row(const std::string& run, const LoadedModel& loaded, const Lookaheads& data,
                   const Moment& moment) {
  const Episode& episode = data.episodes[moment.episode];
  const std::vector<Image> world = true_frames(episode, moment.shown + 1);
  SheetRow row{run, {world[static_cast<std::size_t>(moment.seen)], world.back()}};
  const std::vector<float> pictures = imagine(*loaded.model, data, moment, sheet_futures);
  for (Image& image : to_images(pictures, episode.image_size, loaded.config.model.image_bits))
    row.images.push_back(std::move(image));
  return row;
}

std::string csv_text(std::span<const Foreseen> all, int samples) {
  std::string text =
      "run,env,hidden,model,seed,moments,samples,left,right,blurred,none,true_side,energy\n";
  for (const Foreseen& f : all) {
    text += cat(f.run, ",", f.config.env, ",", hidden_steps(f.config), ",",
                f.config.model.latent_model, ",", f.config.seed, ",", f.moments, ",", samples);
    for (double Judgement::*part : parts) text += cat(",", fixed(f.mean.*part, 4));
    text += "\n";
  }
  return text;
}

void print_table(std::span<const Foreseen> all) {
  std::cout << "  left  right  blurred   none  true side  energy/a  run\n";
  for (const auto& [run, config, moments, mean] : all)
    std::cout << " " << fixed(mean.left, 3) << "  " << fixed(mean.right, 3) << "    "
              << fixed(mean.blurred, 3) << "  " << fixed(mean.none, 3) << "      "
              << fixed(mean.true_side, 3) << "     " << fixed(mean.energy, 3) << "  " << run
              << "\n";
  std::cout << std::flush;
}

std::string name_of(const std::filesystem::path& run) {
  return run.has_filename() ? run.filename().string() : run.parent_path().filename().string();
}

}  // namespace

int apps::futures(int argc, const char* const* argv) {
  CommandLine cli("futures",
                  "Which futures a model predicts in the peg tasks, and how often they are right.");
  std::vector<std::string> runs;
  std::string samples_text = "64", episodes_text = "20", threads_text = "0", csv, sheet;
  cli.positionals(
      "RUN|CHECKPOINT", runs,
      "run folders (their latest checkpoints), checkpoint folders or model.safetensors files");
  cli.option("--samples", samples_text, "number of futures imagined per moment (default 64)");
  cli.option("--episodes", episodes_text,
             "number of held-out episodes of random actions (default 20)");
  cli.output("--csv", csv, "", "write one row per run to this CSV file");
  cli.output("--sheet", sheet, ".png",
             "write a contact sheet of the first moment's futures to this PNG file");
  cli.option("--threads", threads_text,
             "number of threads; 0: as many as this process may use; changes no result");
  if (!cli.parse(argc, argv)) return 0;
  int samples = 0, episodes = 0, threads = 0;
  read_option("--samples", samples_text, samples);
  read_option("--episodes", episodes_text, episodes);
  read_option("--threads", threads_text, threads);
  require(samples >= 2, "--samples is ", samples, "; an energy score needs at least 2");
  require(episodes >= 1, "--episodes is ", episodes, "; it must be at least 1");
  use_threads(threads);

  catch_interrupts();
  std::vector<Foreseen> all;
  std::vector<SheetRow> rows;
  for (const std::string& run : runs) {
    const LoadedModel loaded = load_model(run);
    const Lookaheads data = look_ahead(loaded.config, episodes);
    all.push_back(foresee(loaded, data, samples));
    if (interrupted()) return status_interrupted;
    all.back().run = name_of(run);
    if (!sheet.empty()) rows.push_back(sheet_row(name_of(run), loaded, data, data.moments.front()));
  }
  print_table(all);
  if (!csv.empty()) {
    write_text_atomically(csv, csv_text(all, samples));
    say_wrote(csv);
  }
  if (!sheet.empty()) {
    SheetOptions options;
    options.columns = {"last seen", "true"};
    for (int j = 1; j <= sheet_futures; ++j) options.columns.push_back(cat("future ", j));
    write_png(sheet, contact_sheet(rows, options));
    say_wrote(sheet);
  }
  return 0;
}

}  // namespace planet
