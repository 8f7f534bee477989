#include "autograd/base/text.hpp"

#include <algorithm>
#include <vector>

namespace planet {

namespace {

// The distances from `a` to every prefix of `b`: entry j is that to its first j letters. Optimal
// string alignment: Levenshtein's recurrence plus one row further back for swaps.
std::vector<int> distances(std::string_view a, std::string_view b) {
  const std::size_t n = b.size();
  std::vector<int> before(n + 1), last(n + 1), row(n + 1);
  for (std::size_t j = 0; j <= n; ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= n; ++j) {
      const int replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last;
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) { return distances(a, b).back(); }

std::string nearest(std::string_view word, std::span<const std::string> choices) {
  std::string best;
  const int letters = static_cast<int>(word.size());
  int best_distance = letters <= 3 ? 2 : letters / 3 + 2;
  for (const std::string& choice : choices) {
    const std::vector<int> edits = distances(word, choice);
    const int beginning = *std::min_element(edits.begin(), edits.end());
    const bool begins = letters >= 3 && beginning <= letters / 5;
    int distance = begins ? std::min(1 + beginning, edits.back()) : edits.back();
    if (const std::size_t slash = choice.rfind('/'); slash != std::string::npos)
      distance = std::min(distance, 1 + edit_distance(word, choice.substr(slash + 1)));
    if (distance < best_distance) {
      best = choice;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> choices) {
  const std::string guess = nearest(word, choices);
  return guess.empty() ? "" : " (did you mean '" + guess + "'?)";
}

std::string join(std::span<const std::string> words, std::string_view separator) {
  std::string all;
  for (const std::string& word : words) {
    if (!all.empty()) all += separator;
    all += word;
  }
  return all;
}

}  // namespace planet
