// dream: which rows are seen, what is written, and from which episodes.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "apps/common/files/episode_file.hpp"
#include "apps/common/foresight/open_loop_error.hpp"
#include "apps/common/foresight/open_loop_pictures.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/xml.hpp"
#include "tests/support/png.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// One run for a whole test; episodes of eleven rows.
struct Trained {
  Scratch scratch;
  fs::path run = scratch / "run";
  explicit Trained(const Args& more = {}) {
    REQUIRE(planet::test::run(scratch, "train", smallest(run, more)).status == 0);
  }
  Result dream(const Args& more, const std::string& threads = "1") const {
    const Result r =
        planet::test::run(scratch, "dream", Args{run.string(), "--threads", threads} + more);
    INFO(r.err);
    REQUIRE(r.status == 0);
    return r;
  }
};

std::vector<std::string> names(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& [name, text] : contents(folder)) out.push_back(name);
  return out;
}

std::ptrdiff_t count(const Image& image, const Rgb& color) {
  std::ptrdiff_t n = 0;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
    bool same = true;
    for (std::size_t q = 0; q < 3; ++q)
      same = same && image.rgb[i + q] == static_cast<std::uint8_t>(255 * color[q] + 0.5);
    n += same;
  }
  return n;
}

}  // namespace

TEST_CASE("a sheet has a green border around what was seen and a red one around what was not") {
  const Image black(16, 16);
  const std::vector<Image> frames(12, black);
  const std::vector<Strip> strips{{"true", frames, false}, {"imagined", frames, true}};
  const Image sheet = open_loop_sheet(strips, 4, "", 9);  // columns: three seen, six imagined
  const std::ptrdiff_t border = 68 * 68 - 64 * 64;
  CHECK(count(sheet, palette::goal) == 3 * border);
  CHECK(count(sheet, palette::opponent) == 6 * border);
  const std::vector<Image> film = open_loop_animation(strips, 4, "");
  REQUIRE(film.size() == 12);
  for (std::size_t t = 0; t < film.size(); ++t) {
    CHECK((film[t].width == film[0].width && film[t].height == film[0].height));
    CHECK((count(film[t], palette::goal) > 0) == (t < 4));
    CHECK((count(film[t], palette::opponent) > 0) == (t >= 4));
  }
}

TEST_CASE("the columns of a sheet hold the last row seen and the first imagined and the last") {
  using Rows = std::vector<std::ptrdiff_t>;
  CHECK(sheet_columns(50, 5, 15) == Rows{0, 1, 2, 3, 4, 5, 10, 15, 20, 25, 29, 34, 39, 44, 49});
  CHECK(sheet_columns(6, 5, 15) == Rows{0, 1, 2, 3, 4, 5});
  CHECK(sheet_columns(5, 5, 3) == Rows{0, 2, 4});  // nothing is imagined
  for (std::ptrdiff_t context : {1, 2, 7, 30})
    for (std::ptrdiff_t columns : {2, 3, 8, 100}) {
      const Rows rows = sheet_columns(40, context, columns);
      INFO("context ", context, " columns ", columns);
      CHECK(static_cast<std::ptrdiff_t>(rows.size()) <= columns);
      CHECK(std::is_sorted(rows.begin(), rows.end()));
      CHECK(std::set<std::ptrdiff_t>(rows.begin(), rows.end()).size() == rows.size());
      CHECK(std::ranges::count(rows, context - 1) == 1);
      if (columns > 2) CHECK(std::ranges::count(rows, context) == 1);
      CHECK(rows.back() == 39);
    }
}

TEST_CASE("a difference is grey where nothing differs") {
  Image a(1, 1), b(1, 1);
  a.rgb = {10, 255, 0};
  b.rgb = {10, 0, 255};
  CHECK(differences(std::vector<Image>{a}, std::vector<Image>{b})[0].rgb ==
        std::vector<std::uint8_t>{127, 255, 0});
}

