// dream: what a model imagines with its eyes closed, beside what happened.
//
// The model sees k rows of a recorded episode and is then given only the actions
// (common/foresight/open_loop.hpp). Pictures show the first episode; errors are per row, over all.
#include <iostream>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/files/sheet.hpp"
#include "apps/common/foresight/error_curves.hpp"
#include "apps/common/foresight/open_loop.hpp"
#include "apps/common/foresight/open_loop_error.hpp"
#include "apps/common/foresight/open_loop_flags.hpp"
#include "apps/common/foresight/open_loop_pictures.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/report/video.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

constexpr int usual_episodes = 5;

struct Options {
  std::string path, out, video, precision;
  OpenLoopFlags flags;
};

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("dream",
                  "What a model imagines after its first frames, given only the actions, beside "
                  "what happened.");
  cli.positional(
      "RUN|CHECKPOINT", o.path,
      "a run folder (its latest checkpoint), a checkpoint folder or a model.safetensors");
  o.flags.add_to(cli, std::to_string(usual_episodes));
  cli.option("--precision", o.precision, precision_help);
  cli.option("--out", o.out, "output folder (default RUN/dreams/UPDATES)", "Output");
  cli.output(
      "--video", o.video, "",
      "write the dream in motion, with reward and action, to this file too: .png or .apng; .gif or "
      ".mp4 where ffmpeg is installed",
      "Output");
  cli.footer(
      "Writes dream.png and dream.apng (the first episode: true, imagined, difference), with K > 1 "
      "futures.png and futures.apng, and over all episodes error.csv and error.svg. A green border "
      "marks frames that the model has seen, a red one those it imagined.");
  if (!cli.parse(argc, argv)) return false;
  if (!o.video.empty()) VideoFile::check("--video", o.video);
  o.flags.read();
  return true;
}

// ---- pictures ----------------------------------------------------------------------------------

// The animation over the bars of reward and action.
void write_dream_video(const std::string& file, const std::vector<Image>& animation,
                       const Episode& episode, double seconds) {
  VideoFile video(file, seconds);
  for (std::size_t t = 0; t < animation.size(); ++t) {
    const Image& picture = animation[t];
    const Image bars = episode_bars(episode, static_cast<std::ptrdiff_t>(t), picture.width, 4);
    Image frame(picture.width, picture.height + bars.height);
    paste(picture, frame, 0, 0);
    paste(bars, frame, 0, picture.height);
    video.add(frame);
  }
  video.commit();
}

void write_pictures(const LoadedModel& loaded, const OpenLoop& loop, const Episode& episode,
                    const fs::path& out, std::ptrdiff_t columns, const std::string& video) {
  const std::string title = cat(loaded.config.env, ", ", model_label(loaded.config), ", ",
                                counted(loaded.updates, "update"));
  const std::string sheet_title =
      cat(title, ": ", loop.context, " rows seen, ", loop.T - loop.context, " imagined");
  const double seconds = seconds_per_row(loaded.config);
  const Strip truth{"true", true_frames(episode, loop.T), false};
  std::vector<Strip> futures{truth};
  for (std::ptrdiff_t j = 0; j < loop.K; ++j)
    futures.push_back({cat("future ", j + 1), imagined_frames(*loaded.model, loop, j), true});
  const std::vector<Strip> dream{
      truth,
      {"imagined", futures[1].frames, true},
      {"difference", differences(futures[1].frames, truth.frames), true}};
  write_png(out / "dream.png", open_loop_sheet(dream, loop.context, sheet_title, columns));
  const std::vector<Image> animation = open_loop_animation(dream, loop.context, title);
  write_apng(out / "dream.apng", animation, seconds);
  if (!video.empty()) write_dream_video(video, animation, episode, seconds);
  if (loop.K == 1) return;
  write_png(out / "futures.png", open_loop_sheet(futures, loop.context, sheet_title, columns));
  write_apng(out / "futures.apng", open_loop_animation(futures, loop.context, title), seconds);
}

// ---- errors ------------------------------------------------------------------------------------

// The curves and their labels in the plot.
struct Curves {
  std::vector<ErrorCurve> image, reward;
  std::vector<std::string> image_labels, reward_labels;
};

Curves make_curves(const std::string& model, const std::vector<OpenLoopError>& errors,
                   std::ptrdiff_t K, std::ptrdiff_t context) {
  const auto of = [&](std::vector<double> OpenLoopError::*measure) {
    std::vector<std::vector<double>> rows;
    for (const OpenLoopError& e : errors) rows.push_back(e.*measure);
    return rows;
  };
  Curves out;
  out.image.push_back(error_curve(model, "image", of(&OpenLoopError::image), context));
  out.image_labels.push_back(K == 1 ? "imagined" : cat("mean of ", K, " futures"));
  if (K > 1) {
    out.image.push_back(error_curve(model, "image_best", of(&OpenLoopError::image_best), context));
    out.image_labels.push_back(cat("best of ", K, " futures"));
  }
  out.image.push_back(error_curve("still", "image", of(&OpenLoopError::still), context));
  out.image_labels.push_back("last seen stays");
  out.reward.push_back(error_curve(model, "reward", of(&OpenLoopError::reward), context));
  out.reward_labels.push_back(out.image_labels.front());
  return out;
}

