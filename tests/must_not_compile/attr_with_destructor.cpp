// An op whose Attr owns memory: nobody would ever free it.
#include "tests/must_not_compile/op.hpp"

namespace planet {
struct OwningAttr {
  struct Attr {
    std::string text;
  };
  static constexpr std::string_view name = "owning_attr";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const Attr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T, Attr>&) {}
  template <class T>
  static void backward(const Call<T, Attr>&) {}
  static inline const std::array examples = {Example<Attr>{"a matrix", {{{2, 3}}}, {""}}};
};
void attr_with_destructor() { record_it<OwningAttr, std::tuple<OwningAttr>>(); }
}  // namespace planet
