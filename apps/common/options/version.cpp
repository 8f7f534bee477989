#include "apps/common/options/version.hpp"

namespace planet {

std::string version_text() {
#if defined(__clang__)
  const std::string compiler = "clang++ " __clang_version__;
#else
  const std::string compiler = "g++ " __VERSION__;
#endif
  return "planet " PLANET_VERSION " (" + compiler + PLANET_BUILD ")";
}

}  // namespace planet
