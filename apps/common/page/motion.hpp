// Pictures in motion for a page: at their own size, because the page enlarges them, and as few as its
// size allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "apps/common/foresight/open_loop_pictures.hpp"

namespace planet {

/// `rows` pictures as an animation of at most 700 KB: where that would be more, or they are more than 150,
/// only every second, fourth ... is shown, as much longer.
std::vector<std::uint8_t> motion(std::ptrdiff_t rows, double seconds,
                                 const std::function<Image(std::ptrdiff_t)>& picture);

/// Row t of the strips side by side, over a bar that shows how much of the episode is over: green while
/// the model sees, red once its eyes are closed.
Image strips_row(std::span<const Strip> strips, std::ptrdiff_t t, std::ptrdiff_t context);

}  // namespace planet
