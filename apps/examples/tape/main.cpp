// The tape as a picture: prints a linear layer, or one step of the RSSM, in the language of Graphviz.
//
//   tape linear | dot -Tsvg > linear.svg          tape step | dot -Tsvg > step.svg
#include <cstdio>
#include <iostream>
#include <string>

#include "autograd/dot.hpp"
#include "autograd/ops.hpp"
#include "nn/layers.hpp"
#include "rssm/rssm.hpp"

using namespace planet;

int main(int argc, char** argv) {
  const std::string what = argc == 2 ? argv[1] : "";
  ParamStore params(Precision::f32);
  Rng rng(1, Stream::init);
  Tape tape(Precision::f32);
  if (what == "linear") {
    const Linear layer(params, rng, "layer", 3, 2, Activation::relu);
    const Var x = tape.zeros({4, 3}), target = tape.zeros({4, 2});
    write_dot(std::cout, mean(square(layer(x) - target)));
  } else if (what == "step") {
    const ModelConfig config = model_preset("paper");
    const Rssm rssm(params, rng, config);
    const std::ptrdiff_t B = 50;
    const Var a = tape.zeros({B, config.action_size}), e = tape.zeros({B, config.embed_size}),
              noise = tape.zeros({B, config.stoch_size});
    const PosteriorStep step = rssm.observe(rssm.initial(tape, B), a, e, noise);
    write_dot(std::cout, mean(gaussian_kl(step.q, rssm.prior(step.state.h))));
  } else {
    std::fprintf(stderr, "usage: tape linear | tape step\n");
    return 2;
  }
}
