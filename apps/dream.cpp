// dream: what a model imagines with its eyes closed, beside what happened.
//
// It sees k rows of a recorded episode and then is told only the actions (common/open_loop.hpp).
// Pictures of the first episode, errors by row over all of them.
#include <algorithm>
#include <iostream>

#include "apps/common/checkpoint.hpp"
#include "apps/common/command_line.hpp"
#include "apps/common/error_curves.hpp"
#include "apps/common/held_out.hpp"
#include "apps/common/interrupt.hpp"
#include "apps/common/open_loop.hpp"
#include "apps/common/open_loop_error.hpp"
#include "apps/common/open_loop_pictures.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "envs/png.hpp"
#include "nn/atomic_file.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

constexpr std::ptrdiff_t usual_rows = 50;  // Appendix H
constexpr int usual_episodes = 5;

struct Options {
  std::string path, context = "5", length, samples = "1", seed = "1", columns = "15", out;
  std::string threads = "0";
  HeldOutOptions episodes;
};

// The numbers among the options.
struct Numbers {
  std::int64_t context = 0, length = 0, samples = 0, columns = 0;
  std::uint64_t seed = 0;
};

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("dream", "What a model imagines with its eyes closed, beside what happened.");
  cli.positional("RUN|CHECKPOINT", o.path,
                 "a run folder (its latest), a checkpoint folder or a model.safetensors");
  cli.option("--context", o.context, "rows that are seen, the reset frame's included (default 5)");
  cli.option("--length", o.length,
             "rows in all (default 50, or as many as the shortest episode has)");
  cli.option("--samples", o.samples, "K futures of the one context (default 1)");
  cli.option("--seed", o.seed, "of posterior, futures and dequantisation (default 1)");
  o.episodes.add_to(cli, std::to_string(usual_episodes));
  cli.option("--out", o.out, "folder for what is written (default RUN/dreams/UPDATES)", "Output");
  cli.option("--columns", o.columns, "of the sheets (default 15)", "Output");
  cli.option("--threads", o.threads, "0: what the container gives; changes no result", "Machine");
  cli.footer(
      "Writes dream.png and dream.apng (the first episode: true, imagined, difference), with K > 1 "
      "futures.png and futures.apng, and over all episodes error.csv and error.svg. Green borders: "
      "seen. Red: imagined.");
  return cli.parse(argc, argv);
}

Numbers read_numbers(const Options& o) {
  Numbers n;
  int threads = 0;
  read_option("--context", o.context, n.context);
  read_option("--samples", o.samples, n.samples);
  read_option("--seed", o.seed, n.seed);
  read_option("--columns", o.columns, n.columns);
  read_option("--threads", o.threads, threads);
  if (!o.length.empty()) {
    read_option("--length", o.length, n.length);
    require(n.length >= 1, "--length is ", n.length, "; it must be at least 1");
  }
  require(n.context >= 1, "--context is ", n.context, "; at least one row is seen");
  require(n.samples >= 1, "--samples is ", n.samples, "; it must be at least 1");
  require(n.columns >= 2, "--columns is ", n.columns, "; it must be at least 2");
  set_threads(useful_threads(threads));
  return n;
}

// How many rows are dreamt: --length, or the usual number as far as there are so many.
std::ptrdiff_t dream_rows(const Numbers& n, std::span<const Episode> episodes) {
  const std::ptrdiff_t all = shortest(episodes);
  require(n.length <= all, "--length is ", n.length, "; the shortest episode has ", all, " rows");
  const std::ptrdiff_t rows = n.length > 0 ? n.length : std::min(all, usual_rows);
  require(n.context <= rows, "--context is ", n.context, "; there are ", rows, " rows in all");
  return rows;
}

// ---- pictures ----------------------------------------------------------------------------------

