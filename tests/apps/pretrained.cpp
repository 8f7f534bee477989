// Models that are handed on: what eval --export writes is a model like any other, and those that
// are committed in apps/pretrained can be loaded, evaluated, played and dreamt.
#include <doctest/doctest.h>

#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const fs::path pretrained = PLANET_SOURCE_DIR "/apps/pretrained";

std::vector<fs::path> committed() {
  std::vector<fs::path> found;
  if (fs::exists(pretrained))
    for (const auto& entry : fs::directory_iterator(pretrained))
      if (fs::exists(entry.path() / "model.safetensors")) found.push_back(entry.path());
  return found;
}

}  // namespace

TEST_CASE("an exported model is the model without its optimiser") {
  const Scratch scratch;
  const fs::path run_path = scratch / "run", out = scratch / "out";
  REQUIRE(run(scratch, "train", smallest(run_path)).status == 0);
  const Result whole = run(scratch, "eval", {run_path.string(), "--json"});
  const Result r = run(scratch, "eval", {run_path.string(), "--json", "--export", out.string()});
  REQUIRE(r.status == 0);
  CHECK(r.out == whole.out);
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(out)) files += entry.is_regular_file();
  CHECK(files == 1);
  CHECK(same_tensors(out / "model.safetensors", latest(run_path) / "model.safetensors"));

  const auto number = [](const std::string& json, const char* key) {
    return Json::parse(json, "eval").find(key)->as_double();
  };
  const Result again = run(scratch, "eval", {out.string(), "--json"});
  REQUIRE(again.status == 0);
  CHECK(number(again.out, "return_mean") == number(whole.out, "return_mean"));
  const Metadata about = SafetensorsFile(out / "model.safetensors").metadata();
  CHECK(std::stod(about.at("return_mean")) == number(whole.out, "return_mean"));
  CHECK(about.contains("config"));
  CHECK(about.contains("version"));

  CHECK(run(scratch, "play", {out.string(), "--policy", "agent"}).status == 0);
  const Result dream = run(scratch, "dream", {out.string(), "--episode-count", "1"});
  CHECK(dream.status == 0);
  CHECK(fs::exists(scratch / "runs" / "dreams"));  // it lies in no run
}

TEST_CASE("a model that cannot be exported is refused with a sentence") {
  const Scratch scratch;
  const auto error = [&](const Args& args) {
    const Result r = run(scratch, "eval", args);
    CHECK(r.status == 2);
    return r.err;
  };
  CHECK(error({"--oracle", "--export", "x"}).find("the oracle has no model") != std::string::npos);
  CHECK(error({"nowhere", "--export", "x", "--horizon", "3"}).find("leave --horizon out") !=
        std::string::npos);
}

TEST_CASE("the committed models are small and reach their stated returns") {
  std::uintmax_t bytes = 0;
  for (const fs::path& folder : committed()) {
    CAPTURE(folder.filename().string());
    const fs::path file = folder / "model.safetensors";
    bytes += fs::file_size(file);
    const LoadedModel loaded = load_model(folder);
    CHECK(loaded.config.env == folder.filename().string());
    const Metadata about = SafetensorsFile(file).metadata();
    const double promised = std::stod(about.at("return_mean"));
    CHECK(std::stod(about.at("score")) > 0.3);
    // Two of its episodes; other processors round otherwise, so they need not be the same. The mean of
    // two lies more than two standard deviations of one below the mean with a probability of 0.0023.
    const std::optional<Evaluation> e = evaluate(*loaded.model, loaded.config, 2);
    REQUIRE(e.has_value());
    CHECK(e->mean > promised - 2 * std::stod(about.at("return_std")));
  }
  CHECK(bytes <= 16'000'000);
}
