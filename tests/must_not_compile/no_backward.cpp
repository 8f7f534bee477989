// An op that can only be computed forward.
#include "tests/must_not_compile/op.hpp"

namespace planet {
struct NoBackward {
  static constexpr std::string_view name = "no_backward";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr& a) { return Whole::shape(in, a); }
  template <class T>
  static void forward(const Call<T>& c) {
    Whole::forward(c);
  }
  static constexpr auto examples = Whole::examples;
};
void no_backward() { record_it<NoBackward, std::tuple<NoBackward>>(); }
}  // namespace planet