// Sample j of every row.
std::vector<Image> imagined_frames(const LoadedModel& loaded, const OpenLoop& loop,
                                   std::ptrdiff_t j) {
  std::vector<float> rows;
  for (std::ptrdiff_t t = 0; t < loop.T; ++t)
    std::ranges::copy(loop.features_at(t).subspan(static_cast<std::size_t>(j * loop.F),
                                                  static_cast<std::size_t>(loop.F)),
                      std::back_inserter(rows));
  const ModelConfig& c = loaded.config.model;
  return to_images(decode(*loaded.model, rows), c.image_size, c.image_bits);
}

void write_pictures(const LoadedModel& loaded, const OpenLoop& loop, const Episode& episode,
                    const fs::path& out, std::ptrdiff_t columns) {
  const std::string title = cat(loaded.config.env, ", ", model_label(loaded.config), ", ",
                                with_commas(loaded.updates), " updates");
  const std::string sheet_title =
      cat(title, ": ", loop.context, " rows seen, ", loop.T - loop.context, " imagined");
  const double seconds =
      env_spec(loaded.config.env).dt *
      make_env(loaded.config.env, loaded.config.make_env_options())->action_repeat();
  const Strip truth{"true", true_frames(episode, loop.T), false};
  std::vector<Strip> futures{truth};
  for (std::ptrdiff_t j = 0; j < loop.K; ++j)
    futures.push_back({cat("future ", j + 1), imagined_frames(loaded, loop, j), true});
  const std::vector<Strip> dream{
      truth,
      {"imagined", futures[1].frames, true},
      {"difference", differences(futures[1].frames, truth.frames), true}};
  write_png(out / "dream.png", open_loop_sheet(dream, loop.context, sheet_title, columns));
  write_apng(out / "dream.apng", open_loop_animation(dream, loop.context, title), seconds);
  if (loop.K == 1) return;
  write_png(out / "futures.png", open_loop_sheet(futures, loop.context, sheet_title, columns));
  write_apng(out / "futures.apng", open_loop_animation(futures, loop.context, title), seconds);
}

// ---- errors ------------------------------------------------------------------------------------

// The curves, and what each is called in the plot.
struct Curves {
  std::vector<ErrorCurve> image, reward;
  std::vector<std::string> image_labels, reward_labels;
};

Curves make_curves(const std::string& model, const std::vector<OpenLoopError>& errors,
                   std::ptrdiff_t K) {
  const auto of = [&](std::vector<double> OpenLoopError::*measure) {
    std::vector<std::vector<double>> rows;
    for (const OpenLoopError& e : errors) rows.push_back(e.*measure);
    return rows;
  };
  Curves out;
  out.image.push_back(error_curve(model, "image", of(&OpenLoopError::image)));
  out.image_labels.push_back(K == 1 ? "imagined" : cat("mean of ", K, " futures"));
  if (K > 1) {
    out.image.push_back(error_curve(model, "image_best", of(&OpenLoopError::image_best)));
    out.image_labels.push_back(cat("best of ", K, " futures"));
  }
  out.image.push_back(error_curve("still", "image", of(&OpenLoopError::still)));
  out.image_labels.push_back("last seen stays");
  out.reward.push_back(error_curve(model, "reward", of(&OpenLoopError::reward)));
  out.reward_labels.push_back(out.image_labels.front());
  return out;
}

void write_errors(const Curves& curves, std::ptrdiff_t context, const std::string& title,
                  const fs::path& out) {
  std::vector<ErrorCurve> all = curves.image;
  all.insert(all.end(), curves.reward.begin(), curves.reward.end());
  write_text_atomically(out / "error.csv", error_csv(all, context));
  PlotOptions options;
  options.x_label = "row of the episode";
  options.title = title;
  options.y_label = "image error, nats";
  const std::string image = error_svg(curves.image, curves.image_labels, context, options);
  options.title = "";
  options.y_label = "reward error, half its square";
  const std::string reward = error_svg(curves.reward, curves.reward_labels, context, options);
  write_text_atomically(out / "error.svg",
                        svg_grid({image, reward}, 1, options.width, options.height));
}

