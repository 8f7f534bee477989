// Presets against the paper's sizes, and the sentences of a config that cannot be.
#include "rssm/config.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "autograd/base/error.hpp"
#include "rssm/world_model.hpp"

using namespace planet;

namespace {

std::ptrdiff_t count(const ParamStore& store, const std::string& prefix) {
  std::ptrdiff_t n = 0;
  for (const Param& p : store.params())
    if (p.name.starts_with(prefix)) n += p.shape.size();
  return n;
}

std::string complaint(const ModelConfig& c) {
  try {
    c.check();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

template <class F>
ModelConfig paper_but(F&& change) {
  ModelConfig c = model_preset("paper");
  change(c);
  return c;
}

}  // namespace

TEST_CASE("the paper preset has the paper's parameter counts") {
  const ModelConfig c = model_preset("paper");
  CHECK(c == ModelConfig{});
  const WorldModel model(c, 1);
  const ParamStore& p = model.params();
  CHECK(count(p, "encoder/0") == 1568);
  CHECK(count(p, "encoder/1") == 32832);
  CHECK(count(p, "encoder/2") == 131200);
  CHECK(count(p, "encoder/3") == 524544);
  CHECK(count(p, "encoder/") == 690144);
  CHECK(count(p, "rssm/inp") == 6400);
  CHECK(count(p, "rssm/gru") == 240600);
  CHECK(count(p, "rssm/prior/") == 52260);
  CHECK(count(p, "rssm/posterior/") == 257060);
  CHECK(count(p, "rssm/") == 556320);
  CHECK(count(p, "decoder/inp") == 236544);
  CHECK(count(p, "decoder/0") == 3276928);
  CHECK(count(p, "decoder/1") == 204864);
  CHECK(count(p, "decoder/2") == 73760);
  CHECK(count(p, "decoder/3") == 3459);
  CHECK(count(p, "decoder/") == 3795555);
  CHECK(count(p, "reward/") == 250201);
  CHECK(p.size() >= 5292220);  // slabs may be padded
  CHECK(count(p, "") == 5292220);
}

TEST_CASE("presets agree with the table in the chapter") {
  const ModelConfig tiny = model_preset("tiny"), small = model_preset("small");
  CHECK(tiny.image_size == 32);
  CHECK(to_text(tiny.encoder) == "8:4 16:4 32:4");
  CHECK(to_text(tiny.decoder) == "32:5 16:6 3:6");
  CHECK(tiny.embed_size == 128);
  CHECK(tiny.deter_size == 64);
  CHECK(tiny.stoch_size == 16);
  CHECK(tiny.hidden_size == 64);
  CHECK(tiny.reward_layers == 2);
  CHECK(tiny.reward_units == 64);
  CHECK(tiny.free_nats == 0.75);
  CHECK(to_text(small.encoder) == "16:4 32:4 64:4");
  CHECK(to_text(small.decoder) == "64:5 32:6 3:6");
  CHECK(small.embed_size == 256);
  CHECK(small.deter_size == 128);
  CHECK(small.stoch_size == 16);
  CHECK(small.reward_units == 128);

  const ModelConfig tiny16 = model_preset("tiny", 16), small64 = model_preset("small", 64);
  CHECK(to_text(tiny16.encoder) == "8:4 16:4");
  CHECK(to_text(tiny16.decoder) == "16:6 3:6");
  CHECK(tiny16.embed_size == 64);
  CHECK(tiny16.free_nats == 0.2);
  CHECK(tiny16.deter_size == tiny.deter_size);
  CHECK(to_text(small64.encoder) == "16:4 32:4 64:4 128:4");
  CHECK(small64.free_nats == 3);
  for (const std::string& name : model_preset_names())
    for (const int n : {16, 32, 64}) CHECK_NOTHROW(model_preset(name, n).check());

  CHECK_THROWS_WITH_AS(
      model_preset("smal"),
      "there is no preset 'smal' (did you mean 'small'?); there are tiny, small, paper", Error);
  CHECK_THROWS_WITH_AS(model_preset("tiny", 48),
                       "image_size is 48; a preset has 16, 32 or 64 pixels", Error);
}

TEST_CASE("an invalid config is refused with a sentence") {
  CHECK(complaint(model_preset("paper")) == "");
  CHECK(complaint(paper_but([](auto& c) { c.stoch_size = 0; })) ==
        "stoch_size is 0; it must be at least 1");
  CHECK(complaint(paper_but([](auto& c) { c.reward_layers = 0; })) == "");
  CHECK(complaint(paper_but([](auto& c) { c.image_bits = 9; })) ==
        "image_bits is 9; a byte has 1 to 8 bits");
  CHECK(complaint(paper_but([](auto& c) { c.min_std = 0; })) ==
        "min_std is 0; a standard deviation of 0 has no density");
  CHECK(complaint(paper_but([](auto& c) { c.free_nats = std::nan(""); })) ==
        "free_nats is nan; it must be a number from 0 on");
  CHECK(complaint(paper_but([](auto& c) { c.embed_size = 1000; })) ==
        "embed_size is 1000, but the encoder ends in 2x2x256 = 1024; the two must be equal");
  CHECK(complaint(paper_but([](auto& c) {
          c.encoder.push_back({512, 4});
        })) ==
        "encoder: a kernel of 4 does not fit a feature map of 2 pixels; image_size 64 is too small"
        " for 32:4 64:4 128:4 256:4 512:4");
  CHECK(complaint(paper_but([](auto& c) { c.decoder[0].kernel = 6; })) ==
        "decoder 128:6 64:5 32:6 3:6 makes images of 72x72x3; image_size 64 needs 64x64x3");
  CHECK(complaint(paper_but([](auto& c) { c.decoder.back().channels = 1; })) ==
        "decoder 128:5 64:5 32:6 1:6 makes images of 64x64x1; image_size 64 needs 64x64x3");
  CHECK(complaint(paper_but([](auto& c) { c.encoder.clear(); })) ==
        "encoder has no layers; it needs at least one");
  CHECK_THROWS_AS(WorldModel(paper_but([](auto& c) { c.deter_size = -1; }), 1), Error);
}

TEST_CASE("the list of fields has every field once") {
  // This binding does not compile when the struct has another number of fields than the list.
  const ModelConfig c;
  const auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
               f20, f21, f22, f23, f24] = c;
  std::set<const void*> members{&f1,  &f2,  &f3,  &f4,  &f5,  &f6,  &f7,  &f8,
                                &f9,  &f10, &f11, &f12, &f13, &f14, &f15, &f16,
                                &f17, &f18, &f19, &f20, &f21, &f22, &f23, &f24};
  std::set<std::string> names;
  for_each_model_field(c, [&](auto, auto name, const std::string& help, const auto& field) {
    CAPTURE(name);
    CHECK(names.insert(name).second);
    CHECK_FALSE(help.empty());
    CHECK(members.erase(&field) == 1);
  });
  CHECK(members.empty());
  CHECK(names.contains("overshooting_distance"));
}
