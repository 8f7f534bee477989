// Simulation: a planar world, advanced one physics step at a time.
#pragma once

#include <span>

#include "envs/planar/dynamics.hpp"

namespace planet::planar {

class Simulation {
 public:
  /// Keeps a reference: the model must outlive it. Starts at rest in the table's pose.
  explicit Simulation(const Model& model);

  /// `state` is q and then v, 2 dofs numbers (Error: another count).
  void set_state(std::span<const double> state);
  /// One step of h seconds under held controls [motors], each clipped to [-1, 1]:
  ///   (M + h diag(b)) a = -b v + ..., v += h a, q += h v
  /// with everything but the damping evaluated at the old state. Allocates no memory. Error: a
  /// wrong number of controls.
  void step(std::span<const double> control);
  /// Whether any two bodies, or a body and the ground, overlap now.
  bool touching() const;

  const Model& model() const { return *model_; }
  const Kinematics& kinematics() const { return kin_; }
  const Vector& q() const { return q_; }
  const Vector& v() const { return v_; }
  /// A point of a body, in the world.
  Vec point(int link, Vec local) const { return kin_.frame[link].point(local); }

 private:
  const Model* model_;
  Vector q_{}, v_{};
  Kinematics kin_;  // always of q_, v_
};

}  // namespace planet::planar