void print_line(const std::string& name, const ErrorCurve& curve,
                const std::vector<std::ptrdiff_t>& rows, int digits) {
  std::printf("  %-18s", name.c_str());
  for (const std::ptrdiff_t t : rows) {
    const Interval& at = curve.rows[static_cast<std::size_t>(t)];
    const std::string half = at.half ? cat(" +- ", fixed(*at.half, digits)) : "";
    std::printf("  %16s", cat(fixed(at.mean, digits), half).c_str());
  }
  std::printf("\n");
}

// The errors after some numbers of imagined rows.
void print_errors(const Curves& curves, std::ptrdiff_t context, std::ptrdiff_t T) {
  std::vector<std::ptrdiff_t> rows;
  std::printf("  %-18s", "imagined rows");
  for (const std::ptrdiff_t horizon : {1, 5, 10, 20, 45})
    if (context + horizon <= T) {
      rows.push_back(context + horizon - 1);
      std::printf("  %16td", horizon);
    }
  std::printf("\n");
  for (std::size_t i = 0; i < curves.image.size(); ++i)
    print_line(curves.image_labels[i], curves.image[i], rows, 2);
  std::printf("reward error, half its square\n");
  print_line(curves.reward_labels.front(), curves.reward.front(), rows, 4);
}

// ---- the program -------------------------------------------------------------------------------

void print_result(const LoadedModel& loaded, const HeldOut& held, const Numbers& n,
                  std::ptrdiff_t T, const Curves& curves, const fs::path& out) {
  std::printf("model       %s, %s, %s updates\n", model_label(loaded.config).c_str(),
              loaded.config.env.c_str(), with_commas(loaded.updates).c_str());
  std::printf("episodes    %s\n", held.description.c_str());
  std::printf("open loop   %td rows seen, %td imagined, %td sample%s, seed %llu\n",
              static_cast<std::ptrdiff_t>(n.context), T - n.context,
              static_cast<std::ptrdiff_t>(n.samples), n.samples == 1 ? "" : "s",
              static_cast<unsigned long long>(n.seed));
  std::printf("image error, half its square summed over pixels, in nats%s\n",
              held.episodes.size() > 1 ? "; mean +- 95 % interval over the episodes" : "");
  print_errors(curves, n.context, T);
  std::printf("look        %s\n", (out / "dream.png").c_str());
  for (const char* name : {"dream.apng", "futures.png", "futures.apng", "error.svg", "error.csv"})
    if (n.samples > 1 || !std::string(name).starts_with("futures"))
      std::printf("            %s\n", (out / name).c_str());
}

int dream(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  const Numbers n = read_numbers(o);
  const LoadedModel loaded = load_model(o.path);
  const fs::path out = loaded.output_folder("dreams", o.out);
  catch_interrupts();
  Console console(progress_from("auto"));
  const std::optional<HeldOut> held =
      held_out_episodes(o.episodes, std::span(&loaded, 1), usual_episodes, console);
  if (!held) return status_interrupted;
  const std::ptrdiff_t T = dream_rows(n, held->episodes);

  fs::create_directories(out);
  std::vector<OpenLoopError> errors;
  for (std::size_t i = 0; i < held->episodes.size(); ++i) {
    if (interrupted()) return status_interrupted;
    console.bar(static_cast<double>(i) / static_cast<double>(held->episodes.size()),
                cat("dreams of episode ", i + 1, " of ", held->episodes.size()));
    const Episode& episode = held->episodes[i];
    const OpenLoop loop = open_loop(
        *loaded.model, episode, {n.context, T, n.samples, n.seed, static_cast<std::uint32_t>(i)});
    errors.push_back(open_loop_error(*loaded.model, episode, loop));
    if (i == 0) write_pictures(loaded, loop, episode, out, n.columns);
  }
  console.clear_bar();
  const std::string label = model_label(loaded.config);
  const Curves curves = make_curves(label, errors, n.samples);
  write_errors(curves, n.context,
               cat("open loop: ", loaded.config.env, ", ", label, ", ", held->description), out);
  print_result(loaded, *held, n, T, curves, out);
  return 0;
}

}  // namespace
}  // namespace planet

int main(int argc, char** argv) {
  return planet::run_main("dream", [&] { return planet::dream(argc, argv); });
}
