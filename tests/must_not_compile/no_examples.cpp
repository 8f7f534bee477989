// An op without examples.
#include "tests/must_not_compile/op.hpp"

namespace planet {
struct NoExamples {
  static constexpr std::string_view name = "no_examples";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr& a) { return Whole::shape(in, a); }
  template <class T>
  static void forward(const Call<T>& c) {
    Whole::forward(c);
  }
  template <class T>
  static void backward(const Call<T>& c) {
    Whole::backward(c);
  }
};
void no_examples() { record_it<NoExamples, std::tuple<NoExamples>>(); }
}  // namespace planet
