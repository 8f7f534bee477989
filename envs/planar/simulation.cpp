#include "envs/planar/simulation.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "envs/planar/newton.hpp"

namespace planet::planar {

Simulation::Simulation(const Model& model) : model_(&model) {
  for (int j = 0; j < model.dofs; ++j) q_[j] = model.dof[j].ref;
  kin_.update(model, q_, v_);
}

void Simulation::set_state(std::span<const double> state) {
  const int n = model_->dofs;
  require(state.size() == static_cast<std::size_t>(2 * n), "a planar state of ", n, " joints has ",
          2 * n, " numbers, not ", state.size());
  std::copy_n(state.begin(), n, q_);
  std::copy_n(state.begin() + n, n, v_);
  kin_.update(*model_, q_, v_);
}

bool Simulation::touching() const {
  Contacts contacts;
  find_contacts(*model_, kin_, contacts);
  return contacts.count > 0;
}

void Simulation::step(std::span<const double> control) {
  require(control.size() == static_cast<std::size_t>(model_->motors), "the model has ",
          model_->motors, " motors, it was given ", control.size(), " controls");
  const int n = model_->dofs;
  const double h = model_->timestep;
  Matrix M, F;
  Vector c, f;
  mass_and_bias(*model_, kin_, M, c);
  applied_force(*model_, q_, v_, control, f);
  for (int j = 0; j < n; ++j) f[j] -= c[j];

  Contacts contacts;
  Constraints constraints;
  find_contacts(*model_, kin_, contacts);
  find_constraints(*model_, kin_, contacts, q_, v_, constraints);
  if (constraints.count > 0) {
    Vector a0, a, push;
    for (int i = 0; i < n; ++i) std::copy_n(M[i], i + 1, F[i]);
    factor(F, n);
    std::copy_n(f, n, a0);
    solve(F, n, a0);
    constrained_acceleration(M, n, a0, constraints, a, push);
    for (int j = 0; j < n; ++j) f[j] += push[j];
  }

  for (int j = 0; j < n; ++j) M[j][j] += h * model_->dof[j].damping;
  factor(M, n);
  solve(M, n, f);
  for (int j = 0; j < n; ++j) {
    v_[j] += h * f[j];
    q_[j] += h * v_[j];
  }
  kin_.update(*model_, q_, v_);
}

}  // namespace planet::planar
