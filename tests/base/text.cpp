// The nearest right word: distances, the threshold for a suggestion, and ties.
#include "autograd/base/text.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace planet;

TEST_CASE("edit_distance counts insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("abc", "abxc") == 1);
  CHECK(edit_distance("abxc", "abc") == 1);
  CHECK(edit_distance("abc", "axc") == 1);
  CHECK(edit_distance("abcd", "acbd") == 1);  // neighbours exchanged: one slip, not two
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3);  // no edit inside a swap: optimal string alignment
}

TEST_CASE("edit_distance is symmetric and 0 only for equal words") {
  const std::vector<std::string> words = {"", "a", "ab", "ba", "cartpole", "cratpole", "pendulum"};
  for (const auto& a : words) {
    for (const auto& b : words) {
      CHECK(edit_distance(a, b) == edit_distance(b, a));
      CHECK((edit_distance(a, b) == 0) == (a == b));
    }
  }
}

TEST_CASE("nearest finds the intended word") {
  const std::vector<std::string> envs = {"pendulum_swingup", "cartpole_swingup", "counting",
                                         "terminating"};
  CHECK(nearest("pendulum_swingup", envs) == "pendulum_swingup");
  CHECK(nearest("pendulum_swignup", envs) == "pendulum_swingup");
  CHECK(nearest("pendulum", envs) == "pendulum_swingup");  // its beginning
  CHECK(nearest("pendulm", envs) == "pendulum_swingup");   // with a slip
  CHECK(nearest("cartpole-swing-up", envs) == "cartpole_swingup");
  CHECK(nearest("conting", envs) == "counting");
  const std::vector<std::string> metrics = {"counter/updates", "train/return", "loss/kl"};
  CHECK(nearest("updates", metrics) == "counter/updates");
  CHECK(nearest("upates", metrics) == "counter/updates");
  CHECK(nearest("kl", metrics) == "loss/kl");
}

TEST_CASE("nearest is silent when no word is near") {
  const std::vector<std::string> envs = {"pendulum_swingup", "cartpole_swingup"};
  CHECK(nearest("walker", envs).empty());
  CHECK(nearest("zzzzzzzzzzzzzzzz", envs).empty());
  CHECK(nearest("", envs).empty());
  CHECK(nearest("anything", {}).empty());
  CHECK(nearest("eps", std::vector<std::string>{"op", "csv", "help"}).empty());
}

TEST_CASE("nearest prefers fewer edits, and the earlier of two equals") {
  const std::vector<std::string> words = {"beta1", "beta2", "beta"};
  CHECK(nearest("beta3", words) == "beta1");
  CHECK(nearest("betta", words) == "beta");
  CHECK(nearest("beta2", words) == "beta2");
}

TEST_CASE("did_you_mean returns text to append to a message") {
  const std::vector<std::string> words = {"relu", "elu", "tanh"};
  CHECK(did_you_mean("than", words) == " (did you mean 'tanh'?)");
  CHECK(did_you_mean("gaussian", words).empty());
}

TEST_CASE("join puts separators between words only") {
  const std::vector<std::string> words = {"a", "b", "c"};
  CHECK(join(words) == "a, b, c");
  CHECK(join(words, "|") == "a|b|c");
  CHECK(join(std::vector<std::string>{"a"}) == "a");
  CHECK(join({}).empty());
}
