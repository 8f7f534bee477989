// The activations that a layer can fuse with its matrix product. The derivative of each can be
// written in terms of its result y, so a layer saves nothing but y.
#pragma once

#include <string_view>

namespace planet {

enum class Activation {
  none,      // y = x                        y' = 1
  relu,      // y = max(x, 0)                y' = [y > 0]
  elu,       // y = x > 0 ? x : e^x - 1      y' = x > 0 ? 1 : y + 1
  tanh,      // y = tanh x                   y' = 1 - y^2
  sigmoid,   // y = 1 / (1 + e^-x)           y' = y (1 - y)
  softplus,  // y = ln(1 + e^x)              y' = 1 - e^-y
};

constexpr std::string_view name(Activation a) {
  constexpr std::string_view names[] = {"none", "relu", "elu", "tanh", "sigmoid", "softplus"};
  return names[static_cast<int>(a)];
}

}  // namespace planet