TEST_CASE("dream writes the announced files, with the same bytes for the same seed") {
  const Trained t;
  const Result a = t.dream({"--samples", "3"});
  const fs::path out = t.run / "dreams" / latest(t.run).filename();
  CHECK(names(out) == std::vector<std::string>{"dream.apng", "dream.png", "error.csv", "error.svg",
                                               "futures.apng", "futures.png"});
  for (const std::string& name : names(out)) CHECK(a.out.find(name) != std::string::npos);
  t.dream({"--samples", "3", "--out", (t.scratch / "again").string()}, "3");
  CHECK(contents(out) == contents(t.scratch / "again"));
  t.dream({"--samples", "3", "--seed", "2", "--out", (t.scratch / "other").string()});
  CHECK(text_of(out / "error.csv") != text_of(t.scratch / "other" / "error.csv"));
  CHECK(read_png(out / "futures.png").height > read_png(out / "dream.png").height);
  CHECK(read_png(out / "dream.apng").width > 3 * 128);  // its first frame: three pictures
  CHECK(xml_fault(text_of(out / "error.svg")) == "");

  // One sample: no futures.
  t.dream({"--out", (t.scratch / "one").string(), "--policy", "random"});
  CHECK(names(t.scratch / "one") ==
        std::vector<std::string>{"dream.apng", "dream.png", "error.csv", "error.svg"});
}

TEST_CASE("the errors in the file equal those computed step by step") {
  const Trained t;
  const fs::path episodes = t.run / "episodes";
  t.dream({"--context", "4", "--length", "9", "--samples", "2", "--seed", "3", "--episodes",
           episodes.string(), "--out", (t.scratch / "out").string()});
  const LoadedModel loaded = load_model(t.run);
  std::vector<std::vector<double>> image, best, reward;
  std::uint32_t number = 0;
  for (const auto& [name, text] : contents(episodes)) {
    const Episode e = load_episode_file(episodes / name);
    const OpenLoopError error =
        open_loop_error(*loaded.model, e, open_loop(*loaded.model, e, {4, 9, 2, 3, number++}));
    image.push_back(error.image);
    best.push_back(error.image_best);
    reward.push_back(error.reward);
  }
  REQUIRE(image.size() == 4);
  const std::map<std::string, std::vector<std::vector<double>>*> measures{
      {"image", &image}, {"image_best", &best}, {"reward", &reward}};
  std::size_t checked = 0;
  for (const CsvRow& row : read_csv(t.scratch / "out" / "error.csv")) {
    const int r = std::stoi(row.at("row"));
    CHECK(row.at("horizon") == (r >= 4 ? std::to_string(r - 3) : ""));
    CHECK(row.at("n") == "4");
    if (row.at("model") != "rssm") continue;  // the picture that stays
    std::vector<double> x;
    for (const auto& errors : *measures.at(row.at("measure")))
      x.push_back(errors[static_cast<std::size_t>(r)]);
    const Interval i = mean_interval(x);
    CHECK(std::stod(row.at("mean")) == i.mean);
    CHECK(std::stod(row.at("low")) == i.low());
    CHECK(std::stod(row.at("high")) == i.high());
    ++checked;
  }
  CHECK(checked == 27);
}

