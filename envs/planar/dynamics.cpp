#include "envs/planar/dynamics.hpp"

#include <algorithm>

namespace planet::planar {

void mass_and_bias(const Model& model, const Kinematics& kin, Matrix& M, Vector& c) {
  for (int i = 0; i < model.dofs; ++i) {
    for (int j = 0; j < i; ++j) M[i][j] = 0;
    M[i][i] = model.dof[i].armature;
    c[i] = 0;
  }
  for (int b = 0; b < model.links; ++b) {
    const Model::Link& link = model.link[b];
    const Vec a = kin.com_bias[b] + Vec{0, model.gravity};
    Vector jx, jz, jw;
    for (int k = 0; k < link.chain_size; ++k) {
      const int j = link.chain[k];
      const Vec column = kin.column(model, j, kin.com[b]);
      jx[k] = column.x;
      jz[k] = column.z;
      jw[k] = model.dof[j].slide ? 0 : model.dof[j].sign;
      c[j] += link.mass * dot(column, a);
      for (int l = 0; l <= k; ++l)  // the chain is sorted: this is the lower triangle
        M[j][link.chain[l]] +=
            link.mass * (jx[k] * jx[l] + jz[k] * jz[l]) + link.moment * jw[k] * jw[l];
    }
  }
}

void applied_force(const Model& model, const Vector& q, const Vector& v,
                   std::span<const double> control, Vector& f) {
  for (int j = 0; j < model.dofs; ++j) {
    const Model::Dof& dof = model.dof[j];
    f[j] = -dof.stiffness * q[j] - dof.damping * v[j];
    if (dof.motor >= 0)
      f[j] += dof.gear * std::clamp(control[static_cast<std::size_t>(dof.motor)], -1.0, 1.0);
  }
}

double kinetic_energy(const Model& model, const Kinematics& kin, const Vector& v) {
  double sum = 0;
  for (int b = 0; b < model.links; ++b)
    sum += model.link[b].mass * dot(kin.com_velocity[b], kin.com_velocity[b]) +
           model.link[b].moment * kin.frame[b].rate * kin.frame[b].rate;
  for (int j = 0; j < model.dofs; ++j) sum += model.dof[j].armature * v[j] * v[j];
  return 0.5 * sum;
}

double potential_energy(const Model& model, const Kinematics& kin, const Vector& q) {
  double sum = 0;
  for (int b = 0; b < model.links; ++b) sum += model.link[b].mass * model.gravity * kin.com[b].z;
  for (int j = 0; j < model.dofs; ++j) sum += 0.5 * model.dof[j].stiffness * q[j] * q[j];
  return sum;
}

Vec com_velocity(const Model& model, const Kinematics& kin) {
  Vec momentum;
  for (int b = 0; b < model.links; ++b)
    momentum = momentum + model.link[b].mass * kin.com_velocity[b];
  return (1 / model.total_mass) * momentum;
}

}  // namespace planet::planar
