// An op whose array of examples is empty.
#include "tests/must_not_compile/op.hpp"

namespace planet {
struct EmptyExamples : Whole {
  static constexpr std::array<Example<>, 0> examples{};
};
void empty_examples() { record_it<EmptyExamples, std::tuple<EmptyExamples>>(); }
}  // namespace planet
