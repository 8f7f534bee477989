#include "apps/play/gallery.hpp"

#include <algorithm>

#include "apps/common/files/sheet.hpp"
#include "autograd/base/error.hpp"
#include "envs/registry.hpp"

namespace planet {

Image env_gallery() {
  const std::vector<int> decisions{0, 2, 5, 10, 20};
  constexpr int side = 128;
  std::vector<SheetRow> rows;
  for (const EnvSpec& spec : list_envs()) {
    SheetRow row{spec.name, {}};
    const auto at_size = [&](int n) {
      EnvOptions options;
      options.image_size = n;
      return make_env(spec.name, options);
    };
    const auto show = [&](const Env& env) {
      const int n = env.image_size();
      row.images.push_back(enlarge(Image(n, n, env.render()), side / n));
    };
    const std::unique_ptr<Env> env = at_size(64);
    Rng rng(1, Stream::random_action);
    std::vector<double> action(static_cast<std::size_t>(spec.action_size));
    env->reset(1);
    for (int t = 0; t <= decisions.back(); ++t) {
      if (std::find(decisions.begin(), decisions.end(), t) != decisions.end()) show(*env);
      for (double& a : action) a = rng.uniform(-1, 1);
      env->step(action);
    }
    for (const int n : {32, 16}) {
      const std::unique_ptr<Env> small = at_size(n);
      small->reset(1);
      show(*small);
    }
    rows.push_back(std::move(row));
  }
  SheetOptions options{.scale = 1, .gap = 4, .title = "", .columns = {}};
  for (const int t : decisions) options.columns.push_back(cat("decision ", t));
  options.columns.insert(options.columns.end(), {"32 x 32", "16 x 16"});
  return contact_sheet(rows, options);
}

}  // namespace planet
