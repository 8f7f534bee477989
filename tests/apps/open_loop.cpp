// Open loop: what was seen is what filtering gives, what was imagined is the prior's, and nobody's
// random numbers depend on how much is asked for.
#include "apps/common/foresight/open_loop.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "apps/common/foresight/open_loop_error.hpp"
#include "autograd/base/error.hpp"
#include "autograd/kernels/random.hpp"
#include "rssm/preprocess.hpp"

using namespace planet;

namespace {

ModelConfig model_config(const std::string& model = "rssm") {
  ModelConfig c = model_preset("tiny", 16);
  c.deter_size = 8, c.stoch_size = 6, c.hidden_size = 8, c.reward_units = 8;
  choose_latent_model(c, model);
  return c;
}

Episode random_episode(std::ptrdiff_t rows, const ModelConfig& c, std::uint64_t seed = 1) {
  Rng rng(seed, Stream::test);
  std::vector<std::uint8_t> frame(static_cast<std::size_t>(c.image_size * c.image_size * 3));
  std::vector<float> action(static_cast<std::size_t>(c.action_size));
  Episode e;
  for (std::ptrdiff_t t = 0; t < rows; ++t) {
    for (std::uint8_t& p : frame) p = static_cast<std::uint8_t>(rng.below(256));
    for (float& a : action) a = static_cast<float>(rng.uniform(-1, 1));
    if (t == 0) e.begin(c.image_size, c.action_size, frame.data());
    else e.append(action.data(), rng.uniform(), frame.data());
  }
  return e;
}

// The plainest code: the loss's own terms on the whole window, as training computes them.
struct Filtered16 {
  Tape tape{Precision::f32};
  ElboTerms terms;
  Filtered16(const WorldModel& model, const Episode& e, std::uint64_t seed) {
    const Window whole{&e, 0, e.rows()};
    Rng dequantise(seed, Stream::dream, 0), posterior(seed, Stream::dream, 1);
    terms = model.elbo(
        make_sequence(tape, std::span(&whole, 1), model.config(), dequantise, posterior));
  }
};

bool same(std::span<const float> a, std::span<const float> b) { return std::ranges::equal(a, b); }

std::span<const float> part(std::span<const float> x, std::ptrdiff_t begin, std::ptrdiff_t n) {
  return x.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(n));
}

