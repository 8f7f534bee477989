// One page with a picture of every task.
#pragma once

#include "envs/raster.hpp"

namespace planet {

/// One row per task: an episode of uniformly random actions at 64 pixels, and its first picture at
/// 32 and 16. Always the same bytes (see envs/gallery.png).
Image env_gallery();

}  // namespace planet