TEST_CASE("held out episodes are those of an evaluation or of a seed") {
  const Trained t;
  const LoadedModel loaded = load_model(t.run);
  const auto all = evaluate(*loaded.model, loaded.config, 4);
  const auto last = evaluate(*loaded.model, loaded.config, 2, first_evaluation_seed + 2);
  REQUIRE((all && last));
  CHECK(last->seeds == std::vector<std::uint64_t>{1002, 1003});
  for (const std::size_t i : {0u, 1u}) {
    CHECK(last->episodes[i].image == all->episodes[i + 2].image);
    CHECK(last->episodes[i].action == all->episodes[i + 2].action);
  }
  // As programs: from the seed, and from the file of that very episode.
  save_episode_file(t.scratch / "e.npz", all->episodes[2]);
  const Args out{"--out", (t.scratch / "a").string()};
  t.dream(Args{"--episode-seed", "1002", "--episode-count", "1"} + out);
  t.dream({"--episodes", (t.scratch / "e.npz").string(), "--out", (t.scratch / "b").string()});
  CHECK(text_of(t.scratch / "a" / "error.csv") == text_of(t.scratch / "b" / "error.csv"));
  // In brackets of its own: a failure does not print the bytes.
  CHECK((text_of(t.scratch / "a" / "dream.png") == text_of(t.scratch / "b" / "dream.png")));

  const auto env = make_env(loaded.config.env, loaded.config.make_env_options());
  const Episode one = random_episode(*env, 5), same = random_episode(*env, 5);
  CHECK(one.action == same.action);
  CHECK(one.action != random_episode(*env, 6).action);
  CHECK(one.rows() == 11);
}

TEST_CASE("dream says what is wrong") {
  const Trained t({"--total-episodes", "2"});
  const auto error = [&](const Args& args) {
    const Result r = run(t.scratch, "dream", args);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    return r.err;
  };
  const auto says = [&](const Args& more, const std::string& words) {
    const std::string text = error(Args{t.run.string()} + more);
    INFO(text);
    CHECK(text.find(words) != std::string::npos);
  };
  CHECK(error({}).find("RUN|CHECKPOINT") != std::string::npos);
  CHECK(error({"nowhere"}).find("does not exist") != std::string::npos);
  says({"--contxt", "3"}, "did you mean '--context'");
  says({"--context", "0"}, "--context is 0; it must be at least 1");
  says({"--context", "12", "--policy", "random"}, "--context is 12; there are 11 rows in all");
  says({"--length", "0"}, "--length is 0; it must be at least 1");
  says({"--length", "12", "--policy", "random"},
       "--length is 12; the shortest episode has 11 rows");
  says({"--samples", "0"}, "--samples is 0; it must be at least 1");
  says({"--columns", "1"}, "--columns is 1; it must be at least 2");
  says({"--seed", "x"}, "--seed is 'x'");
  says({"--policy", "radnom"}, "did you mean 'random'");
  says({"--episode-count", "0"}, "--episode-count is 0");
  says({"--episode-seed", "4294967296"}, "the seeds belong to training");
  says({"--episodes", "no.npz"}, "no.npz");
  says({"--episodes", t.scratch.path().string()}, "no .npz file in this folder");
  says({"--episodes", (t.run / "episodes").string(), "--policy", "random"},
       "--policy, --episode-seed and --episode-count are for episodes that are played");
  const fs::path file = t.run / "episodes" / contents(t.run / "episodes").front().first;
  save_episode_file(t.scratch / "o.npz", load_episode_file(file), "cup_catch");
  const Args other{"--episodes", (t.scratch / "o.npz").string()};
  says(other,
       "o.npz is an episode of cup_catch, and the model has learned pendulum_swingup; "
       "--other-task predicts it all the same");
  CHECK(run(t.scratch, "dream", Args{t.run.string(), "--other-task"} + other).status == 0);
  says({"--other-task"}, "--other-task is for --episodes");
}

TEST_CASE("dream of a model outside a run folder writes below runs/") {
  const Trained t({"--total-episodes", "2"});
  fs::copy(latest(t.run) / "model.safetensors", t.scratch / "alone.safetensors");
  const Result r =
      run(t.scratch, "dream", {(t.scratch / "alone.safetensors").string(), "--policy", "random"});
  CHECK(r.status == 0);
  const fs::path out =
      t.scratch / "runs" / "dreams" / ("pendulum_swingup-" + latest(t.run).filename().string());
  CHECK(fs::exists(out / "dream.png"));
}
