// Saving and loading a model and its optimiser: bit for bit, and all or nothing.
#include "nn/files/checkpoint.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "nn/init.hpp"
#include "nn/layers.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

namespace {

template <class T>
struct Model {
  ParamStore store{precision_of<T>()};
  explicit Model(std::uint64_t seed) {
    Rng rng(seed, Stream::init);
    Linear(store, rng, "first", 5, 4);
    GruCell(store, rng, "gru", 4, 3);
    Conv2d(store, rng, "conv", 3, 2, 4, 2);
  }
  std::vector<T> values() const { return {store.values<T>(), store.values<T>() + store.size()}; }
};

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T>
void train(Model<T>& model, Adam& adam, Rng& rng, int steps) {
  for (int t = 0; t < steps; ++t) {
    for (std::ptrdiff_t i = 0; i < model.store.size(); ++i)
      model.store.template grads<T>()[i] = static_cast<T>(rng.normal());
    adam.step(clip_by_global_norm(model.store, 1.0));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("parameters come back bit for bit", T, float, double) {
  const test::ScratchFolder folder;
  Model<T> model(1), other(2);
  model.store.template values<T>()[0] = std::numeric_limits<T>::denorm_min();
  model.store.template values<T>()[1] = T(-0.0);
  save_params(folder / "m", model.store, {{"env", "pendulum"}});
  CHECK_FALSE(same_bits(model.values(), other.values()));
  CHECK(load_params(folder / "m", other.store) == Metadata{{"env", "pendulum"}});
  CHECK(same_bits(model.values(), other.values()));
  save_params(folder / "again", other.store, {{"env", "pendulum"}});
  CHECK(test::read_bytes(folder / "m") == test::read_bytes(folder / "again"));
}

TEST_CASE_TEMPLATE("training goes on bit for bit after saving and loading", T, float, double) {
  const test::ScratchFolder folder;
  Model<T> straight(1), resumed(7);
  Adam adam(straight.store);
  Rng rng(1, Stream::test);
  train(straight, adam, rng, 5);
  save_params(folder / "m", straight.store);
  save_optimizer(folder / "o", adam, {{"note", "x"}});
  const std::uint64_t position = rng.position();
  train(straight, adam, rng, 5);

  Adam second(resumed.store);
  load_params(folder / "m", resumed.store);
  const Metadata metadata = load_optimizer(folder / "o", second);
  CHECK(metadata == Metadata{{"adam_steps", "5"}, {"note", "x"}});
  CHECK(second.steps() == 5);
  rng.seek(position);
  train(resumed, second, rng, 5);
  CHECK(same_bits(straight.values(), resumed.values()));
}

TEST_CASE("a float checkpoint loads into a double model exactly and not the other way round") {
  const test::ScratchFolder folder;
  Model<float> f(1);
  Model<double> d(2);
  save_params(folder / "f", f.store);
  load_params(folder / "f", d.store);
  for (std::ptrdiff_t i = 0; i < f.store.size(); ++i)
    CHECK(d.store.values<double>()[i] == static_cast<double>(f.store.values<float>()[i]));
  save_params(folder / "d", d.store);
  const auto before = f.values();
  CHECK(contains(error_of([&] { load_params(folder / "d", f.store); }),
                 "first/weight is F64 [5,4] in the file and F32 [5,4] in the model"));
  CHECK(same_bits(before, f.values()));
}

TEST_CASE("missing unexpected and misshapen tensors are listed all at once") {
  const test::ScratchFolder folder;
  ParamStore saved(Precision::f32), wanted(Precision::f32);
  for (const char* name : {"a", "b", "old/1", "old/2"}) saved.add(name, {2, 3});
  saved.add("steps", {1});
  for (const char* name : {"new/1", "a", "new/2"}) wanted.add(name, {2, 3});
  wanted.add("b", {3, 2});  // as many elements, another shape
  wanted.add("steps", {1, 1});
  for (std::ptrdiff_t i = 0; i < wanted.size(); ++i) wanted.values<float>()[i] = 9;
  save_params(folder / "x", saved);
  CHECK(error_of([&] { load_params(folder / "x", wanted); }) ==
        (folder / "x").string() +
            " does not fit this model, and nothing was loaded: "
            "missing (2): new/1, new/2; unexpected (2): old/1, old/2; "
            "different (2): b is F32 [2,3] in the file and F32 [3,2] in the model, "
            "steps is F32 [1] in the file and F32 [1,1] in the model");
  for (std::ptrdiff_t i = 0; i < wanted.size(); ++i) CHECK(wanted.values<float>()[i] == 9);
}

TEST_CASE("a number that is not finite is neither saved nor loaded") {
  const test::ScratchFolder folder;
  Model<float> model(1), other(2);
  const auto before = other.values();
  const float good = model.store.values<float>()[model.store.size() - 1];
  float& last = model.store.values<float>()[model.store.size() - 1];
  last = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(error_of([&] { save_params(folder / "x", model.store); }),
                 "tensor conv/bias: element 1 is nan"));
  CHECK(folder.files() == 0);

  // A file with one in its last tensor, made by hand: nothing before it is loaded either.
  last = good;
  save_params(folder / "x", model.store);
  std::string bytes = test::read_bytes(folder / "x");
  const float bad = std::numeric_limits<float>::infinity();
  std::memcpy(bytes.data() + bytes.size() - sizeof bad, &bad, sizeof bad);
  test::write_bytes(folder / "x", bytes);
  CHECK(contains(error_of([&] { load_params(folder / "x", other.store); }),
                 "tensor conv/bias: element 1 is not finite; nothing was loaded"));
  CHECK(same_bits(before, other.values()));

  Adam adam(model.store);
  model.store.second_moments<float>()[3] = bad;
  CHECK(contains(error_of([&] { save_optimizer(folder / "o", adam); }), "tensor v/first/weight"));
}

TEST_CASE("an optimizer file is checked like a model's") {
  const test::ScratchFolder folder;
  Model<float> model(1);
  Adam adam(model.store);
  adam.set_steps(3);
  save_params(folder / "m", model.store);
  CHECK(contains(error_of([&] { load_optimizer(folder / "m", adam); }),
                 "its metadata has no 'adam_steps'; this is not an optimizer's file"));
  save_optimizer(folder / "o", adam);
  CHECK(contains(error_of([&] { load_params(folder / "o", model.store); }),
                 "does not fit this model"));
  for (const char* steps : {"-1", "", "3x", "1e3", "99999999999999999999"}) {
    save_params(folder / "m", model.store, {{"adam_steps", steps}});
    CHECK(contains(error_of([&] { load_optimizer(folder / "m", adam); }), "not a number of steps"));
  }
  save_params(folder / "m", model.store, {{"adam_steps", "8"}});
  CHECK(contains(error_of([&] { load_optimizer(folder / "m", adam); }), "m/first/weight"));
  CHECK(adam.steps() == 3);
}
