#include "envs/numbers.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {

std::string state_text(std::span<const double> state) {
  std::vector<std::string> words;
  for (const double value : state) words.push_back(number_text(value));
  return join(words, ",");
}

std::vector<double> parse_state(std::string_view text, std::span<const std::string> names) {
  std::vector<double> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const std::optional<double> value = parse_number(word);
    const std::string entry = out.size() < names.size() ? names[out.size()] : "one more entry";
    require(value && std::isfinite(*value), "the state's ", entry, " is '", word,
            "', which is not a finite number");
    out.push_back(*value);
    begin = end + 1;
  }
  require(out.size() == names.size(), "a state has ", names.size(), " entries (", join(names),
          "), this one has ", out.size());
  return out;
}

}  // namespace planet