void write_errors(const Curves& curves, const std::string& title, const fs::path& out) {
  std::vector<ErrorCurve> all = curves.image;
  all.insert(all.end(), curves.reward.begin(), curves.reward.end());
  write_text_atomically(out / "error.csv", error_csv(all));
  PlotOptions options;
  options.x_label = "row of the episode";
  options.title = title;
  options.y_label = "image error, nats";
  const SvgPlot image = error_plot(curves.image, curves.image_labels, options);
  options.title = "the rewards of the same futures";
  options.y_label = "reward error, half its square";
  const SvgPlot reward = error_plot(curves.reward, curves.reward_labels, options);
  write_text_atomically(out / "error.svg", svg_grid({image, reward}, 1));
}

std::string cell(const std::string& text) {
  return std::string(text.size() < 18 ? 18 - text.size() : 1, ' ') + text;
}

void print_line(const std::string& name, const ErrorCurve& curve,
                const std::vector<std::ptrdiff_t>& rows, int digits) {
  std::cout << "  " << name << std::string(name.size() < 18 ? 18 - name.size() : 0, ' ');
  for (const std::ptrdiff_t t : rows) {
    const Interval& at = curve.rows[static_cast<std::size_t>(t)];
    const std::string half = at.half ? cat(" +- ", fixed(*at.half, digits)) : "";
    std::cout << cell(cat(fixed(at.mean, digits), half));
  }
  std::cout << "\n";
}

// The errors after 1, 5, 10, ... imagined rows.
void print_errors(const Curves& curves, std::ptrdiff_t context, std::ptrdiff_t T) {
  std::vector<std::ptrdiff_t> rows;
  std::cout << "  imagined rows     ";
  for (const std::ptrdiff_t horizon : {1, 5, 10, 20, 45})
    if (context + horizon <= T) {
      rows.push_back(context + horizon - 1);
      std::cout << cell(std::to_string(horizon));
    }
  std::cout << "\n";
  for (std::size_t i = 0; i < curves.image.size(); ++i)
    print_line(curves.image_labels[i], curves.image[i], rows, 2);
  std::cout << "reward error, half its square\n";
  print_line(curves.reward_labels.front(), curves.reward.front(), rows, 4);
}

// ---- the program -------------------------------------------------------------------------------

void print_result(const LoadedModel& loaded, const HeldOutEpisodes& held,
                  const OpenLoopFlags& flags, std::ptrdiff_t T, const Curves& curves,
                  const fs::path& out) {
  std::cout << "model       " << model_label(loaded.config) << ", " << loaded.config.env << ", "
            << counted(loaded.updates, "update") << "\nepisodes    " << held.description
            << "\nopen loop   " << flags.context << " rows seen, " << T - flags.context
            << " imagined, " << counted(flags.samples, "sample") << ", seed " << flags.seed
            << "\nimage error, half its square summed over pixels, in nats"
            << (held.episodes.size() > 1 ? "; mean +- 95 % interval over the episodes\n" : "\n");
  print_errors(curves, flags.context, T);
  std::cout << "look        " << (out / "dream.png").string() << "\n";
  for (const std::string name :
       {"dream.apng", "futures.png", "futures.apng", "error.svg", "error.csv"})
    if (flags.samples > 1 || !name.starts_with("futures"))
      std::cout << "            " << (out / name).string() << "\n";
  std::cout << std::flush;
}

}  // namespace

int apps::dream(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  const OpenLoopFlags& flags = o.flags;
  const LoadedModel loaded = load_model(o.path, o.precision);
  const fs::path out = loaded.output_folder("dreams", o.out);
  make_folder(out);
  catch_interrupts();
  Console console(progress_from("auto"));
  const std::optional<HeldOutEpisodes> held =
      held_out_episodes(flags.episodes, std::span(&loaded, 1), usual_episodes, console);
  if (!held) return status_interrupted;
  const std::ptrdiff_t T = flags.rows(held->episodes);

  std::vector<OpenLoopError> errors;
  for (std::size_t i = 0; i < held->episodes.size(); ++i) {
    if (interrupted()) return status_interrupted;
    console.bar(static_cast<double>(i) / static_cast<double>(held->episodes.size()),
                cat("dreams of episode ", i + 1, " of ", held->episodes.size()));
    const Episode& episode = held->episodes[i];
    const OpenLoop loop =
        open_loop(*loaded.model, episode,
                  {flags.context, T, flags.samples, flags.seed, static_cast<std::uint32_t>(i)});
    errors.push_back(open_loop_error(*loaded.model, episode, loop));
    if (i == 0) write_pictures(loaded, loop, episode, out, flags.columns, o.video);
  }
  console.clear_bar();
  const std::string label = model_label(loaded.config);
  const Curves curves = make_curves(label, errors, flags.samples, flags.context);
  write_errors(curves, cat("open loop: ", loaded.config.env, ", ", label, ", ", held->description),
               out);
  print_result(loaded, *held, flags, T, curves, out);
  if (!o.video.empty()) say_wrote(o.video);
  return 0;
}

}  // namespace planet
