// gradcheck --model, and the case it exports: is the file enough to recompute everything?
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "apps/common/report/model_case.hpp"
#include "nn/files/safetensors.hpp"
#include "tests/apps/programs.hpp"

namespace planet::test {
namespace {

const std::string peer = "python3 " PLANET_SOURCE_DIR "/apps/peer/torch.py";

int shell(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

fs::path export_to(const Scratch& scratch, const std::string& name, const Args& more = {}) {
  const fs::path file = scratch / name;
  const Result r = run(scratch, "gradcheck", Args{"--model", "--export", file.string()} + more);
  INFO(r.err, r.out);
  REQUIRE(r.status == 0);
  CHECK(r.out.find("whole model, 30 parameters") != std::string::npos);
  return file;
}

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("the exported case is enough to recompute every term and gradient") {
  const Scratch scratch;
  const SafetensorsFile file(export_to(scratch, "case.safetensors", {"--seed", "3"}));
  const ModelConfig c = miniature_model();
  const auto values = [&](const std::string& name) { return file.read<double>(name); };

  // Another model gets the file's parameters, and nothing else of the program that wrote it.
  WorldModel model(c, 99, Precision::f64);
  for (const Param& p : model.params().params()) {
    const std::vector<double> v = values("param/" + p.name);
    REQUIRE(static_cast<std::ptrdiff_t>(v.size()) == p.shape.size());
    std::copy(v.begin(), v.end(), p.value<double>());
  }
  Tape tape(Precision::f64);
  const std::vector<double> image = values("data/image"), action = values("data/action"),
                            reward = values("data/reward"), noise = values("data/noise");
  const ElboTerms elbo =
      model.elbo({tape.constant(image, {6, 8, 8, 3}), tape.constant(action, {3, 2, 2}),
                  tape.constant(reward, {3, 2}), tape.constant(noise, {3, 2, 3})});
  const auto same = [&](const char* name, Var v) {
    INFO(name);
    CHECK(values(name) == std::vector<double>(v.value<double>().begin(), v.value<double>().end()));
  };
  same("term/image", elbo.image);
  same("term/reward", elbo.reward);
  same("term/kl", elbo.kl);
  same("loss", elbo.loss);
  same("state/h", elbo.seen.state.h);
  same("posterior/std", elbo.seen.q.std);
  same("prior/mean", elbo.seen.p.mean);
  same("predicted/image", elbo.predicted.image);
  tape.backward(elbo.loss);
  for (const Param& p : model.params().params())
    CHECK(values("grad/" + p.name) ==
          std::vector<double>(p.grad<double>(), p.grad<double>() + p.shape.size()));
  CHECK(file.tensors().size() == 17 + 2 * model.params().params().size());
}

TEST_CASE("the exported case says what its loss is made of") {
  const Scratch scratch;
  const SafetensorsFile file(export_to(scratch, "case.safetensors", {"--kl-scale", "0.5"}));
  const Metadata& m = file.metadata();
  ModelConfig c = miniature_model();
  c.kl_scale = 0.5;
  for_each_model_field(c, [&](auto, const std::string& field, auto, const auto& value) {
    CHECK(m.at("model." + field) == write_value(value));
  });
  CHECK(m.at("L") == "3");
  CHECK(m.at("B") == "2");
  CHECK(m.at("seed") == "1");

  std::vector<double> kl = file.read<double>("term/kl");
  for (double& x : kl) x = std::max(x - c.free_nats, 0.0);
  const double loss = mean(file.read<double>("term/image")) +
                      c.reward_scale * mean(file.read<double>("term/reward")) + 0.5 * mean(kl);
  CHECK(file.read<double>("loss")[0] == doctest::Approx(loss).epsilon(1e-14));
  const auto pixels = file.read<std::uint8_t>("data/pixels");
  const auto image = file.read<double>("data/image");
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double inside = image[i] - (pixels[i] / 8 / 32.0 - 0.5);
    REQUIRE((inside >= 0 && inside < 1.0 / 32));
  }
}

TEST_CASE("a case of every latent model and further term passes and names its tensors") {
  const Scratch scratch;
  for (const std::string& model : latent_model_names()) {
    INFO(model);
    const fs::path path = scratch / (model + ".safetensors");
    const Result r =
        run(scratch, "gradcheck",
            {"--model", model, "--export", path.string(), "--overshooting-distance", "3",
             "--overshooting-reward-scale", "0.5", "--kl-balance", "0.8", "--global-kl-scale",
             "0.3", "--continue-head", "true", "--free-nats-after-mean", "true"});
    INFO(r.err, r.out);
    REQUIRE(r.status == 0);
    const SafetensorsFile file(path);
    CHECK(file.metadata().at("model.latent_model") == model);
    CHECK((file.find("state/h") == nullptr) == (model == "ssm"));
    CHECK(file.at("data/overshoot_noise").shape == std::vector<std::int64_t>{3, 3, 2, 3});
    CHECK(file.at("term/overshooting/2").shape == std::vector<std::int64_t>{2, 2});
    CHECK(file.at("term/overshooting/3").shape == std::vector<std::int64_t>{1, 2});
    CHECK(file.at("term/overshooting_reward/3").shape == std::vector<std::int64_t>{1, 2});
    // The loss from its terms.
    const auto m = [&](const char* name) { return mean(file.read<double>(name)); };
    const double f = std::stod(file.metadata().at("model.free_nats"));
    const auto above = [&](const char* name) { return std::max(m(name) - f, 0.0); };
    const double loss =
        m("term/image") + 10 * m("term/reward") + above("term/kl") + m("term/continues") +
        0.3 * m("term/global_kl") +
        (above("term/overshooting/2") + above("term/overshooting/3")) / 2 +
        0.5 * (m("term/overshooting_reward/2") + m("term/overshooting_reward/3")) / 2;
    CHECK(file.read<double>("loss")[0] == doctest::Approx(loss).epsilon(1e-13));
    if (shell("python3 -c 'import torch' 2>/dev/null") == 0)
      CHECK(shell(peer + " check " + path.string() + " > /dev/null") == 0);
  }
}

TEST_CASE("a case follows its seed and its sizes") {
  const Scratch scratch;
  const fs::path one = export_to(scratch, "1.safetensors"),
                 again = export_to(scratch, "2.safetensors"),
                 two = export_to(scratch, "3.safetensors", {"--seed", "2"}),
                 longer = export_to(scratch, "4.safetensors",
                                    {"--batch-length", "5", "--deter-size", "9"});
  CHECK(text_of(one) == text_of(again));
  CHECK(text_of(one) != text_of(two));
  CHECK(SafetensorsFile(longer).at("state/h").shape == std::vector<std::int64_t>{5, 2, 9});
}

TEST_CASE("gradcheck exits with 2 for model flags it cannot use") {
  const Scratch scratch;
  const auto complaint = [&](const Args& args) {
    const Result r = run(scratch, "gradcheck", args);
    CHECK(r.status == 2);
    return r.err;
  };
  CHECK(complaint({"--seed", "3"}) == "gradcheck: --seed describes a model; it needs --model\n");
  CHECK(complaint({"--export", "x"}) ==
        "gradcheck: --export describes a model; it needs --model\n");
  CHECK(complaint({"--model", "--op", "linear"}) ==
        "gradcheck: --op names an operation; with --model there are none\n");
  CHECK(complaint({"--model", "--deter-size", "0"}) ==
        "gradcheck: deter_size is 0; it must be at least 1\n");
  CHECK(complaint({"--model", "rsm"}) ==
        "gradcheck: there is no model 'rsm' (did you mean 'rssm'?); there are rssm, ssm, rnn\n");
  CHECK(complaint({"--model", "--overshooting-distance", "4"}).find("--batch-length is 3") !=
        std::string::npos);
  CHECK(complaint({"--model", "--preset", "tinny"}) ==
        "gradcheck: there is no preset 'tinny' (did you mean 'tiny'?); there are tiny, small, "
        "paper\n");
  CHECK(complaint({"--model", "--batch-size", "many"}).starts_with("gradcheck: --batch-size is"));
}

TEST_CASE("what rounding does to a step is shown for each term and layer") {
  // A ReLU that changes its side changes whole gradients: of a few thousand of them, some do.
  const std::vector<Rounding> all =
      ModelCase({.model = model_preset("tiny", 16), .L = 6, .B = 4}).rounding();
  CHECK(all.size() > 15);
  for (const Rounding& r : all) {
    INFO(r.name);
    CHECK(r.f32 < 1e-4);
    CHECK(r.bf16 > r.f32);
    CHECK(r.bf16 < 0.5);
  }
  const Scratch scratch;
  const Result shown = run(scratch, "gradcheck", {"--model", "--rounding", "--csv", "r.csv"});
  CHECK(shown.status == 0);
  CHECK(has(shown.out, "gradient rssm/gru "));
  CHECK(text_of(scratch / "r.csv").starts_with("quantity,f32,bf16\nterm image,"));
  CHECK(run(scratch, "gradcheck", {"--rounding"}).err ==
        "gradcheck: --rounding describes a model; it needs --model\n");
}

TEST_CASE("the PyTorch counterpart agrees with the case, or says that PyTorch is missing") {
  if (shell("command -v python3 >/dev/null") != 0) return;
  const Scratch scratch;
  const std::string file = export_to(scratch, "case.safetensors").string();
  const std::string err = (scratch / "err").string();
  // A module of that name that cannot be imported stands in for a Python without PyTorch.
  fs::create_directory(scratch / "none");
  REQUIRE(shell("echo 'raise ImportError' > " + (scratch / "none" / "torch.py").string()) == 0);
  const std::string without =
      "PYTHONPATH=" + (scratch / "none").string() + " python3 " PLANET_SOURCE_DIR "/apps/peer/";
  for (const std::string& program : {"torch.py check " + file, "train.py run " + file}) {
    CHECK(shell(without + program + " 2> " + err) == 2);
    const std::string sentence = text_of(err);
    CHECK(sentence.starts_with(program.substr(0, 8) + ": PyTorch "));
    CHECK(sentence.find(" is not installed") != std::string::npos);
    CHECK(std::count(sentence.begin(), sentence.end(), '\n') == 1);
  }

  if (shell("python3 -c 'import torch' 2>/dev/null") != 0) return;
  CHECK(shell(peer + " check " + file + " > /dev/null") == 0);
}

}  // namespace planet::test
