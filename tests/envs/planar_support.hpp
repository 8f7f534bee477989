// What the tests of planar mechanics share: bodies to test with, random states, derivatives.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/base/philox.hpp"
#include "envs/planar/newton.hpp"
#include "envs/planar/simulation.hpp"

namespace planet::test {

/// q and v as the solver holds them.
struct PlanarState {
  planar::Vector q{}, v{};
};

inline PlanarState random_planar_state(const planar::Model& model, Rng& rng) {
  PlanarState s;
  for (int j = 0; j < model.dofs; ++j) {
    s.q[j] = rng.uniform(-1.5, 1.5);
    s.v[j] = rng.uniform(-4, 4);
  }
  return s;
}

/// The state a little later, for derivatives along a motion: q + e v, v + e a.
inline PlanarState moved(const planar::Model& model, const PlanarState& s, const planar::Vector& a,
                         double e) {
  PlanarState out;
  for (int j = 0; j < model.dofs; ++j) {
    out.q[j] = s.q[j] + e * s.v[j];
    out.v[j] = s.v[j] + e * a[j];
  }
  return out;
}

inline planar::Kinematics kinematics_of(const planar::Model& model, const PlanarState& s) {
  planar::Kinematics kin;
  kin.update(model, s.q, s.v);
  return kin;
}

/// a0 = M^-1 (applied - c), without constraints.
inline void free_acceleration(const planar::Model& model, const PlanarState& s,
                              std::span<const double> control, planar::Vector& a) {
  planar::Matrix M;
  planar::Vector c;
  planar::mass_and_bias(model, kinematics_of(model, s), M, c);
  planar::applied_force(model, s.q, s.v, control, a);
  for (int j = 0; j < model.dofs; ++j) a[j] -= c[j];
  planar::factor(M, model.dofs);
  planar::solve(M, model.dofs, a);
}

inline std::vector<double> state_vector(const planar::Simulation& sim) {
  const int n = sim.model().dofs;
  std::vector<double> out(sim.q(), sim.q() + n);
  out.insert(out.end(), sim.v(), sim.v() + n);
  return out;
}

/// A ball of radius 0.1 on two slides, in [m] above z = 0.
inline planar::Table ball_table(double friction = 1) {
  planar::Table table;
  table.timestep = 0.001;
  table.ground = planar::Ground{.friction = friction};
  table.bodies = {{.name = "ball",
                   .joints = {{.name = "x", .axis = planar::Axis::slide_x},
                              {.name = "z", .axis = planar::Axis::slide_z}},
                   .geoms = {{.shape = planar::Shape::ball, .radius = 0.1, .friction = friction}}}};
  table.motors = {{"x", 50}, {"z", 50}};
  return table;
}

}  // namespace planet::test