std::string error_of(const auto& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("rows that were seen are the filtered reconstruction bit for bit") {
  for (const std::string& name : latent_model_names()) {
    const WorldModel model(model_config(name), 3);
    const Episode e = random_episode(9, model.config());
    const Filtered16 filtered(model, e, 7);
    const std::ptrdiff_t pixels = 16 * 16 * 3;
    for (const std::ptrdiff_t context : {1, 4, 9}) {  // 9: the whole window, nothing is imagined
      const std::ptrdiff_t K = context == 4 ? 3 : 1;
      INFO(name, " context ", context, " samples ", K);
      const OpenLoop loop = open_loop(model, e, {context, 0, K, 7, 0});
      CHECK((loop.T == 9 && loop.K == K && loop.context == context));
      REQUIRE(loop.kl.size() == static_cast<std::size_t>(context));
      CHECK(same(loop.kl, part(filtered.terms.kl.value<float>(), 0, context)));
      for (std::ptrdiff_t t = 0; t < 9; ++t) {
        const std::vector<float> decoded = decode(model, loop.features_at(t));
        const auto truth = part(filtered.terms.predicted.image.value<float>(), t * pixels, pixels);
        const float reward =
            filtered.terms.predicted.reward.value<float>()[static_cast<std::size_t>(t)];
        for (std::ptrdiff_t j = 0; j < K; ++j) {
          INFO("row ", t, " sample ", j);
          CHECK(same(part(decoded, j * pixels, pixels), truth) == (t < context));
          CHECK((loop.reward_at(t)[static_cast<std::size_t>(j)] == reward) == (t < context));
        }
      }
    }
  }
}

TEST_CASE("rows that were imagined are the prior stepped by hand") {
  const WorldModel model(model_config(), 3);
  const Episode e = random_episode(8, model.config());
  const std::ptrdiff_t context = 3, D_s = 6, F = 14;
  const OpenLoop loop = open_loop(model, e, {context, 0, 2, 5, 4});
  for (std::ptrdiff_t j = 0; j < 2; ++j) {
    Tape tape(Precision::f32);
    const auto seen = part(loop.features_at(context - 1), j * F, F);
    State state{tape.constant(part(seen, D_s, F - D_s), {1, F - D_s}),
                tape.constant(part(seen, 0, D_s), {1, D_s})};
    for (std::ptrdiff_t t = context; t < 8; ++t) {
      Rng rng(5, Stream::dream, 3 * 4 + 2);
      rng.seek((static_cast<std::uint64_t>(j) << 32) + static_cast<std::uint64_t>(2 * t));
      std::vector<float> z(6);
      kernels::fill_normal(rng, z.data(), 6);
      const Var a = tape.constant(part(e.action, t, 1), {1, 1});  // led to row t
      state = model.latent().imagine(state, a, tape.constant(z, {1, 6})).state;
      INFO("row ", t, " sample ", j);
      CHECK(same(features(state).value<float>(), part(loop.features_at(t), j * F, F)));
      CHECK(model.reward(features(state)).item() == loop.reward_at(t)[static_cast<std::size_t>(j)]);
    }
  }
}

TEST_CASE("a sample does not depend on how many or how long or which context") {
  const WorldModel model(model_config(), 3);
  const Episode e = random_episode(12, model.config());
  const OpenLoop all = open_loop(model, e, {5, 0, 4, 2, 0});
  const OpenLoop less = open_loop(model, e, {5, 9, 2, 2, 0});
  for (std::ptrdiff_t t = 0; t < 9; ++t)
    CHECK(same(less.features_at(t), part(all.features_at(t), 0, 2 * all.F)));
  // The same again; another seed, another episode's streams: another future.
  CHECK(open_loop(model, e, {5, 0, 4, 2, 0}).features == all.features);
  CHECK(open_loop(model, e, {5, 0, 4, 3, 0}).features != all.features);
  CHECK(open_loop(model, e, {5, 0, 4, 2, 1}).features != all.features);
}

TEST_CASE("samples differ once the eyes are closed and those of an RNN never do") {
  for (const std::string& name : latent_model_names()) {
    const WorldModel model(model_config(name), 3);
    const Episode e = random_episode(7, model.config());
    const OpenLoop loop = open_loop(model, e, {4, 0, 3, 1, 0});
    for (std::ptrdiff_t t = 0; t < 7; ++t)
      for (std::ptrdiff_t j = 1; j < 3; ++j) {
        INFO(name, " row ", t, " sample ", j);
        CHECK(same(part(loop.features_at(t), 0, loop.F),
                   part(loop.features_at(t), j * loop.F, loop.F)) == (t < 4 || name == "rnn"));
      }
  }
}

TEST_CASE("frames after the context have no influence") {
  const WorldModel model(model_config(), 3);
  const Episode e = random_episode(8, model.config());
  Episode other = e;
  for (std::size_t i = 4 * e.frame_bytes(); i < e.image.size(); ++i) other.image[i] ^= 0xFF;
  for (std::size_t t = 4; t < 8; ++t) other.reward[t] += 1;
  CHECK(open_loop(model, e, {4, 0, 2, 1, 0}).features ==
        open_loop(model, other, {4, 0, 2, 1, 0}).features);
  other = e;
  other.image[3 * e.frame_bytes()] ^= 0xFF;  // the last one that is
  CHECK(open_loop(model, e, {4, 0, 2, 1, 0}).features !=
        open_loop(model, other, {4, 0, 2, 1, 0}).features);
  other = e;
  other.action[6] += 0.5f;  // led to row 6
  const OpenLoop a = open_loop(model, e, {4, 0, 1, 1, 0});
  const OpenLoop b = open_loop(model, other, {4, 0, 1, 1, 0});
  for (std::ptrdiff_t t = 0; t < 8; ++t) CHECK(same(a.features_at(t), b.features_at(t)) == (t < 6));
}

TEST_CASE("a decoded picture does not depend on the others in its chunk") {
  const WorldModel model(model_config(), 3);
  const Episode e = random_episode(5, model.config());
  const OpenLoop loop = open_loop(model, e, {2, 0, 70, 1, 0});
  const std::vector<float> together = decode(model, loop.features_at(4));
  const std::ptrdiff_t pixels = 16 * 16 * 3;
  for (const std::ptrdiff_t j : {0, 1, 63, 64, 69}) {
    const std::vector<float> alone = decode(model, part(loop.features_at(4), j * loop.F, loop.F));
    CHECK(same(alone, part(together, j * pixels, pixels)));
  }
}

TEST_CASE("the error of pictures and rewards by hand") {
  ModelConfig c = model_config();
  const WorldModel model(c, 3);
  Episode e = random_episode(4, c);
  std::fill(e.image.begin(), e.image.end(), std::uint8_t{0});
  const std::size_t n = e.frame_bytes();
  e.image[3 * n] = 255;      // one channel of one pixel in the last row
  e.image[1 * n + 1] = 255;  // and another in the last one that is seen
  // Five bits: byte 0 is bin 0, whose middle is 1/64 - 1/2; byte 255 is bin 31, at 63/64 - 1/2.
  const std::vector<float> target = target_pixels(e, 3, 5);
  CHECK(target[0] == 63.0f / 64 - 0.5f);
  CHECK(target[1] == 1.0f / 64 - 0.5f);
  // Rows 0 and 1 are seen: the picture that stays is wrong by 62/64 in one number, then in two.
  const OpenLoop loop = open_loop(model, e, {2, 0, 3, 1, 0});
  const OpenLoopError error = open_loop_error(model, e, loop);
  const double wrong = (62.0 / 64) * (62.0 / 64);
  CHECK(error.still == std::vector<double>{0, 0, wrong / 2, wrong});
  // The rest from the samples one by one.
  std::vector<double> sums(3);
  std::vector<std::vector<double>> one(3, std::vector<double>(4));
  for (std::size_t j = 0; j < 3; ++j)
    for (std::ptrdiff_t t = 0; t < 4; ++t) {
      const std::vector<float> x =
          decode(model, part(loop.features_at(t), static_cast<std::ptrdiff_t>(j) * loop.F, loop.F));
      const std::vector<float> y = target_pixels(e, t, 5);
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i)
        sum += 0.5 * (double{x[i]} - double{y[i]}) * (double{x[i]} - double{y[i]});
      one[j][static_cast<std::size_t>(t)] = sum;
      if (t >= 2) sums[j] += sum;
    }
  const auto best = static_cast<std::size_t>(std::ranges::min_element(sums) - sums.begin());
  CHECK(error.best == static_cast<std::ptrdiff_t>(best));
  for (std::size_t t = 0; t < 4; ++t) {
    CHECK(error.image[t] ==
          doctest::Approx((one[0][t] + one[1][t] + one[2][t]) / 3).epsilon(1e-12));
    CHECK(error.image_best[t] == doctest::Approx(one[best][t]).epsilon(1e-12));
    double reward = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const double d =
          double{e.reward[t]} - double{loop.reward_at(static_cast<std::ptrdiff_t>(t))[j]};
      reward += 0.5 * d * d / 3;
    }
    CHECK(error.reward[t] == doctest::Approx(t == 0 ? 0 : reward).epsilon(1e-12));
  }
  const std::vector<float> x{1, 2, 3}, y{1, 0, 4};
  CHECK(half_squared_distance(x, y) == 2.5);
}

TEST_CASE("open loop says what is wrong with what is asked for") {
  const WorldModel model(model_config(), 3);
  const Episode e = random_episode(6, model.config());
  const auto error = [&](const OpenLoopOptions& o) {
    return error_of([&] { (void)open_loop(model, e, o); });
  };
  CHECK(error({0, 0, 1, 1, 0}) ==
        "the context is 0 rows; it must lie between 1 and the rows in all, 6");
  CHECK(error({6, 5, 1, 1, 0}) ==
        "the context is 6 rows; it must lie between 1 and the rows in all, 5");
  CHECK(error({2, 7, 1, 1, 0}) == "an open loop of 7 rows is asked for; the episode has 6");
  CHECK(error({2, 0, 0, 1, 0}) == "0 samples are asked for; there must be at least 1");
  const Episode wide = random_episode(6, model_preset("tiny", 32));
  CHECK(error_of([&] {
          (void)open_loop(model, wide, {});
        }).find("pictures of 32 pixels and 1 numbers in an action; the model has 16 and 1") !=
        std::string::npos);
  CHECK(error_of([&] { (void)decode(model, std::vector<float>(15)); }).find("14 N") !=
        std::string::npos);
}
